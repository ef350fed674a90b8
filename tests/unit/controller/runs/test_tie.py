"""From a digest to its build: the ledger first, then the builds of before, and in words why there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import DIGEST, FINISHED, IMAGE, POLICY, SHA, judged, pushed, uploaded
from tests.unit.controller.world import NOW, World, world
from verifier.checks.job_runs import DigestRuns, JobRuns, NewerBuild, Tie
from verifier.checks.judgement import Judgement
from verifier.checks.running import UNTIED_FOR
from verifier.config import Watched
from verifier.controller.ledger import Record, State, cut, verified_image, verified_images
from verifier.controller.runs.past import listing_of
from verifier.controller.runs.tie import with_newer, with_tie
from verifier.controller.work import WorkContext, do_work
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.reporting.running_text import no_build_text
from verifier.services import CreatedPage
from verifier.times import show_time

__all__ = ["world"]

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
WATCHED = Watched(projects={"vividly-dev": "", "vividly-images": ""}, locations=frozenset({"us-central1"}))


def job(digest: str = DIGEST, since: datetime = NOW, **changes: Any) -> JobRuns:
    """Return a job that has run this digest once."""
    runs = replace(DigestRuns(digest, IMAGE, since, since, runs=1), **changes)
    return JobRuns(JOB, since, digest=digest, newest=since, digests=(runs,))


def record(build: Build, judgement: Judgement | None, **changes: Any) -> Record:
    images = tuple(image.digest for image in build.images)
    kept = Record(build.key, NOW, State.DONE, build=build.document, images=images, judgement=judgement)
    return replace(kept, **changes)


def tied(world: World, watched: JobRuns) -> DigestRuns:
    """Return what is known of what runs once its build was looked for."""
    now = with_tie(watched, world.deployment(), WATCHED, world.budget()).now
    assert now is not None
    return now


def list_all(world: World, *pages: CreatedPage) -> None:
    """List the builds of before of every project that is asked for."""
    world.created = list(pages)
    for name, _ in world.store.due("past", show_time(world.clock()), 9, timeout=5):
        do_work("past", name, WorkContext(world.deployment(), WATCHED, world.budget()))


def test_the_ledger_knows_the_build_its_commit_and_its_verdict(world: World) -> None:
    build, _, judgement = judged(pushed())
    world.put(record(build, replace(judgement, policy="ab")))
    found = tied(world, job())
    assert (found.tie, found.build, found.commit, found.verdict) == (Tie.BUILD, build.key.name, SHA, "VERIFIED")
    assert (found.policy, found.ended, found.sought) == ("ab", FINISHED, NOW)
    assert world.called == []


def test_of_several_builds_the_one_with_the_worst_verdict_counts(world: World) -> None:
    good, _, judgement = judged(pushed())
    bad, _, worse = judged(uploaded(id="71a0c2d4", name=""))
    world.put(record(good, judgement))
    world.put(record(bad, worse))
    assert (tied(world, job()).build, tied(world, job()).verdict) == (bad.key.name, "LOCAL_SOURCE")


def test_a_build_whose_worker_still_runs_is_known_without_a_verdict(world: World) -> None:
    build = pushed()
    world.put(record(build, None, state=State.OPEN))
    found = tied(world, job())
    assert (found.tie, found.verdict, found.why) == (Tie.BUILD, "", "")


def test_a_build_that_did_not_succeed_says_how_it_ended(world: World) -> None:
    build = pushed(status="TIMEOUT")
    world.put(record(build, Judgement(None, (), NOW)))
    assert tied(world, job()).why == "it ended TIMEOUT"


def test_a_record_that_was_cut_still_ties_its_digests(world: World) -> None:
    build, _, judgement = judged(pushed())
    world.put(cut(record(build, judgement), NOW))
    found = tied(world, job())
    assert (found.tie, found.verdict, found.commit) == (Tie.BUILD, "VERIFIED", "")


def test_a_record_of_a_later_version_is_passed_over(world: World) -> None:
    document = {"images": [DIGEST], "version": 99}
    world.store.create("builds", "later", document, timeout=5)
    assert tied(world, job()).tie is Tie.OPEN


def test_what_the_ledger_does_not_know_is_looked_for_among_the_builds_of_before(world: World) -> None:
    assert tied(world, job()).tie is Tie.OPEN
    list_all(world, CreatedPage([pushed()], 0, ""))
    found = tied(world, job())
    assert (found.tie, found.verdict, found.commit) == (Tie.BUILD, "VERIFIED", SHA)


def test_builds_of_the_image_s_own_project_are_looked_through_too(world: World) -> None:
    image = IMAGE.replace("vividly-dev", "vividly-images")
    tied(world, job(repository=image))
    asked = {
        listing_of(project, NOW, world.deployment(), WATCHED, world.budget()).project for project in WATCHED.projects
    }
    assert asked == {"vividly-dev", "vividly-images"}
    list_all(world)
    assert sorted(world.called) == ["created vividly-dev/us-central1", "created vividly-images/us-central1"]


def test_nobody_knows_a_build_once_it_was_looked_for_everywhere_for_long_enough(world: World) -> None:
    tied(world, job())
    list_all(world)
    assert tied(world, job(since=NOW - UNTIED_FOR + timedelta(seconds=1))).tie is Tie.OPEN
    found = tied(world, job(since=NOW - UNTIED_FOR))
    assert (found.tie, found.why) == (
        Tie.NONE,
        no_build_text(IMAGE, ["vividly-dev"], []),
    )


def test_it_is_waited_for_the_builds_of_before_and_told_if_they_can_not_be_listed(world: World) -> None:
    long_ago = NOW - timedelta(days=2)
    assert tied(world, job(since=long_ago)).tie is Tie.OPEN
    world.clock.advance(timedelta(days=1).total_seconds())
    found = tied(world, job(since=long_ago))
    assert found.tie is Tie.NONE
    assert found.why.endswith("; not looked through: vividly-dev (not to its end)")


def test_an_image_of_another_registry_is_said_to_be_one(world: World) -> None:
    tied(world, job())
    list_all(world)
    found = tied(world, job(since=NOW - UNTIED_FOR, repository="docker.io/library/postgres"))
    assert found.why == "it comes from another registry (docker.io)"


def test_what_was_tied_stays_tied_whatever_became_of_the_record(world: World) -> None:
    known = running(sought=NOW - timedelta(days=1))
    assert tied(world, known).verdict == "VERIFIED"
    assert tied(world, known).sought == NOW


def test_what_was_looked_for_a_moment_ago_is_not_looked_for_again(world: World) -> None:
    once = with_tie(job(), world.deployment(), WATCHED, world.budget())
    assert with_tie(once, world.deployment(), WATCHED, world.budget()) is once


NEWER_DIGEST = "sha256:" + "7a" * 32


def put_newer(world: World, days: float, digest: str = NEWER_DIGEST, build_id: str = "71a0c2d4") -> Build:
    """Let the ledger have a VERIFIED build of the image, so many days after the one that runs."""
    ended = FINISHED + timedelta(days=days)
    images = {"images": [{"name": f"{IMAGE}:latest", "digest": digest}]}
    build, _, judgement = judged(pushed(id=build_id, name="", finishTime=show_time(ended), results=images))
    world.put(record(build, judgement, verified=(verified_image(IMAGE, ended),)))
    return build


def running(**changes: Any) -> JobRuns:
    known = {"tie": Tie.BUILD, "verdict": "VERIFIED", "ended": FINISHED, "build": "projects/p/locations/l/builds/b"}
    return job(**{**known, **changes})


def newer(world: World, watched: JobRuns) -> JobRuns:
    return with_newer(watched, world.deployment(), world.budget())


def test_the_newest_verified_build_of_the_image_is_found_by_the_day_of_its_verdict(world: World) -> None:
    put_newer(world, 1)
    build = put_newer(world, 2, build_id="newest")
    world.clock.advance(timedelta(days=3).total_seconds())
    found = newer(world, running())
    assert found.newer == NewerBuild(build.key.name, SHA, NEWER_DIGEST, FINISHED + timedelta(days=2))
    assert found.newer_sought == world.clock()
    assert newer(world, found) is found


def test_a_newer_build_stays_known_when_its_day_is_not_looked_at_any_more(world: World) -> None:
    put_newer(world, 1)
    world.clock.advance(timedelta(days=1).total_seconds())
    found = newer(world, running())
    world.clock.advance(timedelta(days=3).total_seconds())
    assert newer(world, found).newer == found.newer is not None


@pytest.mark.parametrize("changes", [{"tie": Tie.NONE}, {"ended": None}])
def test_nothing_is_newer_than_what_is_not_dated(world: World, changes: dict[str, Any]) -> None:
    put_newer(world, 0)
    watched = running(**changes)
    assert newer(world, watched) is watched


def test_of_very_many_images_of_one_build_the_first_are_kept_and_none_of_an_overlong_name() -> None:
    kept = verified_images([IMAGE, IMAGE, "x" * 256, *(f"{IMAGE}-{number}" for number in range(99))], FINISHED)
    assert len(kept) == 16
    assert kept[:2] == (verified_image(IMAGE, FINISHED), verified_image(f"{IMAGE}-0", FINISHED))


def test_a_verified_build_of_another_image_is_none_of_its() -> None:
    assert verified_image(IMAGE, FINISHED) != verified_image(f"{IMAGE}-2", FINISHED)
    assert POLICY.workers[0].image == IMAGE
