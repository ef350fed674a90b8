"""How a message is posted once, at Slack's pace: what a record's state asks for, and what a failure says."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from verifier.controller.budget import CALL_SECONDS, Budget, Deployment
from verifier.controller.ledger import Record
from verifier.controller.slack.channel import POSTING, pauses_heeded, take_second
from verifier.errors import Refused, Stopping, Unavailable
from verifier.services import Message, Posted

LANDING = timedelta(seconds=45)
"""For how long a message that was given up may still be on its way to Slack."""


class Move(Enum):
    """What is to be done next about a record's Slack message."""

    REST = "nothing: Slack has it, or is not to have it"
    POST = "post it: the intent was saved a moment ago, by us"
    INTEND_AND_POST = "save the intent, then post it: no message can exist"
    LOOK = "look for it first: an earlier attempt may have posted it"
    AWAIT_LANDING = "wait: it may still be on its way to Slack, where it can't be found yet"
    AWAIT_HISTORY = "wait: Slack wants its history not to be read for a while"


def next_move(record: Record, *, is_wanted: bool, intended_now: bool, is_history_paused: bool, now: datetime) -> Move:
    """Return the next move, the first row that applies.

    | the record says | move |
    |---|---|
    | told, or policy wants no message | REST |
    | intent of this attempt | POST |
    | no intent | INTEND_AND_POST |
    | older intent, Slack wants its history left unread | AWAIT_HISTORY |
    | older intent, not answered less than 45 s ago | AWAIT_LANDING |
    | older intent | LOOK |
    """
    if record.told or not is_wanted:
        return Move.REST
    if intended_now:
        return Move.POST
    if record.posting is None:
        return Move.INTEND_AND_POST
    if is_history_paused:
        return Move.AWAIT_HISTORY
    if record.unanswered and now < record.unanswered + LANDING:
        return Move.AWAIT_LANDING
    return Move.LOOK


def after_failed_post(error: Unavailable | Refused | Stopping, now: datetime) -> dict[str, Any]:
    """Return what the record is to say: what was certainly not posted is not intended any more.

    There is no older message either: before this attempt, it was looked for in vain.
    """
    if isinstance(error, Unavailable) and error.ambiguous:
        return {"unanswered": now}
    return {"posting": None}


def post(deployment: Deployment, message: Message, budget: Budget) -> Posted:
    """Post a message when it is its channel's turn. Raises what Slack does, and Unavailable when others come first."""
    return post_in_turn(deployment, message, budget, take_second(deployment, message.channel, budget))


def post_in_turn(deployment: Deployment, message: Message, budget: Budget, wait: float) -> Posted:
    """Post a message in a second of its channel's that was taken, in so many seconds. Raises what Slack does."""
    if wait:
        deployment.services.pause(wait)
    with pauses_heeded(deployment, POSTING, message.channel):
        posted = deployment.services.chat.post(message, timeout=budget.seconds(CALL_SECONDS))
    held = deployment.held
    if held is not None and held.channel.name == message.channel:
        held.is_reached = True
    return posted
