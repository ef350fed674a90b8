"""Keep handing out: where much is due, whoever has swept goes on with that for most of the minute.

Work that waits for its turn at a quota is due within seconds of it. Were it handed out by the next sweep only, whatever
is handed out at once could be put off before the quota has a call again, and nobody would ask for one until that sweep.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from verifier.controller.budget import KEEP_SECONDS, Budget, Deployment
from verifier.controller.hand_out import MOST_HANDED_OUT, REMEMBERED_FOR, hand_out
from verifier.controller.sweep import Swept
from verifier.controller.turns import waiting
from verifier.controller.work import PLACE, kinds_of
from verifier.errors import ServiceError, Stopping
from verifier.services import WorkTopic
from verifier.times import show_time

MANY = 20
"""Pieces that were handed out by the sweep and lately: of fewer, the next sweep takes care."""
MOMENTS = (timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=45))
"""After a sweep's beginning. What comes after them is the next sweep's."""
_NAP_SECONDS = 5.0
"""For so long it is not asked whether this process is to end."""


def keep_handing_out(deployment: Deployment, budget: Budget, began: datetime, swept: Swept) -> str:
    """Hand out what became due since a sweep that began then, every few seconds; return what went wrong.

    No more than one sweep may hand out, with what it did; and no listings, of which it has handed out as many as there
    may be in a minute.
    """
    topic, clock, count = deployment.services.work_topic, deployment.services.clock, swept.handed_out
    if topic is None or count + swept.handed_out_before < MANY:
        return ""
    for moment in (began + after for after in MOMENTS if clock() < began + after):
        while (left := (moment - clock()).total_seconds()) > 0:
            if not budget.has(left + KEEP_SECONDS):
                return ""
            deployment.services.pause(min(left, _NAP_SECONDS))
        try:
            count += _hand_out_again(deployment, topic, budget, MOST_HANDED_OUT - count)
        except Stopping:
            return ""
        except ServiceError as error:
            return f"work topic: {error}"
    return ""


def _hand_out_again(deployment: Deployment, topic: WorkTopic, budget: Budget, most: int) -> int:
    """Return how many pieces were handed out now. Raises ServiceError and Stopping."""
    if most <= 0:
        return 0
    store, now = deployment.services.store, show_time(deployment.services.clock())
    kinds = [kind for kind in kinds_of(deployment) if kind is not PLACE]
    work = [item for kind in kinds for item in waiting(kind, store, now, budget)]
    # What is due since it was handed out is the sweep's: it hands it out again, and does some of it by itself.
    return hand_out(deployment, topic, work, budget, most=most, not_again_for=REMEMBERED_FOR).count
