"""What a job runs, over the real adapters: tied to its build, recorded, and told on the build's message."""

from __future__ import annotations

import pytest

from tests.story.harness import FIXED, IMAGE, JOB, PROJECT, REGION, Harness, harness
from verifier.checks.job_runs import JobRuns, Tie
from verifier.controller.runs.job_runs import JOBS, name_of_job, parse_job
from verifier.controller.runs.observe import observe
from verifier.controller.runs.past import PAST
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.standin.job_book import JobPath, Overrides

__all__ = ["harness"]

WORKER = JobName(PROJECT, REGION, JOB.job)


def run(harness: Harness) -> None:
    """Let the scheduler run the job on what its tag points at, and deliver the message that it has ended."""
    made = harness.cloud.run_job(JobPath(PROJECT, REGION, JOB.job), Overrides({}))
    harness.clock.advance(30)
    observe(made.full_name, made.job_generation, harness.deployment, harness.budget())
    harness.live(2)


def known(harness: Harness) -> JobRuns:
    stored = harness.deployment.services.store.read(JOBS, name_of_job(WORKER), timeout=5)
    assert stored is not None
    return parse_job(stored.document)


def verified(harness: Harness) -> BuildKey:
    """Return a build whose worker tried it and found nothing."""
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(30)
    harness.live(5)
    assert harness.verdict(key) == "VERIFIED"
    return key


def uploaded(harness: Harness) -> BuildKey:
    key = harness.upload()
    harness.announce(key)
    return key


def heard(harness: Harness) -> list[tuple[str, str]]:
    """Return what the audit trail says of runs, in the order of time."""
    entries = sorted(harness.cloud.audit_entries(), key=lambda entry: str(entry["timestamp"]))
    labels = [entry["labels"] for entry in entries]
    return [(label["event"], label["verdict"]) for label in labels if label["kind"] == "running"]


def text_about(harness: Harness, key: BuildKey) -> str:
    [message] = [message for message in harness.slack.messages if key.name in str(message.metadata)]
    return message.text


def test_an_upload_that_runs_is_told_on_its_message_and_is_over_once_a_verified_build_runs(harness: Harness) -> None:
    harness.sweep()
    verified(harness)
    run(harness)
    red = uploaded(harness)
    run(harness)
    assert "Runs since" in text_about(harness, red)
    verified(harness)
    run(harness)
    harness.live(3)
    first = text_about(harness, red).splitlines()[0]
    assert first.startswith(f"over: {FIXED[:7]} runs since")
    assert heard(harness) == [
        ("begun", "VERIFIED"),
        ("ceased", "VERIFIED"),
        ("begun", "LOCAL_SOURCE"),
        ("ceased", "LOCAL_SOURCE"),
        ("begun", "VERIFIED"),
    ]
    assert [(runs.tie, runs.verdict) for runs in known(harness).digests if runs.runs] == [
        (Tie.BUILD, "VERIFIED"),
        (Tie.BUILD, "LOCAL_SOURCE"),
        (Tie.BUILD, "VERIFIED"),
    ]


def test_a_build_of_before_is_found_in_one_listing(harness: Harness) -> None:
    harness.upload()
    harness.clock.advance(86_400)
    harness.sweep()
    run(harness)
    harness.live(3)
    now = known(harness).now
    assert now is not None
    assert (now.tie, now.verdict, now.why) == (
        Tie.BUILD,
        "LOCAL_SOURCE",
        "judged by its source alone: it ended before its runs were watched",
    )
    assert heard(harness) == [("begun", "LOCAL_SOURCE")]
    assert len(harness.deployment.services.store.holders(PAST, "images", now.digest, 9, timeout=5)) == 1


def test_what_no_build_pushed_is_told_after_half_an_hour_where_known_builds_ran_before(harness: Harness) -> None:
    harness.sweep()
    verified(harness)
    run(harness)
    harness.cloud.tag(f"{IMAGE}:latest", "sha256:" + "dd" * 32)
    run(harness)
    assert not [message for message in harness.slack.messages if "no build pushed" in message.text]
    harness.live(60)
    now = known(harness).now
    assert now is not None
    assert (now.tie, "`docker push`" in now.why) == (Tie.NONE, True)
    [said] = [message for message in harness.slack.messages if "no build pushed" in message.text]
    assert said.text.startswith("🔴")


def test_what_runs_at_the_beginning_is_one_message_after_an_hour(harness: Harness) -> None:
    harness.sweep()
    verified(harness)
    run(harness)
    harness.live(90)
    run(harness)
    harness.live(10)
    said = [message.text for message in harness.slack.messages if "watched; what runs" in message.text]
    assert len(said) == 1
    assert f"build {known(harness).digests[0].build.rpartition('/')[2].partition('-')[0]}" in said[0]


@pytest.mark.parametrize("changed", [True, False])
def test_the_audit_trail_says_whether_the_job_was_changed_or_its_tag_alone(harness: Harness, *, changed: bool) -> None:
    harness.sweep()
    verified(harness)
    run(harness)
    harness.live(60)
    if changed:
        harness.job(args=("--more",))
    uploaded(harness)
    run(harness)
    harness.live(70)
    entries = [entry for entry in harness.cloud.audit_entries() if entry["labels"]["kind"] == "running"]
    begun = [entry["jsonPayload"]["settings"] for entry in entries if entry["labels"]["event"] == "begun"]
    assert begun == [None, "changed" if changed else "same"]
