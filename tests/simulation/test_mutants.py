"""Every planted bug is caught, by seeds that the honest code passes."""

from __future__ import annotations

import pytest

from tests.simulation.life import Unlawful, play
from tests.simulation.mutants import MUTANTS

_MOST_SEEDS = 600


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_caught(name: str) -> None:
    for seed in range(1, _MOST_SEEDS):
        try:
            play(seed, MUTANTS[name])
        except Unlawful:
            play(seed)
            return
    pytest.fail(f"{name}: not caught in {_MOST_SEEDS} seeds")
