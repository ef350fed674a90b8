"""What an answer is worth: when it was given, by which version and policy, and of what. It stands in every form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from verifier import __version__
from verifier.redact import excerpt
from verifier.times import show_time

_MOST_SCOPE = 400
_MOST_PROBLEM = 500
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an audit, or another answer, comes from."""

    generated: datetime
    scope: str
    """What was read, in words: a project, its locations and a span, or files; and what was left out of it."""
    policy: str = ""
    """The SHA-256 of the policy file; empty where there was none: the defaults judged, or nothing was."""
    version: str = __version__

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "generated": show_time(self.generated),
            "version": self.version,
            "policy": self.policy or None,
            "scope": excerpt(self.scope, _MOST_SCOPE),
        }

    def field(self, problems: Iterable[object] = ()) -> dict[str, Any]:
        """Return it as a field of a JSON object, with what could not be read or judged."""
        return {"origin": {**self.document(), "problems": [excerpt(str(one), _MOST_PROBLEM) for one in problems]}}

    def sentence(self) -> str:
        """Return it in a sentence."""
        policy = f"policy {self.policy[:_SHORT]}" if self.policy else "the default policy"
        when = f"{self.generated.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"Made {when} by Build Verifier {self.version}, with {policy}, of {excerpt(self.scope, _MOST_SCOPE)}."
