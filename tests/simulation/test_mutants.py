"""Every planted bug breaks the law that is there for it, in a seed or a scene that the honest code passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest

from tests.simulation.life import Unlawful, play
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.mutants.planting import Scene
from tests.tally import Attempt

_MOST_SEEDS = 300


def scenes(mutant: Mutant) -> Iterator[Scene]:
    if mutant.scene:
        yield mutant.scene
    else:
        yield from (partial(play, seed) for seed in range(1, _MOST_SEEDS))


def broken_in(scene: Scene, mutant: Mutant) -> str:
    """What the law says that the bug breaks here; empty: it breaks none."""
    try:
        with mutant.planted():
            scene()
    except Unlawful as unlawful:
        return str(unlawful).partition("\n")[0]
    return ""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_breaks_the_law_that_is_there_for_it(name: str, case: Attempt) -> None:
    case("planted bugs, held when caught")
    mutant, broken = MUTANTS[name], set[str]()
    for scene in scenes(mutant):
        law = broken_in(scene, mutant)
        broken.add(law)
        if re.search(mutant.law, law):
            scene()
            return
    pytest.fail(f"{name} did not break {mutant.law!r}, but {sorted(broken)}")
