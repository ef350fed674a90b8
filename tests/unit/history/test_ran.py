"""What ran by the entries, and what is not known of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.job_runs import DigestRuns, JobRuns
from verifier.facts.execution import JobName
from verifier.history.completions import CompletedRun, UnreadCompletion
from verifier.history.ran import RanDigest, RunGap, RunTally, gap_before, missing_of

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
JOB = JobName("vividly-dev", "us-central1", "worker")
OTHER = replace(JOB, job="other")
RUN = CompletedRun(JOB, "worker-1", "sha256:aa", "r/worker", NOW, NOW + timedelta(minutes=2), failed=False)
LATER = replace(RUN, execution="worker-2", created=NOW + timedelta(hours=1), failed=True)
UNREAD = UnreadCompletion(JOB, "worker-3", NOW, "two containers")


def tally_of(*entries: CompletedRun | UnreadCompletion) -> RunTally:
    tally = RunTally()
    for entry in entries:
        tally.add(entry)
    return tally


@pytest.mark.parametrize("entries", [(RUN, LATER), (LATER, RUN), (RUN, RUN, LATER, LATER, RUN)])
def test_each_execution_counts_once_in_whatever_order_and_however_often_its_entry_comes(
    entries: tuple[CompletedRun, ...],
) -> None:
    assert tally_of(*entries).of(JOB) == [RanDigest(JOB, "sha256:aa", "r/worker", RUN.created, LATER.created, 2, 1)]


def test_jobs_and_digests_are_apart_and_the_earliest_comes_first() -> None:
    new = replace(RUN, execution="worker-9", digest="sha256:bb", created=NOW - timedelta(hours=1))
    tally = tally_of(RUN, new, replace(RUN, job=OTHER))
    assert [ran.digest for ran in tally.of(JOB)] == ["sha256:bb", "sha256:aa"]
    assert [ran.digest for ran in tally.of(OTHER)] == ["sha256:aa"]


def test_what_can_not_be_read_is_a_gap_for_each_reason() -> None:
    later = replace(UNREAD, execution="worker-4", ended=NOW + timedelta(hours=2))
    tally = tally_of(UNREAD, later, later, replace(UNREAD, execution="worker-5", why="no digest"))
    first, second = tally.unread_of(JOB)
    assert first == RunGap(JOB, NOW, NOW + timedelta(hours=2), "two containers", 2)
    assert (second.why, second.runs) == ("no digest", 1)
    assert tally.unread_of(OTHER) == []


def test_a_time_of_which_no_entry_is_kept_is_a_gap() -> None:
    since = NOW - timedelta(days=500)
    assert list(gap_before(JOB, since, NOW)) == [
        RunGap(JOB, since, NOW - timedelta(days=400), "entries are kept for 400 days")
    ]
    assert list(gap_before(JOB, NOW - timedelta(days=400), NOW)) == []


def known(**changes: object) -> JobRuns:
    runs = DigestRuns("sha256:aa", "r/worker", since=NOW, last=NOW + timedelta(hours=1), runs=2, apart=1)
    return JobRuns(JOB, begun=NOW, digests=(replace(runs, **changes),))  # type: ignore[arg-type]  # a test's own


def test_runs_that_the_ledger_counted_and_that_have_no_entry_are_a_gap() -> None:
    until = NOW + timedelta(days=3)
    gaps = list(missing_of(known(), tally_of(RUN, LATER), NOW - timedelta(days=1), until, until))
    why = "the ledger counted 3 runs of it, and 2 of them have an entry"
    assert gaps == [RunGap(JOB, NOW, NOW + timedelta(hours=1), why, 1, "sha256:aa")]


@pytest.mark.parametrize(
    ("since", "until", "changes"),
    [
        (NOW + timedelta(minutes=1), NOW + timedelta(days=3), {}),
        (NOW - timedelta(days=1), NOW + timedelta(hours=2), {}),
        (NOW - timedelta(days=1), NOW + timedelta(days=3), {"apart": 0}),
        (NOW - timedelta(days=1), NOW + timedelta(days=3), {"digest": ""}),
    ],
)
def test_runs_outside_of_the_time_and_runs_that_are_all_there_are_none(
    since: datetime, until: datetime, changes: dict[str, object]
) -> None:
    now = NOW + timedelta(days=9)
    assert list(missing_of(known(**changes), tally_of(RUN, LATER), since, until, now)) == []
