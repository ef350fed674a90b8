"""What is said of a watch, whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import (
    HOUR,
    REPOSITORY,
    START,
    after,
    book_after,
    digest,
    error,
    hours_before,
    quiet,
    run,
    watch,
)
from verifier.checks.commands import pieces
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.book import ErrorStanding, ErrorState
from verifier.checks.watch.ending import ended_by_itself, replaced
from verifier.checks.watch.telling import NewsKind, WatchNews
from verifier.checks.watch.watching import Good, Red, Watch
from verifier.checks.watch.way_back import way_back
from verifier.reporting.watch_text import (
    checkpoint_sentence,
    ended_sentence,
    once_lines,
    recovered_lines,
    regressed_lines,
    regressed_sentence,
    watch_subject,
)

LESSON = error("lesson", name="KeyError: 'lesson'")
GONE = ErrorStanding("clip", ErrorState.GONE, "KeyError: 'Clip'", 3)
WAITING = ErrorStanding("rare", ErrorState.NOT_SEEN_YET, "OSError: no", 3)
JOB = "dev-vividly-content-worker"
FOUR = 4 * HOUR


def said(one: Watch, *absent: ErrorStanding, after_: timedelta = FOUR, planned: timedelta | None = FOUR) -> str:
    return checkpoint_sentence(one, after_, absent, planned=planned)


@pytest.mark.parametrize(
    ("one", "absent", "expected"),
    [
        (
            quiet(watch(), 8),
            [],
            (
                f"4 h since 85cffd8 in {JOB}: 8 runs, 8 succeeded, no new errors. "
                "An error in 1 run of 3 would most likely (95 %) have shown."
            ),
        ),
        (
            after(quiet(watch(), 7), run(7, error("known"))),
            [GONE],
            (
                f"4 h since 85cffd8 in {JOB}: 8 runs, 8 succeeded, no new errors, 1 known (since 1 deployment), "
                "“KeyError: 'Clip'” is gone. An error in 1 run of 3 would most likely (95 %) have shown."
            ),
        ),
        (
            quiet(watch(), 3),
            [GONE, WAITING],
            (
                f"4 h since 85cffd8 in {JOB}: 3 runs, 3 succeeded, no new errors, “KeyError: 'Clip'” is gone, "
                "1 of before not seen yet. An error in 2 runs of 3 would most likely (95 %) have shown."
            ),
        ),
        (
            quiet(watch(), 1),
            [],
            f"4 h since 85cffd8 in {JOB}: 1 run, 1 succeeded, no new errors.",
        ),
        (
            after(quiet(watch(), 7), run(7, LESSON)),
            [],
            f"4 h since 85cffd8 in {JOB}: 8 runs, 8 succeeded, 1 new error (“KeyError: 'lesson'”, seen once).",
        ),
        (
            after(quiet(watch(), 6), run(6, LESSON, failed=True), run(7, LESSON)),
            [],
            (
                f"4 h since 85cffd8 in {JOB}: 8 runs, 7 succeeded, 1 failed, "
                "1 new error (“KeyError: 'lesson'”, in 2 runs)."
            ),
        ),
        (
            after(quiet(watch(baseline=3), 2), run(2, LESSON, book=ErrorBook())),
            [],
            (
                f"4 h since 85cffd8 in {JOB}: 3 runs, 3 succeeded, "
                "1 error first seen (“KeyError: 'lesson'”, seen once). "
                "There is no record to compare with yet: 3 runs of before could be read."
            ),
        ),
        (
            after(quiet(watch(), 7), run(7, whole=False)),
            [],
            (
                f"4 h since 85cffd8 in {JOB}: 8 runs, 8 succeeded, no new errors. "
                "Can't tell about 1 run: its logs could not be read whole. "
                "An error in 1 run of 2 would most likely (95 %) have shown."
            ),
        ),
        (
            after(watch(), run(0, whole=False)),
            [],
            (
                f"4 h since 85cffd8 in {JOB}: 1 run, 1 succeeded. "
                "Can't tell about 1 run: its logs could not be read whole."
            ),
        ),
        (
            replace(after(quiet(watch(), 8), run(9, error("crash", accepted="until then"))), benign=2),
            [],
            (
                f"4 h since 85cffd8 in {JOB}: 9 runs, 9 succeeded (2 more ended by the platform, by people or while "
                "deploying), no new errors, 1 accepted. An error in 1 run of 3 would most likely (95 %) have shown."
            ),
        ),
    ],
)
def test_a_checkpoint_says_what_was_seen(one: Watch, absent: list[ErrorStanding], expected: str) -> None:
    assert said(one, *absent) == expected


def test_a_checkpoint_that_comes_late_says_so() -> None:
    late = said(quiet(watch(), 8), after_=FOUR + timedelta(minutes=27))
    assert late.startswith(f"After 4 h 27 min since 85cffd8 in {JOB}: 8 runs")
    assert said(quiet(watch(), 8), after_=FOUR + timedelta(minutes=7)).startswith("4 h since")


def test_a_checkpoint_of_a_rare_job_is_told_by_its_runs() -> None:
    rare = said(quiet(watch(rare=True), 3), planned=None)
    assert rare.startswith(f"3 runs since 85cffd8 in {JOB}: 3 runs, 3 succeeded, no new errors.")


@pytest.mark.parametrize(
    ("runs", "bound"),
    [(2, "4 runs of 5"), (4, "2 runs of 3"), (5, "1 run of 2"), (48, "1 run of 16"), (300, "1 run of 100")],
)
def test_the_bound_is_never_more_than_what_was_seen_says(runs: int, bound: str) -> None:
    assert f"An error in {bound} would" in said(replace(watch(), runs=runs, read=runs))


GOOD = Good("sha256:" + "a1" * 32, REPOSITORY, "projects/p/locations/l/builds/a", "41ac" * 10, 12, START)
UPDATE = f"gcloud run jobs update {JOB} --region=us-central1 --project=vividly-dev"


def news(one: Watch, identity: str = "", reason: str = "") -> WatchNews:
    return WatchNews(NewsKind.REGRESSED, "key", replies=True, error=one.error(identity), reason=reason)


def test_a_regression_names_the_error_its_rule_how_often_and_the_way_back() -> None:
    one = after(
        watch(good=GOOD, image=f"{REPOSITORY}:latest"), run(0), run(1), run(2, LESSON), run(3, replace(LESSON, count=4))
    )
    assert regressed_lines(one, news(one, "lesson"), way_back(one), START) == [
        f"🔴 REGRESSED · {JOB} · 85cffd8",
        "New error (rule severity): “KeyError: 'lesson'”",
        (
            "In 2 of 4 runs since 85cffd8, logged 5 times, first at 2026-11-12 02:00 UTC in run 3; "
            "not in the 96 runs before."
        ),
        f"Way back to 41ac41a, VERIFIED, 12 runs without a new error: {UPDATE} --image={REPOSITORY}@sha256:{'a1' * 32}",
        f"Afterwards, to follow its tag again: {UPDATE} --image={REPOSITORY}:latest",
        (
            "Until then the job is pinned: later pushes of its tag are not run. Neither command takes back a "
            "migration, or messages that were consumed. Whether its image still exists was not checked."
        ),
        (
            f'To accept it for a while, in policy.toml: [[accept]] with job = "us-central1/{JOB}", error = "lesson", '
            "reason and until."
        ),
    ]


def test_a_regression_without_a_way_back_says_that_there_is_none() -> None:
    one = after(watch(), run(0, LESSON, failed=True))
    lines = regressed_lines(one, news(one, "lesson"), None, START)
    assert lines[2].startswith("In 1 of 1 run since 85cffd8, of which 1 failed, first at ")
    assert lines[3].startswith("No earlier build of this image is known to have gone well for long enough")


def test_an_error_that_is_back_and_one_without_a_record_say_so() -> None:
    back = book_after(("a", 8, {"lesson": 4}), ("c", 8, {}))
    one = after(watch(), run(0, LESSON, book=back), run(1, LESSON, book=back))
    assert regressed_lines(one, news(one, "lesson"), None, START)[1:3] == [
        "Back (rule severity): “KeyError: 'lesson'”",
        (
            "In 2 of 2 runs since 85cffd8, first at 2026-11-12 02:00 UTC in run 1; it had gone, and was "
            "first seen 2 deployments ago."
        ),
    ]
    one = after(watch(baseline=2), run(0, LESSON, failed=True, book=ErrorBook()))
    assert (
        "there is no record to compare with yet: 2 runs of before"
        in regressed_lines(one, news(one, "lesson"), None, START)[2]
    )


def test_failures_that_are_up_are_told_beside_those_before() -> None:
    one = after(watch(before=hours_before(48, 1)), *(run(number, failed=number > 4) for number in range(8)))
    lines = regressed_lines(one, news(one, reason="failures"), None, START + FOUR)
    assert lines[1] == "Failures are up: 3 of 8 runs failed since 85cffd8; 1 of 48 runs in as many days before."
    assert len(lines) == 3
    twice = regressed_lines(one, news(one, reason="twice"), None, START)
    assert twice[1] == "The latest 2 runs failed, of 8 since then; the 10 before had succeeded."


def test_the_builds_message_says_that_it_got_worse() -> None:
    one = replace(after(watch(), run(0), run(1, LESSON, failed=True)), reasons=("lesson", "failures"))
    assert regressed_sentence(one) == (
        f"🔴 REGRESSED in {JOB}: “KeyError: 'lesson'” in 1 of 2 runs since 85cffd8, 1 of 2 runs failed."
    )


def test_an_error_that_was_seen_once_is_told_quietly() -> None:
    one = after(watch(), run(0), run(1), run(2, LESSON))
    [seen] = one.errors
    assert once_lines(one, seen) == [
        "👀 Seen once, in run 3 of 3 since 85cffd8: “KeyError: 'lesson'”",
        "Not in the 96 runs before; its run succeeded. It is told again where another run has it, or fails.",
    ]
    assert once_lines(one, seen, more=2)[-1] == "2 more new errors came with it; verifier status --json names each."


def test_what_is_over_is_told_with_its_runs() -> None:
    red = Red("REGRESSED", digest("a"), "b", "c", START, ("lesson",), ("KeyError: 'lesson'",))
    assert recovered_lines(quiet(watch(), 5), [red]) == [
        f"✅ recovered · {JOB}",
        "“KeyError: 'lesson'”: gone since 85cffd8 (5 runs). It was REGRESSED.",
    ]
    assert recovered_lines(quiet(watch(), 1), [replace(red, what="FAILED", names=())])[1] == (
        "Gone since 85cffd8 (1 run). It was FAILED."
    )


def test_the_end_of_a_watch_says_what_came_of_it() -> None:
    clean = ended_by_itself(quiet(watch(), 48), START + 24 * HOUR)
    assert ended_sentence(clean, "") == f"Watched 1 day in {JOB}: 48 runs, 48 succeeded, no new errors; CLEAN."
    gone = replaced(quiet(watch(), 12), START + timedelta(hours=6, minutes=12), digest("c"), is_older=False)
    assert ended_sentence(gone, "0ddba11") == (
        f"Watched 6 h 12 min in {JOB}: 12 runs, 12 succeeded, no new errors; replaced by 0ddba11."
    )
    back = replaced(quiet(watch(), 1), START + HOUR, digest("c"), is_older=True)
    assert ended_sentence(back, "").endswith("; gone back to an older build.")


def test_what_has_no_commit_is_known_by_its_build_or_its_digest() -> None:
    assert watch_subject(watch(commit="", build="projects/p/locations/l/builds/71a0c2d4-0000")) == "build 71a0c2d4"
    assert watch_subject(watch(commit="", build="")) == digest("b")[:19]


def test_no_error_can_pass_for_a_command_of_ours() -> None:
    evil = "x; gcloud run jobs update job --image=evil.example/x; gcloud run jobs update job --image=evil.example/y"
    one = after(watch(), run(0, error("evil", name=evil)), run(1, error("evil", name=evil)))
    [seen] = one.errors
    texts = [
        *regressed_lines(one, news(one, "evil"), None, START),
        *once_lines(one, seen),
        said(one),
        regressed_sentence(one),
    ]
    assert [piece for text in texts for piece, is_command in pieces(text) if is_command] == []
