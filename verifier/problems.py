"""Problems found while reading what people wrote: all of them are told at once."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.errors import SettingsError
from verifier.redact import excerpt


class Problems:
    """What is wrong with something that people wrote: collected, so that all of it is said at once."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, place: str, problem: str) -> None:
        """Note one problem and where it is."""
        self._lines.append(f"  {place}: {problem}")

    def unknown(self, place: str, name: str, known: Iterable[str]) -> None:
        """Note a name that means nothing, with the one that was probably meant."""
        from difflib import get_close_matches  # here, because a sound deployment never needs it

        names = sorted(known)
        near = get_close_matches(name, names, n=1, cutoff=0.8)
        self.add(place, f"unknown; did you mean {near[0]}?" if near else f"unknown; expected one of {', '.join(names)}")

    def check(self, what: str) -> None:
        """Raise SettingsError with every problem, a line each, if there is any."""
        if self._lines:
            count = f"{len(self._lines)} problem{'s' if len(self._lines) > 1 else ''}"
            raise SettingsError("\n".join([f"{what}: {count}", *self._lines]))


def shown(value: str) -> str:
    """Text as a message quotes it: one line, capped, without what looks like a secret."""
    return repr(excerpt(value, 80))
