"""The process is killed at any outward call of any play: every build still gets one verdict, told and recorded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.calls import CALLS, READS, WRITES
from tests.crashes.death import Moment
from tests.crashes.nursery import Zygote, a_zygote
from tests.crashes.plays import PLAYS
from tests.crashes.theatre import Theatre
from tests.crashes.topic import Topic, a_topic
from tests.tally import Tally

NOT_REACHED: dict[str, str] = {}
"""Calls that no play makes, each with the reason."""


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with a_zygote(tmp_path_factory.mktemp("zygote") / "lives.log") as started:
        yield started


@pytest.fixture(scope="session")
def topic(pubsub_emulator: str) -> Iterator[Topic]:
    with a_topic(pubsub_emulator, "crashes") as made:
        yield made


@pytest.fixture
def theatre(zygote: Zygote, firestore_emulator: str, tmp_path: Path, request: pytest.FixtureRequest) -> Theatre:
    return Theatre(zygote, firestore_emulator, tmp_path, lambda: request.getfixturevalue("topic"))


def points(calls: list[str], moment: Moment) -> list[int]:
    """The calls to die at, counted from 1. The moment right before the next write is the one before that write."""
    last = len(calls)
    return [at for at in range(1, last + 1) if moment is not Moment.ANSWERED or at == last or calls[at] not in WRITES]


@pytest.mark.parametrize("name", PLAYS)
@pytest.mark.parametrize("moment", Moment)
def test_a_process_killed_at_any_call_loses_nothing_and_repeats_nothing(
    theatre: Theatre, name: str, moment: Moment, tally: Tally
) -> None:
    for at in tally("crash points, a real process killed", points(theatre.perform(name), moment)):
        theatre.perform(name, (at, moment))


def test_the_plays_make_every_call_that_there_is(theatre: Theatre) -> None:
    assert {call for name in PLAYS for call in theatre.perform(name)} == CALLS - NOT_REACHED.keys()


def test_every_read_and_every_reason_is_about_a_call_that_there_is() -> None:
    assert READS < CALLS
    assert NOT_REACHED.keys() < CALLS
