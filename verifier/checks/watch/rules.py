"""What a team says about watches: when there are checkpoints, what is told, and what alarms nobody.

Every function that starts reads it with its policy; what watches by it is loaded where something is watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from verifier.checks.policy_table import Table, span_of

USUAL_CHECKPOINTS = (timedelta(hours=4), timedelta(hours=24))
MOST_CHECKPOINTS = 5
_LONGEST = timedelta(days=7)


class Benign(StrEnum):
    """What alarms nobody; `benign.py` says when it is which."""

    PLATFORM = "platform"
    CANCELLED = "cancelled"
    SWITCH = "switch"
    QUOTA = "quota"


ALL_BENIGN = frozenset(Benign)


class TellWatch(StrEnum):
    """What Slack hears of watches."""

    CHANGES = "changes"
    """What got worse and what is over; checkpoints edit the build's message."""
    ALL = "all"
    """Each checkpoint, too, in a reply of its own."""
    NOTHING = "nothing"
    """Nothing: the audit trail and `verifier status` alone."""


@dataclass(frozen=True, slots=True)
class WatchRules:
    """How deployed digests are watched."""

    checkpoints: tuple[timedelta, ...] = USUAL_CHECKPOINTS
    """How long after the first run, in order."""
    tell: TellWatch = TellWatch.CHANGES
    benign: frozenset[Benign] = ALL_BENIGN
    """What happens while deploying and alarms nobody."""


def read_watch_rules(table: Table) -> WatchRules:
    """Return what [watch] says, but for its jobs; what is wrong is noted in the table."""
    spans = table.items("checkpoints", _checkpoint, "leave it out for the default")
    if len(spans) > MOST_CHECKPOINTS or list(spans) != sorted(set(spans)):
        table.wrong("checkpoints", f"at most {MOST_CHECKPOINTS} moments, each later than the one before", len(spans))
    usual = WatchRules()
    return WatchRules(
        checkpoints=spans or usual.checkpoints,
        tell=table.choice("tell", TellWatch) or usual.tell,
        benign=table.choices("benign", Benign, "leave it out for all of them") or usual.benign,
    )


def _checkpoint(table: Table, place: str, item: object) -> timedelta | None:
    found = span_of(item)
    if found is None or found > _LONGEST:
        table.wrong(place, 'a duration such as "4h", at most 168h', item)
        return None
    return found
