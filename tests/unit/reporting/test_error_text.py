"""What a FAILED message says of errors that are new and errors that were there before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.unit.builders import DECIDED, POLICY, logged, pushed, tried
from verifier.checks.errors_before import ErrorBefore
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Route
from verifier.checks.watch.book import ErrorState
from verifier.facts.logs import Repeated
from verifier.reporting.error_text import error_lines
from verifier.reporting.slack_message import verdict_message
from verifier.standin.dates import with_plain_dates as undated

NOVEMBER, LAST_YEAR = datetime(2026, 11, 12, 2, 0, tzinfo=UTC), datetime(2025, 12, 3, 2, 0, tzinfo=UTC)
KNOWN, NEW, FIRST = ErrorState.KNOWN, ErrorState.NEW, ErrorState.FIRST_SEEN


def failed(*before: ErrorBefore, known: str = "", names: tuple[str, ...] = ()) -> Judgement:
    """Return the judgement of a build with these errors, by the names of their identities where none are given."""
    shown = names or tuple(f"KeyError: '{one.identity}'" for one in before)
    errors = tuple(
        Repeated(name, 2, DECIDED, "0", name, one.identity, rule="severity")
        for name, one in zip(shown, before, strict=True)
    )
    return replace(tried(pushed(), logged(*errors))[2], before=before, known=known)


def known(identity: str, since: datetime = NOVEMBER, deployments: int = 0, builds: int = 1) -> ErrorBefore:
    return ErrorBefore(identity, KNOWN, since, deployments, builds)


def new(identity: str) -> ErrorBefore:
    return ErrorBefore(identity, NEW, read=1096)


def said(judgement: Judgement) -> list[str]:
    return list(error_lines(judgement))


def test_a_message_names_what_is_new_and_what_was_there_and_since_when_and_calls_for_the_new() -> None:
    build, source, _ = tried(pushed(), logged())
    calling = replace(POLICY, routes=(Route(mention="here"),))
    judgement = failed(new("chapter"), known("lesson", deployments=3), known("clip", builds=6))
    message = verdict_message(build, source, judgement, calling)
    assert undated(message.text).splitlines() == [
        "🔴 FAILED · content-worker-main · 85cffd8 main <!here>",
        "Right commit, right image; the worker's logs show errors:",
        "\"KeyError: 'chapter'\" ×2, first at 2026-11-23 02:23:40 UTC (task 0) and 2 other kinds",
        "New, in none of the 1,096 runs before: “KeyError: 'chapter'”.",
        "Known since 12 Nov (3 deployments): “KeyError: 'lesson'”; since 12 Nov (6 builds): “KeyError: 'clip'”.",
    ]


def test_where_all_were_there_before_they_are_named_and_nobody_is_called() -> None:
    build, source, _ = tried(pushed(), logged())
    calling = replace(POLICY, routes=(Route(mention="here"),))
    judgement = failed(known("lesson", deployments=1), known("clip", LAST_YEAR), known="not new: each on 1 build")
    message = verdict_message(build, source, judgement, calling)
    assert "<!here>" not in message.text
    assert message.text.splitlines()[-1] == (
        "Known since 12 Nov (1 deployment): “KeyError: 'lesson'”; since 3 Dec 2025 (1 build): “KeyError: 'clip'”. "
        "Nobody is called."
    )


def test_one_error_that_was_there_before_is_told_in_the_words_that_are_kept() -> None:
    judgement = failed(known("lesson"), known="not new: on 6 builds since 12 Nov")
    assert said(judgement) == ["Not new: on 6 builds since 12 Nov. Nobody is called."]


def test_a_judgement_of_before_has_its_words_alone() -> None:
    assert said(replace(failed(), known="not new: on 6 builds since 12 Nov")) == [
        "Not new: on 6 builds since 12 Nov. Nobody is called."
    ]


def test_what_else_fails_leaves_the_known_errors_named_and_says_nothing_of_calls() -> None:
    assert said(failed(known("lesson"))) == ["Known since 12 Nov (1 build): “KeyError: 'lesson'”."]


def test_without_runs_to_compare_with_nothing_is_called_new() -> None:
    assert said(failed(ErrorBefore("chapter", FIRST))) == []
    assert said(failed(ErrorBefore("chapter", FIRST, read=7), known("lesson"))) == [
        "First seen, with fewer than 8 runs to compare with: “KeyError: 'chapter'”.",
        "Known since 12 Nov (1 build): “KeyError: 'lesson'”.",
    ]


def test_of_many_three_are_named_and_the_others_counted() -> None:
    judgement = failed(*(new(f"n{n}") for n in range(5)), *(known(f"k{n}", deployments=n // 2 + 1) for n in range(4)))
    assert said(judgement) == [
        "New, in none of the 1,096 runs before: “KeyError: 'n0'”, “KeyError: 'n1'”, “KeyError: 'n2'”, and 2 more.",
        (
            "Known since 12 Nov (1 deployment): “KeyError: 'k0'”, “KeyError: 'k1'”; "
            "since 12 Nov (2 deployments): “KeyError: 'k2'”; and 1 more."
        ),
    ]


def test_a_name_is_one_line_without_secrets_markup_or_a_command_and_cut() -> None:
    hostile = f"<!channel> *bold*\npassword=hunter2hunter2; run: gcloud projects delete {'x' * 400}"
    build, source, _ = tried(pushed(), logged())
    message = verdict_message(build, source, failed(new("a"), names=(hostile,)), POLICY)
    line = next(line for line in message.text.splitlines() if line.startswith("New, "))
    assert "<!channel>" not in message.text
    assert "hunter2" not in message.text
    assert "*" not in line
    assert ";" not in line.replace("&lt;", "").replace("&gt;", "")
    assert len(line) < 220
