"""When a watch is over, and with which outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import CRASH, HOUR, START, after, digest, quiet, run, watch
from verifier.checks.watch.ending import ended_by_itself, next_end, replaced, resumed
from verifier.checks.watch.watching import Watch, WatchOutcome

W = WatchOutcome
LATER = digest("c")


@pytest.mark.parametrize(
    ("one", "hours", "expected"),
    [
        (quiet(watch(), 8), 23.9, W.WATCHING),
        (quiet(watch(), 8), 24, W.CLEAN),
        (quiet(watch(), 7), 24, W.WATCHING),
        (quiet(watch(), 7), 29, W.CLEAN),
        (quiet(watch(), 5), 24, W.CLEAN),
        (quiet(watch(), 2), 24, W.WATCHING),
        (quiet(watch(rare=True), 3), 24, W.CLEAN),
        (quiet(watch(), 2), 7 * 24 - 1, W.WATCHING),
        (quiet(watch(), 2), 7 * 24, W.INCONCLUSIVE),
        (watch(), 7 * 24, W.NOT_RUN),
        (replace(watch(), benign=3), 7 * 24, W.NOT_RUN),
        (after(quiet(watch(), 8), run(9, CRASH)), 24, W.INCONCLUSIVE),
        (after(quiet(watch(), 8), run(9, whole=False)), 24, W.INCONCLUSIVE),
        (replace(quiet(watch(), 8), beyond=2), 24, W.INCONCLUSIVE),
        (replace(quiet(watch(), 8), reasons=("failures",)), 24, W.REGRESSED),
    ],
)
def test_it_ends_by_itself_after_enough_runs_or_seven_days(one: Watch, hours: float, expected: WatchOutcome) -> None:
    found = ended_by_itself(one, START + hours * HOUR)
    assert found.outcome is expected
    assert (found.ended is None) is (expected is W.WATCHING)


@pytest.mark.parametrize(
    ("is_older", "reasons", "expected"),
    [
        (False, (), W.REPLACED),
        (True, (), W.ROLLED_BACK),
        (False, ("failures",), W.REGRESSED),
        (True, ("failures",), W.REGRESSED),
    ],
)
def test_another_digest_ends_it_and_a_regression_stays(
    is_older: bool, reasons: tuple[str, ...], expected: WatchOutcome
) -> None:
    found = replaced(watch(reasons=reasons), START + HOUR, LATER, is_older=is_older)
    assert (found.outcome, found.successor, found.ended) == (expected, LATER, START + HOUR)


def test_one_that_has_ended_keeps_its_outcome_when_it_is_replaced() -> None:
    ended = ended_by_itself(quiet(watch(), 8), START + 24 * HOUR)
    assert replaced(ended, START + 30 * HOUR, LATER, is_older=False) == ended


def test_one_that_was_replaced_keeps_what_it_had_earned() -> None:
    assert replaced(quiet(watch(), 8), START + HOUR, LATER, is_older=False).is_earned


def test_it_goes_on_with_its_counts_when_its_digest_runs_again() -> None:
    gone = replaced(quiet(watch(), 3), START + HOUR, LATER, is_older=False)
    back = resumed(gone)
    assert back == quiet(watch(), 3)
    assert after(back, run(9)).runs == 4


def test_one_whose_time_was_over_stays_over() -> None:
    ended = ended_by_itself(quiet(watch(), 8), START + 24 * HOUR)
    assert resumed(ended) == ended


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (quiet(watch(), 8), timedelta(days=1)),
        (quiet(watch(), 2), timedelta(days=7)),
        (watch(), timedelta(days=7)),
        (watch(ended=START), None),
    ],
)
def test_the_next_end_is_known_from_its_runs_so_far(one: Watch, expected: timedelta | None) -> None:
    assert next_end(one, START + HOUR) == (START + expected if expected else None)
