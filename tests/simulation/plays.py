"""Short plays in which nothing is left to chance, and every crash in them: alone, and in every ordered pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import NamedTuple

from tests.simulation.fate import CRASHES, Destiny, Fate, Planned, unavailable
from tests.simulation.laws import UNREADABLE_ENTRY
from tests.simulation.life import Figures, Life
from tests.simulation.planet import GOOD
from tests.simulation.post import UNKNOWN, UNKNOWN_BUILD, UNREADABLE

Play = Callable[[Life], None]
_LOST = Fate(error=unavailable(ambiguous=True))
_TROUBLES: Mapping[str, Mapping[str, Mapping[int, Fate]]] = {
    "unanswered": {"jobs.start": {1: _LOST}, "chat.post": {1: _LOST}}
}
"""What goes wrong in a play whoever dies: the fates of its calls, by name and ordinal."""
_SWEEP_AT = {"silent": 660.0, "superseded": 300.0, "unanswered": 60.0, "unknown": 930.0, "worker": 300.0}
"""When the sweep begins to come: when it is needed, for an idle one is dull to crash."""


def upload(life: Life) -> None:
    """A build from uploaded files."""
    life.announce(life.planet.build(1, 2.0, 10.0, ""))


def worker(life: Life) -> None:
    """A build of a commit, its worker's run, and the event that the run has ended."""
    life.announce(life.planet.build(1, 2.0, 10.0, GOOD))


def unanswered(life: Life) -> None:
    """The same, where Cloud Run starts it and Slack posts the message, and neither answers."""
    worker(life)


def silent(life: Life) -> None:
    """A build that nobody sends a message about."""
    life.planet.build(1, 2.0, 10.0, "")


def superseded(life: Life) -> None:
    """A build of a commit whose image was replaced by another build's before the worker ran."""
    life.announce(life.planet.build(1, 2.0, 10.0, GOOD), delay=10.0)
    life.announce(life.planet.build(2, 2.0, 15.0, ""))


def early(life: Life) -> None:
    """A message that says SUCCESS while the build goes on; the true one is lost."""
    made = life.planet.build(1, 2.0, 70.0, "")
    life.announce(made, delay=-65.0)


def unknown(life: Life) -> None:
    """A message about a build that nobody ever made."""
    life.post.send("/builds", UNKNOWN, UNKNOWN_BUILD, delay=5.0)


def unreadable(life: Life) -> None:
    """A message that can't be read."""
    life.post.send("/builds", UNREADABLE, UNREADABLE_ENTRY, delay=5.0)


PLAYS: dict[str, Play] = {
    play.__name__: play for play in (upload, worker, unanswered, superseded, silent, early, unknown, unreadable)
}


class Crash(NamedTuple):
    """A process dies at this call."""

    number: int
    kind: str


def perform(play: Play, *crashes: Crash) -> tuple[Figures, list[str]]:
    """The play with these crashes in it, until all has settled, and the names of the calls. Raises Unlawful."""
    fates: Mapping[int, Fate] = {crash.number: CRASHES[crash.kind] for crash in crashes}
    named = " ".join(f"{crash.number}:{crash.kind}" for crash in crashes)
    destiny = Planned(fates, _TROUBLES.get(play.__name__, {}))
    life, before = begun(play, destiny, f"perform({play.__name__}, {named})")
    life.kernel.at(_SWEEP_AT.get(play.__name__, 120.0), life.sweeps)
    life.live(30.0)
    figures = life.settle(exactly=True)
    return figures, [call.name for call in life.wire.calls[before:]]


def begun(play: Play, destiny: Destiny, name: str) -> tuple[Life, int]:
    """A life in which this play begins, and the number of calls that its installation took."""
    life = Life(Random(1), destiny, name)
    life.install()
    before = len(life.wire.calls)
    play(life)
    return life, before


@cache
def first_call() -> int:
    """The number of the first call of a play: those before it are the installation's."""
    life = Life(Random(1), Planned(), "the installation")
    life.install()
    return len(life.wire.calls) + 1


def single_crashes(play: Play) -> Iterator[Crash]:
    """Every crash point of a play."""
    begin = first_call()
    _, names = perform(play)
    for number in range(begin, begin + len(names)):
        for kind in CRASHES:
            yield Crash(number, kind)


def followers(play: Play, first: Crash) -> list[Crash]:
    """Every crash that can follow this one. Raises Unlawful when this one alone breaks a law."""
    _, names = perform(play, first)
    return [Crash(number, kind) for number in range(first.number + 1, first_call() + len(names)) for kind in CRASHES]


def pairs(play: Play) -> Iterator[tuple[Crash, Crash]]:
    """Every ordered pair of crash points of a play."""
    for first in single_crashes(play):
        for second in followers(play, first):
            yield first, second
