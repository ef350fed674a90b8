"""What the audit trail and subscribers are told of what a job runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.running import Transition
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.reporting.running_entry import build_key_of, running_announcement, running_entry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
JOB = JobName("vividly-dev", "us-central1", "worker")
FIRST = DigestRuns(
    "sha256:aa",
    "us-docker.pkg.dev/vividly-dev/images/worker",
    since=NOON,
    last=NOON,
    runs=3,
    tie=Tie.BUILD,
    build="projects/vividly-dev/locations/global/builds/4e841fcb",
    commit="85cffd8",
    verdict="VERIFIED",
    policy="ab" * 32,
    begun=NOON,
    ceased=LATER,
    generation=4,
)
SECOND = replace(
    FIRST,
    digest="sha256:bb",
    build="projects/sandbox/locations/global/builds/71a0c2d4",
    commit="",
    verdict="EXEMPT",
    why="people try things out",
    begun=LATER,
    ceased=None,
    generation=5,
)
WATCHED = JobRuns(JOB, NOON, digest="sha256:bb", digests=(FIRST, SECOND))


def test_what_a_job_begins_to_run_is_recorded_with_its_build_its_policy_and_the_reason() -> None:
    entry = running_entry(WATCHED, SECOND, Transition.BEGUN)
    assert (entry.time, entry.severity) == (LATER, "ERROR")
    assert entry.labels == {
        "kind": "running",
        "event": "begun",
        "verdict": "EXEMPT",
        "project": "vividly-dev",
        "location": "us-central1",
        "job": "worker",
        "build": "71a0c2d4",
    }
    assert entry.payload == {
        "job": "projects/vividly-dev/locations/us-central1/jobs/worker",
        "event": "begun",
        "digest": "sha256:bb",
        "image": "us-docker.pkg.dev/vividly-dev/images/worker",
        "build": "projects/sandbox/locations/global/builds/71a0c2d4",
        "commit": None,
        "verdict": "EXEMPT",
        "policy": {"digest": {"sha256": "ab" * 32}},
        "reason": "people try things out",
        "since": "2026-03-01T13:00:00.000000Z",
        "until": None,
        "generation": 5,
        "settings": "changed",
    }


def test_what_it_ceases_to_run_is_recorded_with_the_time_in_which_it_did() -> None:
    entry = running_entry(WATCHED, FIRST, Transition.CEASED)
    assert (entry.time, entry.severity, entry.labels["event"]) == (LATER, "NOTICE", "ceased")
    assert (entry.payload["since"], entry.payload["until"]) == (
        "2026-03-01T12:00:00.000000Z",
        "2026-03-01T13:00:00.000000Z",
    )


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"verdict": "VERIFIED"}, "INFO"),
        ({"verdict": "INCONCLUSIVE"}, "WARNING"),
        ({"verdict": "FAILED"}, "ERROR"),
        ({"tie": Tie.NONE, "build": "", "verdict": ""}, "ERROR"),
    ],
)
def test_an_entry_is_an_error_where_something_is_wrong(changes: dict[str, object], severity: str) -> None:
    runs = replace(SECOND, **changes)  # type: ignore[arg-type]  # fields by their names
    assert running_entry(WATCHED.with_digest(runs), runs, Transition.BEGUN).severity == severity


def test_what_no_build_pushed_is_a_warning_where_it_was_so_from_the_start() -> None:
    runs = replace(FIRST, tie=Tie.NONE, build="", commit="", verdict="", policy="", why="another registry")
    entry = running_entry(JobRuns(JOB, NOON, digest="sha256:aa", digests=(runs,)), runs, Transition.BEGUN)
    assert (entry.severity, entry.labels["build"], entry.labels["verdict"]) == ("WARNING", "", "")
    told = [entry.payload[name] for name in ("build", "commit", "verdict", "policy", "reason", "settings")]
    assert told == [None, None, None, None, "another registry", None]


@pytest.mark.parametrize(("generation", "settings"), [(4, "same"), (5, "changed"), (None, None)])
def test_the_generation_tells_whether_the_job_was_changed_or_its_tag_alone(
    generation: int | None, settings: str | None
) -> None:
    runs = replace(SECOND, generation=generation)
    assert running_entry(WATCHED, runs, Transition.BEGUN).payload["settings"] == settings


def test_an_entry_is_the_same_one_whatever_became_known_since_and_another_for_each_stretch() -> None:
    once = running_entry(WATCHED, SECOND, Transition.BEGUN)
    again = running_entry(WATCHED, replace(SECOND, runs=9, verdict="VERIFIED", told=("wrong",)), Transition.BEGUN)
    assert (once.insert_id, once.time) == (again.insert_id, again.time)
    back = running_entry(WATCHED, replace(SECOND, begun=LATER + timedelta(hours=1)), Transition.BEGUN)
    others = [back, *(running_entry(WATCHED, FIRST, each) for each in Transition)]
    assert once.insert_id not in {other.insert_id for other in others}
    assert len({other.insert_id for other in others}) == 3


def test_subscribers_are_told_the_same_with_attributes_to_filter_by() -> None:
    entry = running_entry(WATCHED, SECOND, Transition.BEGUN)
    payload, attributes = running_announcement(entry)
    assert payload == entry.payload
    assert attributes == entry.labels


def test_the_key_of_a_build_is_read_from_its_name() -> None:
    assert build_key_of(FIRST) == BuildKey("vividly-dev", "global", "4e841fcb")
    assert build_key_of(replace(FIRST, build="")) is None
