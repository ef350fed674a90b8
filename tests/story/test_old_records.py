"""Whatever a version has written into the ledger is read by the later ones, and brought to its end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.records import cases, written
from tests.story.town import JOB, Town, town
from verifier import __version__
from verifier.controller.ledger import BUILDS, State, parse_record, record_document
from verifier.facts.build import BuildKey

__all__ = ["town"]

RECORDS, MARKS = cases("builds"), cases("marks")


def test_this_version_has_its_folder() -> None:
    """`python -m tests.fixtures.records` writes it when a version is released."""
    assert __version__ in {case.partition("/")[0] for case in (*RECORDS, *MARKS)}


def put(town: Town, case: str) -> BuildKey:
    """Let the ledger hold the record, and the world be as it was then: its build, and the execution on trial."""
    old = written(case)
    for build in old.builds:
        town.put(build)
    record = parse_record(old.document)
    document: dict[str, Any] = old.document
    if record.intent is not None and record.state is State.OPEN:
        started = town.world.services.jobs.start(JOB, (), {"VERIFIER_BUILD": record.key.name}, timeout=5)
        document["execution"] = started if record.execution else ""
    assert town.world.services.store.create(BUILDS, old.name, document, timeout=5) is not None
    assert old.name == record.key.digest
    return record.key


@pytest.mark.parametrize("case", RECORDS)
def test_an_old_record_keeps_all_that_it_says(case: str) -> None:
    old = written(case).document
    assert of_old(record_document(parse_record(old)), old) == old


def of_old(now: Any, old: Any) -> Any:
    """What stood in the old document, as it is now: a later version may only add fields."""
    return {name: of_old(now[name], old[name]) for name in old} if isinstance(old, dict) else now


@pytest.mark.parametrize("case", RECORDS)
def test_an_old_record_is_brought_to_its_end(town: Town, case: str) -> None:
    key, end = put(town, case), written(case).end
    before, runs = town.record(key), town.executions()
    for _ in range(70):
        town.clock.advance(60)
        town.sweep()
    record = town.record(key)
    assert town.executions() == runs
    assert f"{record.state} {town.verdict(key) or ''}".strip() == end
    if before.state is State.OPEN:
        assert len(town.slack.messages) == 1
    else:
        assert record == before


@pytest.mark.parametrize("case", [case for case in RECORDS if "/done" in case])
def test_another_message_about_what_an_old_record_says_is_done_changes_nothing(town: Town, case: str) -> None:
    key = put(town, case)
    before = town.record(key)
    town.announce(key)
    town.finish(key)
    assert town.record(key) == before
    assert town.faults.calls == ()


@pytest.mark.parametrize("case", MARKS)
def test_an_old_mark_keeps_no_silent_build_from_being_found(town: Town, case: str) -> None:
    old = written(case)
    assert town.world.services.store.create(old.collection, old.name, old.document, timeout=5) is not None
    town.live(3)  # of a sweep that died, the turn is over by then
    key = town.upload()
    town.live(110)
    assert town.verdict(key) == "LOCAL_SOURCE"
    if old.document.get("waiting"):
        assert any("does not show" in message.text for message in town.slack.messages)
