"""What goes wrong is told with the seed that shows it, whatever becomes of the exception that said so first."""

from __future__ import annotations

from random import Random
from unittest.mock import patch

import pytest

from tests.simulation.fate import Kind, unavailable
from tests.simulation.laws import Broken
from tests.simulation.life import Life, Unlawful, play
from tests.simulation.mutants import MUTANTS
from tests.simulation.planet import Planet
from verifier.controller import sweep


def test_a_broken_law_stays_broken_when_another_exception_takes_its_place() -> None:
    life = Life(Random(1), Kind(), "the name of it")
    life.install()

    def swallowed(*_: object) -> int:
        try:
            life.laws.acknowledged(life.kernel.process(), "/builds", "a build that nobody knows")
        except Broken:
            raise unavailable() from None
        return 0

    life.kernel.at(60.0, life.sweeps)
    with patch.object(sweep, "_look_everywhere", swallowed), pytest.raises(Unlawful) as raised:
        life.live(100.0)
    first, second, *_ = str(raised.value).splitlines()
    assert first == "a message about a build that nobody knows was acknowledged, and nothing was written"
    assert second == "To see it again: the name of it"


def test_a_broken_law_says_which_seed_shows_it() -> None:
    lease = MUTANTS["lease shorter than the call"]
    with lease.planted(), pytest.raises(Unlawful, match=r"python -m tests\.simulation --seed 1\n"):
        play(1)


def test_whatever_else_goes_wrong_says_which_seed_shows_it() -> None:
    with patch.object(Planet, "build", lambda *_: 1 / 0), pytest.raises(Unlawful, match=r"ZeroDiv.*\n.* --seed 7$"):
        play(7)
