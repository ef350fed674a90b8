"""What happens while deploying and is nobody's fault: listed by name, never guessed, and never an alarm.

| name | what |
|---|---|
| `platform` | the platform failed by its own words, such as "Internal error running task" |
| `cancelled` | somebody cancelled the run |
| `switch` | ended by signal 15 within a minute of the moment from which another digest ran |
| `quota` | a quota of the platform was used up, and nothing else went wrong |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import re2

from verifier.checks.watch.rules import Benign
from verifier.facts.logs import Ending, Repeated
from verifier.facts.run import RunOutcome

_SWITCH = timedelta(minutes=1)
_TERMINATED = 15
_QUOTA = re2.compile(r"(?i)\b(?:quota exceeded for|RESOURCE_EXHAUSTED|RATE_LIMIT_EXCEEDED|ResourceExhausted: 429)\b")


def benign(
    outcome: RunOutcome,
    ended: datetime,
    endings: Sequence[Ending],
    errors: Sequence[Repeated],
    *,
    switches: Sequence[datetime],
    named: frozenset[Benign],
) -> Benign | None:
    """Return why a run that did not succeed alarms nobody; None where nothing that policy names explains it.

    `switches`: the moments from which another digest ran; `named`: what policy takes for benign.
    """
    found = _why(outcome, ended, endings, errors, switches)
    return found if found in named else None


def _why(
    outcome: RunOutcome,
    ended: datetime,
    endings: Sequence[Ending],
    errors: Sequence[Repeated],
    switches: Sequence[datetime],
) -> Benign | None:
    match outcome:
        case RunOutcome.SUCCEEDED:
            return None
        case RunOutcome.PLATFORM:
            return Benign.PLATFORM
        case RunOutcome.CANCELLED:
            return Benign.CANCELLED
    if _all_terminated(endings) and any(abs(ended - moment) <= _SWITCH for moment in switches):
        return Benign.SWITCH
    if errors and all(_QUOTA.search(error.name) for error in errors):
        return Benign.QUOTA
    return None


def _all_terminated(endings: Sequence[Ending]) -> bool:
    return bool(endings) and all(end.how == "signal" and end.number == _TERMINATED for end in endings)
