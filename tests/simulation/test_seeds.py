"""Some seeds of the simulation: the first ones always, and as many that nobody has tried before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import FIRST_FRESH_SEED
from tests.simulation.chance import EVERY_TROUBLE
from tests.simulation.life import Life, play
from tests.tally import Tally

_ROOT = Path(__file__).parents[2]
_AT_ONCE = 75
_KNOWN = range(1, 251)
_FRESH = range(FIRST_FRESH_SEED, FIRST_FRESH_SEED + 150, _AT_ONCE)


def test_the_known_seeds_break_no_law_and_meet_every_trouble_at_every_call(tally: Tally) -> None:
    met: set[tuple[str, str]] = set()
    lives: list[Life] = []
    for seed in tally("known seeds", _KNOWN):
        play(seed, watch=lives.append)
        met |= {(call, fate.trouble) for _, _, call, fate in lives.pop().wire.trace}
    assert {(call, trouble) for trouble, calls in EVERY_TROUBLE.items() for call in calls} - met == set()


@pytest.mark.parametrize("first", _FRESH)
def test_no_seed_breaks_a_law(first: int, tally: Tally) -> None:
    for seed in tally("fresh seeds", range(first, first + _AT_ONCE)):
        play(seed)


def test_a_seed_plays_the_same_way_every_time_whatever_the_hashes() -> None:
    told = set()
    for hashes in ("1", "2"):
        program = "from tests.simulation.test_seeds import trace; print(trace(523))"
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hashes},
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(ran.stdout)
    assert len(told) == 1
    assert len(told.pop()) > 10_000


def trace(seed: int) -> str:
    """Everything that is called in one seed, and what becomes of it."""
    lives: list[Life] = []
    play(seed, watch=lives.append)
    return "\n".join(map(repr, lives[0].wire.trace))
