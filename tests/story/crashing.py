"""Services that let an invocation die at one of its outward calls: before it, or after its effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.story.town import Town


class Crash(BaseException):
    """The process is gone: nothing of ours catches it, and nothing is released."""


@dataclass
class Death:
    """Dies at one call of all that are made, counted from 1."""

    at: int = 0
    """0: never."""
    after: bool = False
    """The call takes effect first."""
    calls: list[str] = field(default_factory=list)
    """What was called, in order."""

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, with death in its way."""

        def dying(*words: Any, **named: Any) -> Any:
            self.calls.append(name)
            mine = len(self.calls) == self.at
            if mine and not self.after:
                raise Crash(name)
            answer = call(*words, **named)
            if mine:
                raise Crash(name)
            return answer

        return dying


class Mortal:
    """A service whose every method is an outward call."""

    def __init__(self, service: object, name: str, death: Death) -> None:
        self._service, self._name, self._death = service, name, death

    def __getattr__(self, method: str) -> Any:
        return self._death.around(f"{self._name}.{method}", getattr(self._service, method))


def make_mortal(town: Town, death: Death) -> None:
    """Every outward call of this town's services goes past this death."""
    services: Any = town.world.services
    for name in ("store", "builds", "jobs", "logs", "audit", "chat"):
        object.__setattr__(services, name, Mortal(getattr(services, name), name, death))
    object.__setattr__(town.world.ledger, "store", services.store)
