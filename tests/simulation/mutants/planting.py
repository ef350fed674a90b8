"""How a bug is planted: for as long as a test wants it, and named for what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

Situation = Callable[[], object]
"""Raises ViolationFound when an invariant is broken in it."""

Plant = Callable[[ExitStack], None]
"""Puts a bug into its place, until the stack ends."""


class Mutant(NamedTuple):
    """A planted bug."""

    planted: Callable[[], AbstractContextManager[object]]
    invariant: str
    """The invariant that is there for it: a regular expression for what is said when it is broken."""
    situation: Situation | None
    """Where it shows; without one, in a seed."""
    seeds: Callable[[int], object] | None
    """What runs such a seed; without it, builds alone."""


MUTANTS: dict[str, Mutant] = {}


def mutant(
    invariant: str, situation: Situation | None = None, *, seeds: Callable[[int], object] | None = None
) -> Callable[[Plant], Plant]:
    """Enter a bug under the name of what plants it."""

    def entered(plant: Plant) -> Plant:
        @contextmanager
        def planted() -> Iterator[None]:
            with ExitStack() as stack:
                plant(stack)
                yield

        MUTANTS[plant.__name__.replace("_", " ")] = Mutant(planted, invariant, situation, seeds)
        return plant

    return entered


def put(stack: ExitStack, where: Any, name: str, bug: Any) -> None:
    """Put the bug in the place of what has this name, until the stack ends."""
    stack.enter_context(patch.object(where, name, bug))
