"""What happens to a deployment that is watched: each begins with what another process did, which nobody kills."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.crashes.testbed import Testbed
from tests.crashes.watch_ledger import RUNS_BEFORE, a_good_watch, digest, put_book, put_watch
from tests.story.harness import CLEAN, IMAGE, JOB, PROJECT, REGION
from verifier.checks.watch.watching import Red
from verifier.controller.ledger import MARKS
from verifier.controller.runs.start_message import MARK
from verifier.controller.work import BASELINE, CHANNEL, WATCH, WINDOW
from verifier.controller.work import JOB as JOB_RUNS
from verifier.standin.script import Line, Script
from verifier.times import show_time

LESSON = "KeyError: 'lesson'"
_HOUR = timedelta(hours=1)
_SETTLED = 330.0
"""Seconds from a run's end until its logs are read."""
_BROKEN = Script(lines=(*CLEAN.lines, Line(at=1.5, text=LESSON, severity="ERROR", stream="stderr")), exit_code=1)


def watching_has_begun(testbed: Testbed) -> None:
    """Let the job be watched for long, so that what ran at the beginning is told."""
    testbed.install()
    said = show_time(testbed.clock())
    testbed.store.create(MARKS, MARK, {"begun": said, "said": said}, timeout=10)


def _name(build: dict[str, Any]) -> str:
    return f"projects/{PROJECT}/locations/{REGION}/builds/{build['id']}"


def _ran_before(testbed: Testbed) -> dict[str, Any]:
    """Have a build announced that ran for days, was watched, and of which people have heard; return it."""
    watching_has_begun(testbed)
    build, since = testbed.upload(), testbed.clock() - timedelta(days=3)
    testbed.announce(build)
    put_book(testbed.store, 1, testbed.clock())
    known = replace(a_good_watch(1, _name(build), since, RUNS_BEFORE), told=("after-14400s",))
    put_watch(testbed.store, known)
    return build


def _deployed(testbed: Testbed, script: Script = CLEAN) -> dict[str, Any]:
    """Have another build announced, and the job run it; return it."""
    build = testbed.upload()
    testbed.announce(build)
    testbed.cloud.put_job(PROJECT, REGION, JOB.job, image=f"{IMAGE}:latest", script=script)
    testbed.run_job()
    testbed.work(JOB_RUNS, CHANNEL)
    return build


def a_new_digest_takes_the_place_of_another(testbed: Testbed) -> None:
    with testbed.spared():
        _ran_before(testbed)
        _deployed(testbed)
    testbed.clock.advance(_SETTLED)
    testbed.work(WINDOW, WATCH, WATCH, CHANNEL)
    testbed.spare()


def a_run_shows_a_new_error_and_fails(testbed: Testbed) -> None:
    with testbed.spared():
        _ran_before(testbed)
        build = _deployed(testbed, _BROKEN)
        known = a_good_watch(2, _name(build), testbed.clock() - _HOUR, 1)
        put_watch(testbed.store, known, testbed.clock() + 3 * _HOUR)
    testbed.clock.advance(_SETTLED)
    testbed.work(WINDOW, WATCH, CHANNEL)
    testbed.spare()


def the_time_before_is_read(testbed: Testbed) -> None:
    with testbed.spared():
        for number in (1, 1, 2):
            testbed.cloud.tag(f"{IMAGE}:latest", digest(number))
            testbed.run_job()
        watching_has_begun(testbed)
    testbed.clock.advance(60)
    testbed.work(BASELINE)
    testbed.spare()


def a_checkpoint_is_reached(testbed: Testbed) -> None:
    with testbed.spared():
        _watched_for(testbed, 4 * _HOUR, runs=9)
    testbed.work(WATCH, CHANNEL)
    testbed.spare()


def a_day_is_over(testbed: Testbed) -> None:
    with testbed.spared():
        _watched_for(testbed, 24 * _HOUR, runs=9, told=("after-14400s",))
    testbed.work(WATCH, CHANNEL)
    testbed.spare()


def _watched_for(testbed: Testbed, span: timedelta, runs: int, told: tuple[str, ...] = ()) -> None:
    """Let the job run what it has run so often for so long, and its checkpoint be due."""
    watching_has_begun(testbed)
    build = _deployed(testbed)
    since = testbed.clock() - span - timedelta(minutes=7)
    put_watch(testbed.store, replace(a_good_watch(1, _name(build), since, runs), told=told), testbed.clock())


def a_job_goes_back_to_what_ran_before(testbed: Testbed) -> None:
    with testbed.spared():
        watching_has_begun(testbed)
        for _ in range(2):
            _deployed(testbed)
            testbed.clock.advance(_SETTLED)
            testbed.work(WINDOW, WATCH, WATCH, CHANNEL)
        testbed.cloud.tag(f"{IMAGE}:latest", digest(1))
        testbed.run_job()
        testbed.work(JOB_RUNS, CHANNEL)
    testbed.clock.advance(_SETTLED)
    testbed.work(WINDOW, WATCH, WATCH, CHANNEL)
    testbed.spare()


def what_was_wrong_is_over(testbed: Testbed) -> None:
    with testbed.spared():
        watching_has_begun(testbed)
        worse = testbed.upload()
        testbed.announce(worse)
        since = testbed.clock() - 4 * _HOUR - timedelta(minutes=7)
        build = testbed.triggered()
        testbed.announce(build)
        testbed.wait(20)
        testbed.run_job()
        testbed.work(JOB_RUNS, CHANNEL)
        red = Red("REGRESSED", digest(1), _name(worse), "", since - _HOUR, ("lesson",), (LESSON,))
        put_watch(testbed.store, replace(a_good_watch(2, _name(build), since, 9), reds=(red,)), testbed.clock())
    testbed.work(WATCH, CHANNEL)
    testbed.spare()
