"""What is due, and whose turn it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.builders import uploaded
from tests.unit.controller.world import NOW, World, world
from verifier.controller.ledger import Record
from verifier.controller.turns import Turns, Waiting, waiting
from verifier.controller.work import PLACE, RECORD
from verifier.times import show_time

__all__ = ["world"]


def order(turns: Turns) -> str:
    """Return the names of all that is left, as they have their turns."""
    return " ".join(item.name for item in iter(turns.take, None))


def work(*names: str) -> list[Waiting]:
    """Return pieces of work: of the project that a name begins with, places where it ends in p."""
    return [
        Waiting(PLACE if name.endswith("p") else RECORD, name, project=name[0], due=name, title=name) for name in names
    ]


@pytest.mark.parametrize(
    ("due", "turns"),
    [
        ("", ""),
        ("a1 a2 a3", "a1 a2 a3"),
        ("a1 a2 a3 a4 b1", "a1 b1 a2 a3 a4"),
        ("a1 a2 b1 c1 c2 b2", "a1 b1 c1 a2 b2 c2"),
        ("a1p a1 a2 b1 b2p", "a1p a1 b1 b2p a2"),
    ],
)
def test_projects_take_turns_with_what_waits_longest_and_each_kind_has_its_own(due: str, turns: str) -> None:
    assert order(Turns(work(*due.split()))) == turns


def test_a_project_that_lets_others_pass_has_its_turns_when_they_have_had_all_of_theirs() -> None:
    turns = Turns(work(*"a1 a2 a3p a4p b1 b2 c1".split()))
    assert turns.take() is not None
    turns.let_others_pass("a")
    assert order(turns) == "b1 c1 b2 a3p a2 a4p"


def record(world: World, number: int, seconds: float, project: str = "vividly-dev") -> str:
    """Let a record be due so many seconds ago; return its name."""
    key = uploaded(id=f"4e841fcb-1111-4000-8000-{number:012d}", name="", projectId=project).key
    world.put(Record(key, created=NOW, due=NOW - timedelta(seconds=seconds)))
    return key.digest


def test_all_that_is_due_is_found_however_much_that_is_and_of_whom(world: World) -> None:
    first = [record(world, number, 9_000 - number) for number in range(1_100)]
    last = record(world, 5_000, 1, "vividly-ops")
    record(world, 5_001, -1)
    found = waiting(RECORD, world.store, show_time(NOW), world.budget())
    assert [item.name for item in found] == [*first, last]
    assert {item.project for item in found} == {"vividly-dev", "vividly-ops"}
    assert found[-1] == Waiting(RECORD, last, "vividly-ops", show_time(NOW - timedelta(seconds=1)), f"record {last}")


def test_records_of_one_moment_hide_none_behind_them(world: World) -> None:
    for number in range(1_100):
        record(world, number, 60)
    last = record(world, 5_000, 1)
    found = waiting(RECORD, world.store, show_time(NOW), world.budget())
    assert len({item.name for item in found}) == 1_101
    assert found[-1].name == last
