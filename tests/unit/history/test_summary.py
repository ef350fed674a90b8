"""What an audit counts, and how it says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.builders import IMAGE, SHA, pushed, uploaded
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.facts.build import Image
from verifier.facts.submitter import Submitter
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.history.local_stretch import LocalStretch
from verifier.history.summary import MOST_NAMES, Summary, SummaryBuilder, image_names, lasting, summary_lines

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
NOW = MONDAY + timedelta(days=7)
ANA = Submitter("ana@vividly.example", "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit")


def commit(day: int) -> JudgedBuild:
    return replace(judge_listed(pushed(), Policy()), created=MONDAY + timedelta(days=day))


def upload(day: int, submitter: Submitter | None = ANA) -> JudgedBuild:
    created = MONDAY + timedelta(days=day)
    return replace(judge_listed(uploaded(), Policy()), created=created, submitter=submitter)


def failed(day: int) -> JudgedBuild:
    return replace(judge_listed(pushed(status="FAILURE"), Policy()), created=MONDAY + timedelta(days=day))


WEEK = (commit(6), failed(5), upload(3), upload(2, None), upload(1), commit(0))
"""Newest first, as Cloud Build lists."""


def summed(builds: Iterable[JudgedBuild]) -> Summary:
    tally = SummaryBuilder()
    for build in builds:
        tally.add(build)
    return tally.summary(NOW)


def test_every_build_is_counted_once() -> None:
    summary = summed(WEEK)
    assert summary.builds == 6
    assert summary.verdicts[Verdict.LOCAL_SOURCE] == 3
    assert summary.verdicts[Verdict.VERIFIED] == 2
    assert summary.not_successful == {"FAILURE": 1}
    assert (summary.first, summary.last) == (MONDAY, MONDAY + timedelta(days=6))


def test_builds_that_could_not_be_judged_are_counted_apart() -> None:
    odd = [replace(judge_listed(pushed(status=status), Policy()), created=MONDAY) for status in ("", "DONE", "DONE")]
    summary = summed([*WEEK, *odd])
    assert (summary.builds, summary.not_successful, summary.unjudged) == (9, {"FAILURE": 1}, {"DONE": 2, "": 1})
    assert "        1  could not be judged: without status" in summary_lines(summary, NOW)


def test_flagged_are_those_of_the_verdicts_that_are_asked_for() -> None:
    summary = summed(WEEK)
    assert summary.flagged(frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})) == 3
    assert summary.flagged(frozenset({Verdict.FAILED})) == 0


def test_an_audit_of_nothing_finds_nothing() -> None:
    summary = summed([])
    assert list(summary_lines(summary, NOW)) == ["0 builds"]
    assert summary.flagged(frozenset(Verdict)) == 0


@pytest.mark.parametrize("builds", [WEEK, WEEK[::-1]], ids=["newest first", "oldest first"])
def test_the_longest_stretch_is_that_of_the_image(builds: tuple[JudgedBuild, ...]) -> None:
    summary = summed(builds)
    assert summary.stretches == (LocalStretch(IMAGE, MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)),)
    assert summary.out_of_order == 0


def test_a_build_out_of_order_is_counted_and_said() -> None:
    summary = summed([commit(0), commit(4), upload(2)])
    assert summary.out_of_order == 1
    assert "  1 build came out of order and could not be counted in these times" in summary_lines(summary, NOW)


def test_a_build_that_a_trigger_ran_has_no_submitter_to_count() -> None:
    groups = summed([commit(0)])
    assert groups.submitters == ()
    assert [group.name for group in groups.triggers] == ["content-worker-main"]


def test_an_image_is_counted_once_a_build_whatever_its_tags() -> None:
    digest = "sha256:" + "0" * 64
    tags = tuple(Image(name, digest) for name in (f"{IMAGE}:latest", IMAGE, f"{IMAGE}:v2", "localhost:5000/a/b"))
    assert image_names(replace(upload(0), images=tags)) == [IMAGE, "localhost:5000/a/b"]


def test_names_beyond_the_bound_are_counted_together() -> None:
    builds = [upload(0, Submitter(f"u{number}@vividly.example", "")) for number in range(MOST_NAMES + 50)]
    summary = summed(builds)
    assert len(summary.submitters) == MOST_NAMES + 1
    assert {group.name: group.total for group in summary.submitters}["(others)"] == 50
    assert sum(group.total for group in summary.submitters) == len(builds)


def test_it_is_told_in_plain_lines() -> None:
    assert list(summary_lines(summed(WEEK), NOW)) == [
        "6 builds, created from 2026-11-16 09:00 UTC to 2026-11-22 09:00 UTC",
        "        3  LOCAL_SOURCE",
        "        2  VERIFIED",
        "        1  not judged: FAILURE",
        "By whom (submitted by hand)",
        "        2  ana@vividly.example: 2 LOCAL_SOURCE",
        "        1  (not known): 1 LOCAL_SOURCE",
        "By trigger",
        "        3  (by hand): 3 LOCAL_SOURCE",
        "        2  content-worker-main: 2 VERIFIED",
        "By image",
        f"        5  {IMAGE}: 3 LOCAL_SOURCE, 2 VERIFIED",
        "Longest on local source",
        f"    5d 0h  {IMAGE}: from 2026-11-17 09:00 UTC until 2026-11-22 09:00 UTC",
        "Claims that nothing backs: in 3 builds (COMMIT_SHA ×3)",
    ]


def test_what_comes_from_builds_cannot_break_out_of_its_line() -> None:
    hostile = judge_listed(
        pushed(substitutions={"TRIGGER_NAME": "\x1b[2J\nVERIFIED\u202e", "COMMIT_SHA": SHA}), Policy()
    )
    lines = list(summary_lines(summed([hostile]), NOW))
    assert not any(sign in line for line in lines for sign in "\x1b\n\u202e")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0m"), (59, "0m"), (3_599, "59m"), (3_600, "1h 0m"), (90_000, "1d 1h")]
)
def test_times_are_told_in_their_two_largest_units(seconds: float, said: str) -> None:
    assert lasting(seconds) == said
