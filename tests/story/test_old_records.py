"""Whatever a version has written into the ledger is read by the later ones, and brought to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fixtures.records import cases, written
from tests.story.harness import JOB, Harness, harness
from verifier import __version__
from verifier.controller.ledger import BUILDS, State, cut_due, parse_record, record_document
from verifier.facts.build import BuildKey

__all__ = ["harness"]

RECORDS, MARKS = cases("builds"), cases("marks")


def test_this_version_has_its_folder() -> None:
    """`python -m tests.fixtures.records` writes it when a version is released."""
    assert __version__ in {case.partition("/")[0] for case in (*RECORDS, *MARKS)}


def put(harness: Harness, case: str) -> BuildKey:
    """Put the record into the ledger, and what there was then: its build, and the worker's execution."""
    old = written(case)
    for build in old.builds:
        harness.put(build)
    record = parse_record(old.document)
    document: dict[str, Any] = old.document
    if record.intent is not None and record.state is State.OPEN:
        started = harness.deployment.services.jobs.start(JOB, (), {"VERIFIER_BUILD": record.key.name}, timeout=5)
        document["execution"] = started if record.execution else ""
    assert harness.deployment.services.store.create(BUILDS, old.name, document, timeout=5) is not None
    assert old.name == record.key.digest
    return record.key


@pytest.mark.parametrize("case", RECORDS)
def test_an_old_record_keeps_all_that_it_says(case: str) -> None:
    old = written(case).document
    assert of_old(record_document(parse_record(old)), old) == old


def of_old(now: Any, old: Any) -> Any:
    """Return what stood in the old document, as it is now: a later version may only add fields."""
    if isinstance(old, dict):
        return {name: of_old(now[name], old[name]) for name in old}
    if isinstance(old, list) and len(old) == len(now):
        return [of_old(*pair) for pair in zip(now, old, strict=True)]
    return now


@pytest.mark.parametrize("case", RECORDS)
def test_an_old_record_is_brought_to_its_end(harness: Harness, case: str) -> None:
    key, end = put(harness, case), written(case).end
    before, runs = harness.record(key), harness.executions()
    for _ in range(70):
        harness.clock.advance(60)
        harness.sweep()
    record = harness.record(key)
    assert harness.executions() == runs
    assert f"{record.state} {harness.verdict(key) or ''}".strip() == end
    if before.state is State.OPEN:
        assert len(harness.slack.messages) == 1
    else:
        assert record == replace(before, cut_due=cut_due(before))


@pytest.mark.parametrize("case", [case for case in RECORDS if "/done" in case])
def test_another_message_about_what_an_old_record_says_is_done_changes_nothing(harness: Harness, case: str) -> None:
    key = put(harness, case)
    before = harness.record(key)
    harness.announce(key)
    harness.finish(key)
    assert harness.record(key) == before
    assert harness.faults.calls == ()


@pytest.mark.parametrize("case", MARKS)
def test_an_old_mark_keeps_no_silent_build_from_being_found(harness: Harness, case: str) -> None:
    old = written(case)
    assert harness.deployment.services.store.create(old.collection, old.name, old.document, timeout=5) is not None
    harness.live(3)  # of a sweep that died, the turn is over by then
    key = harness.upload()
    harness.live(110)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    if old.document.get("waiting"):
        assert any("does not show" in message.text for message in harness.slack.messages)
