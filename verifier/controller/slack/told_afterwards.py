"""How the telling of something afterwards went: of an edit, or of a saying."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from verifier.errors import Refused, ServiceError

A_DAY = timedelta(days=1)
"""What Slack has not taken by then is left to the audit trail."""
_REFUSED_SECONDS = 300.0
_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ToldAfterwards:
    """How it went."""

    trouble: str = ""
    """What went wrong, empty when nothing did."""
    is_reached: bool = True
    """Slack could be reached, as far as that was tried."""
    seconds: float | None = None
    """How long it is to be left alone; None: it is done with, or changed meanwhile."""


def put_off(seconds: float = _AGAIN_SECONDS) -> ToldAfterwards:
    """Return that it is not its time yet."""
    return ToldAfterwards(seconds=seconds)


def unreached(error: ServiceError) -> ToldAfterwards:
    """Return that Slack could not be reached, or refuses more than this alone."""
    seconds = _REFUSED_SECONDS if isinstance(error, Refused) else _AGAIN_SECONDS
    return ToldAfterwards(str(error), is_reached=False, seconds=seconds)


def troubled(error: Exception | str) -> ToldAfterwards:
    """Return that something else than Slack kept it from being told."""
    return ToldAfterwards(str(error), seconds=_AGAIN_SECONDS)
