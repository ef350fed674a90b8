"""What people read about what runs: whole sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.facts.execution import JobName
from verifier.reporting.running_text import (
    no_build_text,
    not_watched_sentence,
    over_lines,
    pinned_lines,
    pinned_sentence,
    start_lines,
    what_runs,
    wrong_lines,
)

NIGHT = datetime(2026, 11, 28, 1, 10, tzinfo=UTC)
LATER = datetime(2026, 11, 28, 2, 36, tzinfo=UTC)
JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
PLACE = "job dev-vividly-content-worker in vividly-dev, us-central1"
PUSHED = DigestRuns(
    "sha256:0123456789abcdef0123",
    "us-docker.pkg.dev/vividly-dev/images/worker",
    since=NIGHT,
    last=NIGHT,
    runs=1,
    tie=Tie.BUILD,
    build="projects/vividly-dev/locations/us-central1/builds/4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6",
    commit="85cffd8aa1b2c3d4e5f60718293a4b5c6d7e8f90",
    verdict="VERIFIED",
    begun=NIGHT,
)
UPLOAD = replace(PUSHED, commit="", verdict="LOCAL_SOURCE")
UNKNOWN = replace(PUSHED, tie=Tie.NONE, build="", commit="", verdict="", why="a step pushed it with `docker push`")


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (PUSHED, "build 4e841fcb of commit 85cffd8, VERIFIED"),
        (UPLOAD, "an upload (build 4e841fcb), LOCAL_SOURCE"),
        (replace(UPLOAD, verdict="EXEMPT"), "build 4e841fcb, EXEMPT"),
        (replace(PUSHED, verdict=""), "build 4e841fcb of commit 85cffd8, not judged yet"),
        (
            replace(PUSHED, verdict="", why="it ended FAILURE"),
            "build 4e841fcb of commit 85cffd8, not judged: it ended FAILURE",
        ),
        (
            UNKNOWN,
            "sha256:0123456789ab, which no build that we know pushed: a step pushed it with `docker push`",
        ),
        (replace(UNKNOWN, why=""), "sha256:0123456789ab, which no build that we know pushed"),
        (replace(UNKNOWN, tie=Tie.OPEN), "sha256:0123456789ab, whose build is looked for"),
        (
            replace(UNKNOWN, tie=Tie.OPEN, digest=""),
            "an image whose digest is not known, whose build is looked for",
        ),
    ],
)
def test_what_runs_is_said_with_its_build_commit_and_verdict(runs: DigestRuns, said: str) -> None:
    assert what_runs(runs) == said


def test_a_job_that_runs_an_upload_has_a_message_of_its_own() -> None:
    assert wrong_lines(JOB, UPLOAD) == [
        "🔴 dev-vividly-content-worker runs an upload (build 4e841fcb), LOCAL_SOURCE, since 2026-11-28 01:10 UTC",
        f"Do this: deploy the image of a VERIFIED build to {PLACE}.",
    ]


def test_an_exemption_of_another_project_is_told_with_its_reason() -> None:
    exempt = replace(UPLOAD, verdict="EXEMPT", why="people try things out in the sandbox")
    assert wrong_lines(JOB, exempt) == [
        "🟡 dev-vividly-content-worker runs build 4e841fcb, EXEMPT, since 2026-11-28 01:10 UTC",
        "The exemption is for builds of another project than vividly-dev, where it runs.",
        "The exemption's reason: people try things out in the sandbox.",
        f"Do this: deploy the image of a VERIFIED build to {PLACE}.",
    ]


def test_an_image_that_no_build_pushed_is_told_with_the_likely_reasons() -> None:
    assert wrong_lines(JOB, UNKNOWN) == [
        "🔴 dev-vividly-content-worker runs an image that no build pushed, since 2026-11-28 01:10 UTC",
        f"It ran images of known builds before. Now it runs {what_runs(UNKNOWN)}.",
        f"Do this: find out who deployed sha256:0123456789ab to {PLACE}, and deploy a build's image.",
    ]


def test_what_is_over_says_what_runs_now_and_what_ran_before() -> None:
    now = replace(PUSHED, begun=LATER)
    assert over_lines(JOB, replace(UPLOAD, ceased=LATER), now) == [
        "✅ dev-vividly-content-worker: over",
        "It runs build 4e841fcb of commit 85cffd8, VERIFIED, since 2026-11-28 02:36 UTC.",
        "Before, it ran an upload (build 4e841fcb), LOCAL_SOURCE, 2026-11-28 01:10 UTC to 2026-11-28 02:36 UTC.",
    ]


def test_a_pinned_image_is_told_with_the_newer_build() -> None:
    newer = "projects/vividly-dev/locations/us-central1/builds/71a0c2d4-1b2c-4d3e-8f90-a1b2c3d4e5f6"
    assert pinned_lines(JOB, PUSHED, 3, newer=newer, moved=False) == [
        "🟡 dev-vividly-content-worker ran 3 times since and still runs build 4e841fcb: its image is pinned.",
        "Build 71a0c2d4 is newer, and VERIFIED.",
        f"Do this: deploy its image to {PLACE}, or leave it where that is meant.",
    ]


def test_a_job_that_went_back_is_told_otherwise_than_one_that_is_pinned() -> None:
    assert pinned_sentence(JOB, PUSHED, 1, moved=True) == (
        "dev-vividly-content-worker ran once since and still runs build 4e841fcb: its tag was moved back."
    )


def test_the_first_message_has_a_line_for_each_job() -> None:
    def watched(name: str, *digests: DigestRuns) -> JobRuns:
        job = JobName("vividly-dev", "us-central1", name)
        return JobRuns(job, begun=NIGHT, digest=digests[0].digest if digests else "", digests=digests)

    assert start_lines([watched("c"), watched("b", UPLOAD), watched("a", PUSHED)]) == [
        "👀 3 jobs are watched; what runs in them now:",
        "a: build 4e841fcb of commit 85cffd8, VERIFIED",
        "🔴 b: an upload (build 4e841fcb), LOCAL_SOURCE",
        "1 job has not run since.",
        "From now on a message comes where one of them runs something that is wrong.",
    ]
    many = start_lines([watched(f"job-{number:02}", PUSHED) for number in range(23)])
    assert many[0] == "👀 23 jobs are watched; what runs in them now:"
    assert many[-2] == "And 3 more jobs: verifier status"
    assert len(many) == 23


NEAR = "us-docker.pkg.dev/vividly-dev/images/worker"


@pytest.mark.parametrize(
    ("listed", "unlisted", "of"),
    [(["dev", "images"], [], " of dev and images"), ([], ["dev (denied)"], "")],
)
def test_the_likely_reasons_say_which_builds_were_looked_through(
    listed: list[str], unlisted: list[str], of: str
) -> None:
    gap = "; not looked through: dev (denied)" if unlisted else ""
    start = "it is one platform's image of a list that a build pushed, or a step pushed it with `docker push`, "
    end = f"or the build is older than the last 90 days{of}, or ran in another project or system{gap}"
    assert no_build_text(NEAR, listed, unlisted) == start + end


def test_another_registry_is_reason_enough() -> None:
    assert no_build_text("docker.io/library/x", ["dev"], []) == "it comes from another registry (docker.io)"
    assert no_build_text("", [], []) == "it comes from another registry (none is named)"
    assert no_build_text("eu.gcr.io/dev/x", [], []).startswith("it is one platform's image")


def test_services_that_are_not_watched_are_counted() -> None:
    assert not_watched_sentence(14) == "14 services: not watched in this version."
    assert not_watched_sentence(1) == "1 service: not watched in this version."
    assert not not_watched_sentence(0)
