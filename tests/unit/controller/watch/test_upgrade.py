"""An upgrade in the midst of a watch: what another version stored is gone on with, or put off and not written over.

`fixtures/watched/mid-watch.json` has what was stored when an error was seen once and another run was still to be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.records import written
from tests.unit.controller.watch.deployed import HOUR, JOB, MINUTE, WatchedTeam, digest
from tests.unit.controller.world import SOON, World
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.watch.book import ErrorState
from verifier.controller.error_book import ERRORS, name_of, parse_book
from verifier.controller.ledger import BUILDS
from verifier.controller.runs.job_runs import JOBS, RUNS
from verifier.controller.runs.run_document import parse_run
from verifier.controller.watch.watch_document import WATCHES
from verifier.services import Document
from verifier.standin.clock import ManualClock
from verifier.times import parse_time, show_time

STORED: dict[str, Any] = json.loads((Path(__file__).parents[3] / "fixtures/watched/mid-watch.json").read_text())
LESSON = "KeyError: 'lesson'"
HALF = timedelta(minutes=30)
OTHER = replace(JOB, job="another-job")
Change = Callable[[str, Document], Document]


def as_it_was(_: str, document: Document) -> Document:
    return document


def with_a_field_more(_: str, document: Document) -> Document:
    """Return it with a field that this version does not know, in each object of it, and in those in its texts."""
    return {name: _grown(value) for name, value in document.items()} | {"mood": "good"}


def _grown(value: Any) -> Any:
    match value:
        case dict():
            return {name: _grown(item) for name, item in value.items()} | {"mood": "good"}
        case list():
            return [_grown(item) for item in value]
        case str() if value.startswith(("[", "{")):
            return json.dumps(_grown(json.loads(value)))
    return value


def by_a_later_version(collection: str) -> Change:
    """Return what makes documents of this collection those of a version that this one can't read."""

    def change(of: str, document: Document) -> Document:
        return {**document, "version": 2, "mood": "good"} if of == collection else document

    return change


@pytest.fixture
def world() -> Iterator[World]:
    with closing(SqliteStore(":memory:")) as store:
        yield World(store, ManualClock(parse_time(STORED["now"])))


def restored(world: World, change: Change = as_it_was) -> WatchedTeam:
    """Return the team whose documents these are, after a change of each."""
    team = WatchedTeam(world, numbers=iter(range(14, 1_000)))
    team.policy = replace(team.policy, jobs=(replace(OTHER, project=""),))
    for place, document in STORED["documents"].items():
        collection, name = place.split("/")
        world.store.create(collection, name, change(collection, document), timeout=SOON)
        if collection == RUNS:
            team.wrote(parse_run(document), LESSON)
    team.build("b")
    return team


def documents(world: World, collection: str) -> dict[str, Document]:
    names = [place.split("/")[1] for place in STORED["documents"] if place.startswith(f"{collection}/")]
    found = {name: world.store.read(collection, name, timeout=SOON) for name in names}
    return {name: stored.document for name, stored in found.items() if stored}


def assert_told(team: WatchedTeam) -> None:
    """Assert that the run that was still to be read is counted, and all is told, once."""
    watch = team.watch("b")
    assert (watch.runs, watch.read, watch.unread, watch.baseline) == (4, 4, 0, 9)
    assert [(error.name, error.state, error.runs) for error in watch.errors] == [(LESSON, ErrorState.NEW, 2)]
    once, worse = team.said()
    assert once[0] == f"👀 Seen once, in run 3 of 3 since 620ddba: “{LESSON}”"
    assert worse[2].startswith(
        "In 2 of 4 runs since 620ddba, first at 2026-11-23 07:53 UTC in run 3; not in the 9 runs"
    )
    assert [event for event in team.world.entries if event["kind"] == "regressed"][1:] == []


@pytest.mark.parametrize("change", [as_it_was, with_a_field_more])
def test_a_watch_that_another_version_stored_is_gone_on_with(world: World, change: Change) -> None:
    team = restored(world, change)
    assert team.go_on(HALF) == []
    assert_told(team)
    assert team.every(HALF, 1, "b") == []
    assert team.watch("b").runs == 5


@pytest.mark.parametrize("collection", [JOBS, ERRORS, WATCHES, RUNS])
def test_what_a_later_version_wrote_is_put_off_and_not_written_over_and_keeps_nothing_else_waiting(
    world: World, collection: str
) -> None:
    team = restored(world, by_a_later_version(collection))
    before = documents(world, collection)
    team.run("a", job=OTHER)
    troubles = team.go_on(HALF)
    assert team.watch("a", OTHER).runs == 1
    troubles += team.go_on(2 * HOUR)
    assert all("version 2" in trouble for trouble in troubles)
    assert 0 < len(troubles) <= 6, "it is tried once an hour"
    moments = ("due", "reading")
    for name, document in documents(world, collection).items():
        assert {**document, **dict.fromkeys(moments)} == {**before[name], **dict.fromkeys(moments)}
    assert not any("REGRESSED" in lines[0] for lines in team.said())


@pytest.mark.parametrize("collection", [JOBS, ERRORS, WATCHES, RUNS])
def test_once_it_can_be_read_nothing_is_lost(world: World, collection: str) -> None:
    team = restored(world, by_a_later_version(collection))
    team.go_on(3 * HALF)
    for name in documents(world, collection):
        stored = world.store.read(collection, name, timeout=SOON)
        assert stored is not None
        world.store.replace(collection, name, {**stored.document, "version": 1}, stored.revision, timeout=SOON)
    assert team.go_on(50 * MINUTE) == []
    assert_told(team)


def test_a_job_whose_errors_cannot_be_read_keeps_no_other_jobs_runs_waiting(world: World) -> None:
    team = restored(world, by_a_later_version(ERRORS))
    for _ in range(2):
        team.run("b", LESSON)
    team.run("a", job=OTHER)
    troubles = team.go_on(10 * MINUTE)
    assert (team.watch("b").runs, team.watch("a", OTHER).runs) == (3, 1)
    assert len(troubles) <= 2


def test_what_a_later_version_wanted_to_tell_is_kept_for_it(world: World) -> None:
    def change(of: str, document: Document) -> Document:
        if of != WATCHES or document["outbox"] == "[]":
            return document
        [item] = json.loads(document["outbox"])
        return {**document, "outbox": json.dumps([{**item, "kind": "of-tomorrow", "payload": {"event": "x"}}])}

    team = restored(world, change)
    troubles = team.go_on(10 * MINUTE)
    assert all("expected a kind of entry that this version knows, got 'of-tomorrow'" in one for one in troubles)
    assert team.watch("b").runs == 4
    assert [item["kind"] for item in team.kept("b").outbox] == ["of-tomorrow", "regressed"]
    assert team.said() == []


def test_errors_from_before_runs_were_compared_are_known(world: World) -> None:
    builds = [f"projects/vividly-dev/locations/us-central1/builds/{number}" for number in range(2)]
    moment = show_time(world.clock() - 30 * HOUR)
    known = {"identity": "2da40ef03eced776", "first": moment, "last": moment, "digest": digest("x")}
    error = {**known, "aliases": [], "runs": 2, "builds": 2, "latest": builds}
    team = restored(world)
    stored = world.store.read(ERRORS, name_of(JOB), timeout=SOON)
    assert stored is not None
    old = {name: stored.document[name] for name in ("version", "algorithm", "job", "nonce", "beyond")}
    world.store.replace(ERRORS, name_of(JOB), {**old, "errors": json.dumps([error])}, stored.revision, timeout=SOON)
    for name in documents(world, WATCHES):
        world.store.delete(WATCHES, [name], timeout=SOON)
    assert team.go_on(HALF) == []
    assert team.said() == []
    [seen] = team.watch("b").errors
    assert (seen.state, seen.deployments) == (ErrorState.KNOWN, 2)
    stored = world.store.read(ERRORS, name_of(JOB), timeout=SOON)
    assert stored is not None
    [kept] = parse_book(stored.document).errors
    assert (kept.builds, kept.runs, kept.on) == (2, 3, ((1, 1),))


def test_a_watch_tells_of_a_build_whose_record_is_one_of_0_1_0(world: World) -> None:
    old = written("0.1.0/done-verified")
    world.store.create(BUILDS, old.name, old.document, timeout=SOON)
    key = old.document["key"]
    name = f"projects/{key['project']}/locations/{key['location']}/builds/{key['id']}"
    own = "projects/vividly-dev/locations/us-central1/builds/62000000-0000-4000-8000-000000000000"

    def of_the_old_build(_: str, document: Document) -> Document:
        changed: Document = json.loads(json.dumps(document).replace(own, name))
        return changed

    team = restored(world, of_the_old_build)
    assert team.go_on(HALF) == []
    assert_told(team)
    [once, worse] = team.sayings()
    assert {once.about, worse.about} == {name}
    assert {once.thread, worse.thread} == {old.document["ts"]}
    stored = world.store.read(BUILDS, old.name, timeout=SOON)
    assert stored is not None
    assert [note["kind"] for note in stored.document["notes"]] == ["regressed"]
    assert stored.document["judgement"]["findings"] == old.document["judgement"]["findings"]
