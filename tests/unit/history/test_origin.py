"""Where an audit comes from, in the JSON and in the report."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

from verifier import __version__
from verifier.history.html_report import write_report
from verifier.history.judged_build import JudgedBuild
from verifier.history.origin import Origin
from verifier.history.rows import summary_document
from verifier.history.summary import Problem, SummaryBuilder

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
SCOPE = "vividly-dev, every location, 2026-08-30 00:00 to 2026-11-28 09:30 UTC"
ORIGIN = Origin(NOW, SCOPE, policy="0d" * 32)


def test_the_json_says_when_by_what_and_of_what() -> None:
    found = summary_document(SummaryBuilder().summary(NOW), [], 0, NOW, origin=ORIGIN)
    assert {name: found[name] for name in ("generated", "version", "policy", "scope")} == {
        "generated": "2026-11-28T09:30:00.000000Z",
        "version": __version__,
        "policy": "0d" * 32,
        "scope": SCOPE,
    }


def test_other_answers_have_it_as_a_field_with_what_could_not_be_read() -> None:
    problem = Problem("vividly-dev/global", "permission denied")
    assert ORIGIN.field([problem]) == {
        "origin": {
            "generated": "2026-11-28T09:30:00.000000Z",
            "version": __version__,
            "policy": "0d" * 32,
            "scope": SCOPE,
            "problems": ["vividly-dev/global: permission denied"],
        }
    }
    assert Origin(NOW, SCOPE).field()["origin"]["policy"] is None


def test_the_sentence_says_the_same() -> None:
    said = f"Made 2026-11-28 09:30 UTC by Build Verifier {__version__}, with policy 0d0d0d0d0d0d, of {SCOPE}."
    assert ORIGIN.sentence() == said
    assert "with the default policy" in Origin(NOW, SCOPE).sentence()


def test_the_report_has_it_with_its_problems_and_its_numbers_without_any_script() -> None:
    out, nobody = io.StringIO(), list[JudgedBuild]()

    def none() -> Iterator[JudgedBuild]:
        yield from nobody

    problems = [Problem(f"file-{number}", "<b>no JSON</b>") for number in range(7)]
    summary = SummaryBuilder().summary(NOW)
    write_report(out, none(), [], lambda: summary, title="x", complete=False, origin=ORIGIN, problems=problems)
    page = out.getvalue()
    assert ORIGIN.sentence() in page
    assert "Could not read file-0: &lt;b&gt;no JSON&lt;/b&gt;" in page
    assert "2 more problems are in the JSON form of this audit." in page
    assert "<caption>0 builds</caption>" in page.partition("<noscript>")[2].partition("</noscript>")[0]
