"""`--fail-on`: which verdicts a script is to be stopped by, the same for every command."""

from __future__ import annotations

import click

from verifier.checks.verdict import Verdict

FLAGGED = 3
"""The exit code when a build has one of these verdicts."""
NOTHING = "none"


def verdicts(text: str) -> frozenset[Verdict]:
    """Return verdicts with commas between them, or `none`. Raise BadParameter with those that there are."""
    words = [word.strip().upper() for word in text.split(",")]
    if words == [NOTHING.upper()]:
        return frozenset()
    unknown = [word for word in words if word not in Verdict.__members__]
    if unknown:
        expected = f"none, or some of {', '.join(Verdict)} with commas"
        raise click.BadParameter(f"expected {expected}, got {', '.join(unknown)!r}")
    return frozenset(map(Verdict, words))
