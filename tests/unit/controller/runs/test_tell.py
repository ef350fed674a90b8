"""What a job runs, step by step: tied, recorded and told, each step saved before the next, and nothing told twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import DIGEST, FINISHED, IMAGE, POLICY, judged, pushed, uploaded
from tests.unit.controller.world import CHANNEL, NOW, SOON, World, world
from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.policy import Policy, Published, Route
from verifier.checks.verdict import Verdict
from verifier.config import Watched
from verifier.controller.ledger import Record, State, settled, verified_image
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job
from verifier.controller.runs.start_message import GATHERS_FOR
from verifier.controller.runs.tell import tie_and_tell
from verifier.controller.says import SAYINGS
from verifier.errors import Denied, ServiceError, Unavailable
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.reporting.note_text import note_lines, over_line
from verifier.services import Document
from verifier.times import show_time

__all__ = ["world"]

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
WATCHED = Watched(projects={"vividly-dev": ""}, locations=frozenset({"us-central1"}))
GREEN = "sha256:" + "7a" * 32
TS = "1795400000.000100"


@dataclass
class PublishedRuns:
    """The topic for verdicts."""

    published: list[tuple[Document, Mapping[str, str]]] = field(default_factory=list)

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        assert timeout > 0
        self.published.append((payload, attributes))


def step(world: World, job: JobRuns, policy: Policy = POLICY) -> JobRuns:
    return tie_and_tell(job, world.deployment(policy), WATCHED, world.budget())


def all_steps(world: World, job: JobRuns, policy: Policy = POLICY) -> JobRuns:
    """Take every step that there is to be taken, each after the one before was saved."""
    for _ in range(20):
        after = step(world, job, policy)
        if replace(after, due=job.due) == job:
            return after
        job = after
        keep(world, job)
    raise AssertionError("expected an end of steps")


def keep(world: World, job: JobRuns) -> None:
    """Let the ledger have the job, as its due time was."""
    name, document = name_of_job(job.job), {**job_document(job), "due": show_time(world.clock())}
    stored = world.store.read(JOBS, name, timeout=SOON)
    if stored is None:
        world.store.create(JOBS, name, document, timeout=SOON)
    else:
        world.store.replace(JOBS, name, document, stored.revision, timeout=SOON)


def ran(job: JobRuns | None, digest: str, moment: datetime) -> JobRuns:
    """Return the job once it has run this digest at that moment."""
    job = job or JobRuns(JOB, NOW)
    known = job.of(digest) or DigestRuns(digest, IMAGE, moment, moment)
    job = job.with_digest(replace(known, last=moment, runs=known.runs + 1))
    return replace(job, digest=digest, newest=moment, starts=(*job.starts, moment))


def put(world: World, build: Build, digest: str = DIGEST, **changes: Any) -> Record:
    """Let the ledger have a judged build whose message stands in Slack."""
    build, _, judgement = judged(build)
    kept = Record(
        build.key,
        NOW,
        build=build.document,
        images=(digest,),
        judgement=judgement,
        told=True,
        channel=CHANNEL,
        ts=TS,
    )
    record = settled(replace(kept, **changes), State.DONE)
    world.put(record)
    return record


def later(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def notes(world: World, record: Record) -> list[str]:
    return note_lines(world.record(record.key).notes)


def sayings(world: World) -> list[list[str]]:
    found = world.store.due(SAYINGS, "\U0010ffff", 50, field="queue", timeout=SOON)
    return [list(stored.document["lines"]) for _, stored in found]


def events(world: World) -> list[tuple[str, str, str]]:
    """Return what the audit trail heard of runs."""
    return [
        (labels["event"], labels["verdict"], labels["build"]) for labels in world.entries if labels["kind"] == "running"
    ]


def at_the_start(world: World) -> JobRuns:
    """Return a job that runs a VERIFIED build, after all is told of the beginning."""
    put(world, pushed(id="green", name="", results={"images": [{"name": IMAGE, "digest": GREEN}]}), GREEN)
    job = all_steps(world, ran(None, GREEN, NOW))
    world.clock.advance(GATHERS_FOR.total_seconds())
    return all_steps(world, job)


def test_a_job_that_runs_an_upload_is_told_on_the_upload_s_message_once(world: World) -> None:
    red = put(world, uploaded())
    job = ran(at_the_start(world), DIGEST, later(1))
    said = sayings(world)
    job = all_steps(world, job)
    assert notes(world, red) == ["Runs since 2026-11-23 03:23 UTC in dev-vividly-content-worker."]
    assert sayings(world) == said
    before = world.record(red.key)
    world.clock.advance(7200)
    assert all_steps(world, ran(job, DIGEST, later(2))).of(DIGEST) is not None
    assert world.record(red.key) == before
    assert events(world) == [
        ("begun", "VERIFIED", "green"),
        ("ceased", "VERIFIED", "green"),
        ("begun", "LOCAL_SOURCE", red.key.id),
    ]


def test_what_runs_is_saved_before_anybody_hears_of_it(world: World) -> None:
    put(world, uploaded())
    job = ran(None, DIGEST, NOW)
    stretched = step(world, job)
    assert stretched.digests[0].begun == NOW
    tied = step(world, stretched)
    assert tied.digests[0].verdict == "LOCAL_SOURCE"
    assert world.called == []
    assert step(world, step(world, tied)).digests[0].audited == "begun"


@pytest.mark.parametrize("crashes", range(9))
def test_a_step_that_is_taken_twice_says_the_same_thing(world: World, crashes: int) -> None:
    red = put(world, uploaded())
    job = ran(at_the_start(world), DIGEST, later(1))
    for number in range(10):
        if number == crashes:
            step(world, job)  # what it returned was never saved
        job = step(world, job)
        keep(world, job)
    assert notes(world, red) == ["Runs since 2026-11-23 03:23 UTC in dev-vividly-content-worker."]
    assert len(sayings(world)) == 1
    assert len(set(events(world))) == 3


def test_a_red_that_a_verified_build_replaces_is_over(world: World) -> None:
    red = put(world, uploaded())
    job = ran(at_the_start(world), DIGEST, later(1))
    job = all_steps(world, job)
    world.clock.advance(3600)
    all_steps(world, ran(job, GREEN, later(2)))
    record = world.record(red.key)
    assert record.judgement is not None
    assert over_line(record.notes, Verdict.LOCAL_SOURCE) == (
        "over: 85cffd8 runs since 2026-11-23 04:23 UTC; was LOCAL_SOURCE, 2026-11-23 03:23 UTC to 2026-11-23 04:23 UTC"
    )
    assert notes(world, red) == ["Ran from 2026-11-23 03:23 UTC to 2026-11-23 04:23 UTC in dev-vividly-content-worker."]


def test_a_red_that_comes_back_is_told_again_on_its_message_and_is_not_over_any_more(world: World) -> None:
    red = put(world, uploaded())
    job = all_steps(world, ran(at_the_start(world), DIGEST, later(1)))
    job = all_steps(world, ran(job, GREEN, later(2)))
    all_steps(world, ran(job, DIGEST, later(3)))
    assert notes(world, red) == ["Runs since 2026-11-23 05:23 UTC in dev-vividly-content-worker."]
    assert not over_line(world.record(red.key).notes, Verdict.LOCAL_SOURCE)


def test_a_red_is_over_when_the_last_job_has_ceased_to_run_it(world: World) -> None:
    red = put(world, uploaded())
    first = all_steps(world, ran(at_the_start(world), DIGEST, later(1)))
    other = replace(first, job=replace(JOB, job="other"), digests=(), starts=(), newest=None)
    other = all_steps(world, ran(all_steps(world, ran(other, GREEN, NOW)), DIGEST, later(1)))
    all_steps(world, ran(first, GREEN, later(2)))
    assert not over_line(world.record(red.key).notes, Verdict.LOCAL_SOURCE)
    all_steps(world, ran(other, GREEN, later(3)))
    assert over_line(world.record(red.key).notes, Verdict.LOCAL_SOURCE)


def test_a_red_that_another_red_replaces_only_ran(world: World) -> None:
    red = put(world, uploaded())
    worse = "sha256:" + "00" * 32
    put(world, uploaded(id="worse", name=""), worse)
    job = all_steps(world, ran(at_the_start(world), DIGEST, later(1)))
    all_steps(world, ran(job, worse, later(2)))
    assert notes(world, red) == ["Ran from 2026-11-23 03:23 UTC to 2026-11-23 04:23 UTC in dev-vividly-content-worker."]
    assert not over_line(world.record(red.key).notes, Verdict.LOCAL_SOURCE)


def test_where_the_build_has_no_message_there_is_one_routed_as_its_verdict_would_be(world: World) -> None:
    put(world, uploaded(), told=False, ts="")
    policy = replace(POLICY, routes=(Route("C0RED", "U0ONCALL", frozenset({Verdict.LOCAL_SOURCE})),))
    job = all_steps(world, ran(at_the_start(world), DIGEST, later(1)), policy)
    found = world.store.due(SAYINGS, "\U0010ffff", 50, field="queue", timeout=SOON)
    [said] = [stored.document for _, stored in found if stored.document["channel"] == "C0RED"]
    assert said["mention"] == "U0ONCALL"
    assert said["lines"][0] == (
        "🔴 dev-vividly-content-worker runs an upload (build 4e841fcb), LOCAL_SOURCE, since 2026-11-23 03:23 UTC"
    )
    all_steps(world, ran(job, GREEN, later(2)), policy)
    assert [lines[0] for lines in sayings(world)].count("✅ dev-vividly-content-worker: over") == 1


def test_where_policy_posts_no_such_verdict_nothing_is_said_of_its_runs(world: World) -> None:
    put(world, uploaded(), told=False, ts="")
    policy = replace(POLICY, posts=frozenset({Verdict.FAILED}))
    job = at_the_start(world)
    said = sayings(world)
    all_steps(world, ran(job, DIGEST, later(1)), policy)
    assert sayings(world) == said


def test_an_image_that_no_build_pushed_is_red_where_known_builds_ran_before(world: World) -> None:
    job = at_the_start(world)
    unknown = replace(DigestRuns("sha256:dd", IMAGE, later(1), later(1), runs=1), tie=Tie.NONE, sought=later(1))
    job = replace(job.with_digest(unknown), digest="sha256:dd", newest=later(1))
    job = all_steps(world, job)
    [said] = [lines for lines in sayings(world) if "no build pushed" in lines[0]]
    assert said[0] == "🔴 dev-vividly-content-worker runs an image that no build pushed, since 2026-11-23 03:23 UTC"
    all_steps(world, ran(job, GREEN, later(2)))
    assert [lines[0] for lines in sayings(world)].count("✅ dev-vividly-content-worker: over") == 1


def test_what_nobody_knows_from_the_start_is_told_to_the_audit_trail_and_in_the_first_message_alone(
    world: World,
) -> None:
    unknown = replace(DigestRuns("sha256:dd", IMAGE, NOW, NOW, runs=1), tie=Tie.NONE, sought=NOW)
    job = JobRuns(JOB, NOW, digest="sha256:dd", newest=NOW, digests=(unknown,))
    job = all_steps(world, job)
    assert sayings(world) == []
    world.clock.advance(GATHERS_FOR.total_seconds())
    assert all_steps(world, job).started
    [lines] = sayings(world)
    assert lines[0] == "👀 1 job is watched; what runs in them now:"
    assert events(world) == [("begun", "", "")]


def test_one_message_tells_what_all_jobs_run_at_the_start_and_jobs_of_later_have_none(world: World) -> None:
    put(world, uploaded(), told=False, ts="")
    silent = JobRuns(replace(JOB, job="never"), NOW)
    policy = replace(POLICY, jobs=(silent.job,))
    keep(world, silent)
    job = all_steps(world, ran(None, DIGEST, NOW), policy)
    world.clock.advance(GATHERS_FOR.total_seconds())
    job = all_steps(world, job, policy)
    [lines] = sayings(world)
    assert lines == [
        "👀 2 jobs are watched; what runs in them now:",
        "🔴 dev-vividly-content-worker: an upload (build 4e841fcb), LOCAL_SOURCE",
        "1 job has not run since.",
        "From now on a message comes where one of them runs something that is wrong.",
    ]
    assert all_steps(world, job, policy).started
    late = all_steps(world, ran(silent, DIGEST, later(2)), policy)
    assert late.started
    assert sorted(lines[0][:9] for lines in sayings(world)) == ["👀 2 jobs ", "🔴 never r"]


def test_a_job_that_goes_on_with_an_older_image_is_told_on_the_newer_build_s_message(world: World) -> None:
    old = put(world, pushed(id="old", name=""), DIGEST)
    images = {"images": [{"name": f"{IMAGE}:latest", "digest": GREEN}]}
    ended = FINISHED + timedelta(hours=1)
    build = pushed(id="newer", name="", finishTime=show_time(ended), results=images)
    newer = put(world, build, GREEN, verified=(verified_image(IMAGE, ended),))
    job = ran(None, DIGEST, NOW)
    for hours in (1.0, 2.0, 3.0):
        job = ran(job, DIGEST, later(hours))
    all_steps(world, job)
    assert notes(world, newer) == [
        "dev-vividly-content-worker ran 3 times since and still runs build old: its image is pinned."
    ]
    assert notes(world, old) == []


def test_builds_that_are_newer_and_have_no_message_are_told_of_in_one_message(world: World) -> None:
    put(world, pushed(id="old", name=""), DIGEST)
    job = ran(None, DIGEST, NOW)
    for number in (1, 2):
        digest, ended = f"sha256:{number}", FINISHED + timedelta(hours=number)
        images = {"images": [{"name": IMAGE, "digest": digest}]}
        build = pushed(id=f"newer{number}", name="", finishTime=show_time(ended), results=images)
        put(world, build, digest, verified=(verified_image(IMAGE, ended),), told=False, ts="")
        world.clock.advance(timedelta(hours=2).total_seconds())
        job = all_steps(world, ran(job, DIGEST, world.clock()))
    assert [lines[0] for lines in sayings(world) if "pinned" in lines[0]] == [
        "🟡 dev-vividly-content-worker ran once since and still runs build old: its image is pinned."
    ]


def test_what_runs_is_published_where_policy_wants_that_and_only_there(world: World) -> None:
    put(world, uploaded())
    world.announcer = topic = PublishedRuns()
    job = all_steps(world, ran(None, DIGEST, NOW))
    assert topic.published == []
    policy = replace(POLICY, publishes=frozenset({Published.RUNNING}))
    put(world, pushed(id="green", name=""), GREEN)
    all_steps(world, ran(job, GREEN, later(1)), policy)
    kinds = [(attributes["kind"], attributes["event"]) for _, attributes in topic.published]
    assert kinds == [("running", "ceased"), ("running", "begun")]
    assert topic.published[1][0]["digest"] == GREEN


@dataclass
class RefusingAudit:
    """An audit trail that takes nothing."""

    error: ServiceError

    def write(self, **_: Any) -> None:
        raise self.error


def test_trouble_with_the_audit_trail_does_not_keep_people_from_hearing(world: World) -> None:
    red = put(world, uploaded())
    job = at_the_start(world)
    world.audit = RefusingAudit(Denied("grant it"))
    job = ran(job, DIGEST, later(1))
    with pytest.raises(Denied):
        all_steps(world, job)
    assert notes(world, red) == ["Runs since 2026-11-23 03:23 UTC in dev-vividly-content-worker."]


def test_a_record_that_somebody_has_keeps_nothing_from_the_audit_trail(world: World) -> None:
    red = put(world, uploaded())
    job = ran(at_the_start(world), DIGEST, later(1))
    stored = world.store.read("builds", red.key.digest, timeout=SOON)
    assert stored is not None
    held = {**stored.document, "owner": "another", "lease_until": show_time(later(9))}
    world.store.replace("builds", red.key.digest, held, stored.revision, timeout=SOON)
    with pytest.raises(Unavailable):
        all_steps(world, job)
    assert events(world)[-1] == ("begun", "LOCAL_SOURCE", red.key.id)


def test_what_is_awaited_says_when_to_come_back(world: World) -> None:
    job = all_steps(world, ran(None, DIGEST, NOW))
    assert job.due == NOW + timedelta(seconds=30)
    settled_job = at_the_start(world)
    assert step(world, settled_job) == settled_job
