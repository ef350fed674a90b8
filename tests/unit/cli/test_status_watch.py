"""How what runs goes, as people and scripts read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import CRASH, JOB, REPOSITORY, START, after, digest, error, quiet, run, watch
from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.verdict import Verdict
from verifier.checks.watch.ending import ended_by_itself
from verifier.checks.watch.watching import Watch
from verifier.cli.job_ledger import JobStatus, MadeBy
from verifier.cli.status_text import RunsAnswer, answer_of, status_document, status_lines
from verifier.history.watch_status import WatchStatus

RUNS = DigestRuns(digest("b"), REPOSITORY, START, START, runs=4, tie=Tie.BUILD, build="projects/p/locations/l/builds/b")
KNOWN = JobRuns(JOB, START, digest=digest("b"), digests=(RUNS,))
WORSE = replace(after(watch(), run(0), run(1, CRASH), run(2, error("known"), whole=False)), reasons=("crash",))
DAY = timedelta(days=1)


def status(one: Watch | None) -> JobStatus:
    watched = WatchStatus(one, ("KeyError: 'Clip'",), START + DAY if one.ended is None else None) if one else None
    return JobStatus(KNOWN, MadeBy(Verdict.VERIFIED, "c" * 40, is_certain=True), watched)


def fields(one: Watch | None) -> list[object]:
    document = status_document(status(one))
    return [document[name] for name in ("watch", "errors", "unread", "next_checkpoint", "new_errors")]


def test_scripts_read_how_it_goes_and_null_where_that_is_not_watched_yet() -> None:
    assert fields(None) == [None, None, 0, None, None]
    new_one = {"new": 1, "known": 1, "gone": 1}
    assert fields(WORSE) == ["REGRESSED", new_one, 1, "2026-11-13T02:00:00.000000Z", ["KeyError: crash"]]
    ended = ended_by_itself(quiet(watch(), 8), START + DAY)
    assert fields(ended) == ["CLEAN", {"new": 0, "known": 0, "gone": 1}, 0, None, []]


@pytest.mark.parametrize(
    ("one", "answer"),
    [(None, RunsAnswer.VERIFIED), (quiet(watch(), 8), RunsAnswer.VERIFIED), (WORSE, RunsAnswer.OTHER)],
)
def test_what_got_worse_is_no_success(one: Watch | None, answer: RunsAnswer) -> None:
    assert answer_of(status(one)) is answer


def test_people_read_how_it_goes() -> None:
    said = " ".join(" ".join(status_lines(status(WORSE), START)).split())
    assert (
        "watch REGRESSED, WATCHING since 2026-11-12 02:00 UTC: 3 runs, none failed, 1 not read; errors: 1 new, "
        "1 known, 1 gone; next checkpoint 2026-11-13 02:00 UTC new KeyError: crash"
    ) in said
    assert said.startswith("VERIFIED, REGRESSED us-central1/dev-vividly-content-worker in vividly-dev ")
    clean = " ".join(" ".join(status_lines(status(quiet(watch(), 8)), START)).split())
    assert clean.startswith("VERIFIED us-central1/")
    assert "watch WATCHING since" in clean
    assert " new KeyError" not in clean
    assert "watch" not in "".join(status_lines(status(None), START))


def test_of_many_new_errors_a_few_are_named() -> None:
    many = after(watch(), run(0, *(error(f"e{number}") for number in range(5))))
    said = " ".join(" ".join(status_lines(status(many), START)).split())
    assert "new KeyError: e0; KeyError: e1; KeyError: e2; and 2 more" in said
