"""The report as a file: safe whatever builds say, small, and with everything in it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.browser.sample import NOW, build, executions, quarter, report
from verifier.facts.build import Image
from verifier.facts.source import Commit, Upload
from verifier.facts.submitter import Submitter
from verifier.history.html_data import CLAIMED, CLAIMS, PLACE, SHA, SHORT_SHA, escaped_json
from verifier.history.judged_build import JudgedBuild

HOSTILE = "</script><script>alert(1)</script><!--\u2028\u2029\ud800&amp;'\"\x00\x1b[2J\u202e\ue000"


class Parsed(HTMLParser):
    """The elements of a page, their attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.raw:
            self.raw[tag].append("")

    def handle_data(self, data: str) -> None:
        tag = self.elements[-1][0] if self.elements else ""
        if tag in self.raw and self.cdata_elem == tag:
            self.raw[tag][-1] += data


def data_of(page: str) -> dict[str, Any]:
    """Return the embedded data."""
    document: dict[str, Any] = json.loads(Parsed(page).raw["script"][0])
    return document


def expanded(data: dict[str, Any], row: dict[str, Any], index: int) -> str:
    """Return a text as the page shows it in this row."""
    kind, *cells = row["source"]
    sha = cells[0] if kind == "commit" else ""
    place = f"gs://{data['texts'][cells[0]]}/{cells[1]}" if kind == "upload" else ""
    own = {SHA: sha, SHORT_SHA: sha[:7], PLACE: place, CLAIMS: ", ".join(row["claims"])}
    own[CLAIMED] = row["claims"][0].partition("=")[2] if row["claims"] else ""
    return re.sub(f"[{SHA}-{CLAIMED}]", lambda sign: str(own[sign[0]]), data["texts"][index])


def rows_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def hostile() -> JudgedBuild:
    """Return a build that tries to break out wherever it has a word."""
    judged = build(1, NOW, "content-worker", "upload")
    source = Upload(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    findings = tuple(replace(finding, seen=HOSTILE) for finding in judged.judgement.findings)
    return replace(
        judged,
        key=replace(judged.key, id=HOSTILE, project=HOSTILE),
        status=HOSTILE,
        source=source,
        judgement=replace(judged.judgement, findings=findings),
        trigger_id=HOSTILE,
        trigger_name=HOSTILE,
        images=(Image(HOSTILE, HOSTILE),),
        unbacked=(HOSTILE, f"{HOSTILE}={HOSTILE}"),
        submitter=Submitter(HOSTILE, HOSTILE),
    )


def test_hostile_words_stay_words() -> None:
    harmless = Parsed(report([build(1, NOW, "content-worker")], executions(quarter(50))))
    page = report([hostile()], executions(quarter(50)), title=HOSTILE)
    assert [tag for tag, _ in Parsed(page).elements] == [tag for tag, _ in harmless.elements]
    assert "alert(1)" not in page.replace("\\u003cscript\\u003ealert(1)", "").replace("&lt;script&gt;alert(1)", "")
    assert not re.search("[\u2028\u2029\x00\x1b\u202e]", page.partition('id="data">')[2].partition("</script>")[0])
    page.encode()


def test_nothing_of_a_row_can_stand_in_for_what_it_is_not() -> None:
    data = data_of(report([hostile()]))
    (row,) = rows_of(data)
    image, (seen, *_) = row["images"][0][0], [seen for _, _, seen, _ in data["findings"][row["findings"]]]
    for index in (image, seen):
        assert "alert(1)" in data["texts"][index]
        assert not re.search(f"[{SHA}-{CLAIMED}]", data["texts"][index])


@pytest.mark.parametrize("text", ["<", ">", "&", "\u2028", "\u2029", "\ud800", "é"])
def test_embedded_json_is_plain_and_says_the_same(text: str) -> None:
    embedded = escaped_json([text])
    assert embedded.isascii()
    assert not set("<>&") & set(embedded)
    assert json.loads(embedded) == [text]


def test_nothing_is_loaded_and_only_its_own_style_and_script_may_run() -> None:
    parsed = Parsed(report(quarter(20)))
    policy = next(a["content"] for _, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy")
    (style,), (_, script) = parsed.raw["style"], parsed.raw["script"]
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert [a["href"] for _, a in parsed.elements if "href" in a] == ["data:,"]
    assert not [a for _, a in parsed.elements if "src" in a or "style" in a]
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\b|url\((?!#)", script + style)


def test_each_build_comes_back_from_the_data_as_it_went_in() -> None:
    builds = quarter(200)
    data = data_of(report(builds))
    assert len(data["rows"]) == len(builds)
    for judged, row in zip(builds, rows_of(data), strict=True):
        texts, findings = data["texts"], data["findings"][row["findings"]]
        assert row["id"] == judged.key.id
        assert texts[row["place"]] == f"{judged.key.project}/{judged.key.location}"
        assert judged.created
        assert row["created"] == int(judged.created.timestamp())
        assert row["verdict"] == (data["verdicts"].index(judged.verdict) if judged.verdict else -1)
        assert texts[row["trigger"]] == judged.trigger_name
        assert tuple(row["claims"]) == judged.unbacked
        assert [(check, outcome, expanded(data, row, seen)) for check, outcome, seen, _ in findings] == [
            (finding.check, finding.outcome, finding.seen) for finding in judged.judgement.findings
        ]
        assert [texts[remedy] for *_, remedy in findings] == [finding.remedy for finding in judged.judgement.findings]
        assert [expanded(data, row, name) for name, *_ in row["images"]] == [image.name for image in judged.images]
        if isinstance(judged.source, Commit):
            assert row["source"][1] == judged.source.sha


def test_each_execution_is_tied_to_its_build() -> None:
    builds = quarter(200)
    runs = executions(builds)
    data = data_of(report(builds, runs))
    tied = [dict(zip(data["runColumns"], row, strict=True))["build"] for row in data["runs"]]
    assert [f"{data['texts'][place]}/{name}" for place, name in tied] == [
        f"{run.build.project}/{run.build.location}/{run.build.id}" for run in runs if run.build
    ]


def test_the_headline_says_what_production_ran() -> None:
    builds = quarter(400)
    page = report(builds, executions(builds))
    assert re.search(r"<h1>\d+ of \d+ successful builds are made of .*; production ran such code for .*</h1>", page)


def test_what_is_not_complete_says_so() -> None:
    assert "not complete" not in report(quarter(5))
    assert '<p class="banner" role="note">This report is not complete' in report(quarter(5), complete=False)


def test_an_audit_of_nothing_is_a_page_all_the_same() -> None:
    page = report([])
    assert "<h1>No successful build was found.</h1>" in page
    assert data_of(page)["rows"] == []
