"""Executions whose end no message told: counted a day and project, by all instances together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.controller.world import NOW, World, world
from verifier.controller.ledger import Record
from verifier.controller.unheard import unheard
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Store

__all__ = ["world"]

ENTRY = timedelta(seconds=30)


def ended(number: int = 1, project: str = "vividly-dev", *, ago: timedelta = ENTRY) -> Record:
    key = BuildKey(project, "us-central1", f"4e841fcb-2222-4000-8000-{number:012d}")
    return Record(key, created=NOW, ended=NOW - ago, execution="run-1")


def counted(world: World, record: Record) -> int | None:
    """Return what the signal says, as another instance tells it each time; None where it tells nothing."""
    signal = unheard(record, world.deployment(), world.budget(), world.clock())
    return None if signal is None else int(signal.fields["in_a_day"])


@pytest.mark.parametrize(
    "record",
    [ended(ago=ENTRY - timedelta(seconds=1)), replace(ended(), heard=NOW), replace(ended(), ended=None)],
    ids=["a moment ago", "told", "not ended"],
)
def test_what_was_told_or_may_still_be_is_none_to_tell_of(world: World, record: Record) -> None:
    assert counted(world, record) is None
    assert world.called == [], "and the ledger is not asked"


def test_while_others_of_the_project_are_told_of_one_that_is_missing_was_lost(world: World) -> None:
    deployment = world.deployment()
    deployment.arrivals.note("vividly-dev", world.clock())
    assert unheard(ended(), deployment, world.budget(), world.clock()) is None
    assert unheard(ended(project="other"), deployment, world.budget(), world.clock()) is not None


def test_those_of_a_day_and_a_project_are_counted_and_the_same_one_once(world: World) -> None:
    assert [counted(world, ended(number)) for number in (1, 2, 2)] == [1, 2, 2]
    assert counted(world, ended(3, "other-team")) == 1
    world.clock.advance(86_400)
    assert counted(world, ended(4)) == 1


def test_no_more_are_remembered_than_an_alert_could_need(world: World) -> None:
    assert [counted(world, ended(number)) for number in range(25)][-1] == 20


def test_where_the_ledger_does_not_count_it_is_told_as_the_only_one(world: World) -> None:
    class Away:
        def read(self, *_: object, **__: object) -> None:
            raise Unavailable("the ledger is away")

    counted(world, ended(1))
    away: Store = Away()  # type: ignore[assignment]  # the rest of a store is not asked
    world.store = away
    assert counted(world, ended(2)) == 1
