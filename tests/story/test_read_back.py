"""On the first day: the logs of a month before are read, a few reads a minute, and "new" can be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.story.harness import IMAGE, JOB, PROJECT, REGION, Harness, harness
from tests.story.test_quota import use
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.watching import Watch
from verifier.controller.error_book import ERRORS, name_of, parse_book
from verifier.controller.quota.held_calls import Api
from verifier.controller.runs.baselines import BASELINES, name_of_baseline, parse_baseline
from verifier.controller.watch.watch_document import WATCHES, name_of_watch, parse_watch
from verifier.standin.faults import Fault
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Line, Script

__all__ = ["harness"]

PATH = JobPath(PROJECT, REGION, JOB.job)
OLD, OLDER = "sha256:" + "0a" * 32, "sha256:" + "0b" * 32
CLIP, LESSON = "ValueError: no clip", "KeyError: 'lesson'"
QUIET = Script(lines=(Line(at=1.0, text="query ok"),))


def logging(*errors: str, exit_code: int = 0) -> Script:
    """Return the course of a run that complains of these."""
    lines = (Line(at=1.0 + at / 10, text=text, severity="ERROR", stream="stderr") for at, text in enumerate(errors))
    return Script(lines=(*QUIET.lines, *lines), exit_code=exit_code)


def ran(harness: Harness, digest: str, count: int, script: Script, every: timedelta) -> None:
    """Let the job run this digest so often."""
    harness.cloud.tag(f"{IMAGE}:latest", digest)
    harness.job(script)
    for _ in range(count):
        harness.cloud.run_job(PATH, Overrides({}), "scheduler@vividly-dev.iam.gserviceaccount.com")
        harness.clock.advance(every.total_seconds())


@pytest.fixture
def month(harness: Harness) -> Harness:
    """Return a harness whose job ran four times a day for a month and more, before anybody watched it."""
    ran(harness, OLDER, 80, QUIET, timedelta(hours=6))
    ran(harness, OLDER, 2, logging(CLIP), timedelta(hours=6))
    ran(harness, OLD, 70, QUIET, timedelta(hours=6))
    ran(harness, OLD, 4, logging(CLIP), timedelta(hours=6))
    harness.faults.forget()
    return harness


def minutes(harness: Harness, count: int) -> list[int]:
    """Let so many minutes go by, and return how often logs were read in each."""
    reads = []
    for _ in range(count):
        before = harness.calls("ListLogEntries")
        harness.live(1)
        reads.append(harness.calls("ListLogEntries") - before)
    return reads


def book(harness: Harness) -> ErrorBook | None:
    stored = harness.deployment.services.store.read(ERRORS, name_of(JOB), timeout=5)
    return parse_book(stored.document) if stored else None


def watch(harness: Harness, digest: str) -> Watch:
    stored = harness.deployment.services.store.read(WATCHES, name_of_watch(JOB, digest), timeout=5)
    assert stored is not None
    return parse_watch(stored.document).watch


def is_over(harness: Harness) -> bool:
    stored = harness.deployment.services.store.read(BASELINES, name_of_baseline(PROJECT), timeout=5)
    return stored is not None and parse_baseline(stored.document).is_over


def test_a_month_of_logs_is_read_with_a_few_reads_a_minute(month: Harness) -> None:
    reads = minutes(month, 8)
    assert is_over(month)
    assert (sum(reads), max(reads)) == (4, 4)  # two questions, each with the stand-in's empty page before it
    found = book(month)
    assert found is not None
    assert [(ran.digest, ran.runs) for ran in found.digests] == [(OLDER, 45), (OLD, 74)]
    assert {error.name: error.on for error in found.errors} == {CLIP: ((1, 2), (2, 4))}
    assert sum(minutes(month, 120)) == 0


def test_what_the_first_deployment_brings_is_new_and_what_was_there_is_known(month: Harness) -> None:
    minutes(month, 8)
    month.job(QUIET)
    key = month.triggered()
    month.announce(key)
    minutes(month, 8)
    assert month.verdict(key) == "VERIFIED"
    digest = month.record(key).images[0]
    ran(month, digest, 1, logging(CLIP, LESSON, exit_code=1), timedelta(minutes=1))
    minutes(month, 75)
    found = watch(month, digest)
    assert (found.found, found.baseline, found.is_regressed) == (False, 119, True)
    assert [(error.name, error.state, error.deployments) for error in found.errors] == [
        (CLIP, "known", 2),
        (LESSON, "new", 0),
    ]
    [said] = [message.text for message in month.slack.messages if message.text.startswith("🔴 REGRESSED")]
    assert LESSON in said
    assert CLIP not in said.splitlines()[1]


def test_the_first_verdict_names_what_is_new_and_what_was_there_since_when(month: Harness) -> None:
    minutes(month, 8)
    month.job(logging(CLIP, LESSON))
    key = month.triggered()
    month.announce(key)
    minutes(month, 8)
    assert month.verdict(key) == "FAILED"
    text = month.slack.messages[-1].text
    assert f"New, in none of the 119 runs before: “{LESSON}”." in text
    assert f"Known since 13 Dec 2026 (2 deployments): “{CLIP}”." in text


def test_what_ran_already_is_no_deployment_and_nothing_is_told_of_it(month: Harness) -> None:
    minutes(month, 8)
    ran(month, OLD, 1, logging(LESSON, exit_code=1), timedelta(minutes=1))
    minutes(month, 75)
    assert (watch(month, OLD).found, month.slack.messages) == (True, ())


def test_where_the_quota_is_half_used_the_past_waits_and_a_run_is_read_all_the_same(month: Harness) -> None:
    use(month, lambda api: {Api.LOGGING: 2, Api.BUILDS: 300}[api])
    month.cloud.empty_pages = 0
    minutes(month, 1)
    for _ in range(3):
        ran(month, OLD, 1, QUIET, timedelta(0))
        minutes(month, 62)
    assert watch(month, OLD).runs == 3
    assert is_over(month)


def test_a_permission_that_is_missing_keeps_nothing_but_the_past_waiting(month: Harness) -> None:
    month.faults.add(Fault("ListLogEntries", "before", "PERMISSION_DENIED", times=3))
    swept = []
    for _ in range(30):
        month.clock.advance(60)
        swept.append(month.sweep())
    problems = [problem for one in swept if one for problem in one.problems]
    assert len(problems) == 1
    assert "logging.logEntries.list" in problems[0]
    minutes(month, 60)
    assert is_over(month)
    assert book(month) is not None


def test_an_image_that_came_between_two_runs_of_a_watched_job_is_compared_with_what_ran_before(month: Harness) -> None:
    minutes(month, 8)
    before = book(month)
    ran(month, OLD, 1, QUIET, timedelta(minutes=1))
    minutes(month, 70)
    after = book(month)
    assert before is not None
    assert after is not None
    assert [(one.number, one.digest, one.runs) for one in after.digests] == [(1, OLDER, 45), (2, OLD, 75)]
    assert after.digests[1].since == before.digests[1].since
    assert replace(after, digests=(), counted=()) == replace(before, digests=(), counted=())
