"""What is told after a verdict, by edits and sayings, and the queue of a Slack channel."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.controller import ledger, notes, says
from verifier.controller.ledger import Record
from verifier.controller.slack import build_message, channel_queue, edits, sayings
from verifier.controller.slack.channel_state import ChannelState


@mutant(r"an older revision, \d+, overwrote a newer one", situations.an_edit_arrives_late)
def an_edit_does_not_wait_for_the_one_that_may_be_on_its_way(stack: ExitStack) -> None:
    put(stack, edits, "_IN_FLIGHT", timedelta(0))


@mutant(r"its message does not show what is known", situations.more_becomes_known_while_slack_is_asked)
def an_edit_counts_for_all_that_is_known_when_it_is_answered(stack: ExitStack) -> None:
    honest = ledger.edited
    put(stack, edits, "edited", lambda record, shown: honest(record, record.revision if shown else shown))


@mutant(r"what its message shows went back", situations.an_edit_fails_after_another)
def an_edit_that_failed_takes_back_what_the_message_shows(stack: ExitStack) -> None:
    honest = ledger.edited

    def forgetful(record: Record, shown: int) -> Record:
        return replace(honest(record, shown), shown=0 if shown == record.shown else shown)

    put(stack, edits, "edited", forgetful)


@mutant(r"its message does not show what is known")
def an_edited_message_is_made_without_the_notes(stack: ExitStack) -> None:
    honest = build_message.build_message
    put(stack, build_message, "build_message", lambda record, *rest: honest(replace(record, notes=()), *rest))


@mutant(r"edited before the intent was saved", situations.more_becomes_known)
def an_edit_is_made_before_its_intent_is_saved(stack: ExitStack) -> None:
    put(stack, edits, "_intend", lambda _, stored, *rest: stored)


@mutant(r"posted 2 times, and its history could be read", situations.the_answer_to_a_saying_is_lost)
def a_saying_is_posted_again_without_being_looked_for(stack: ExitStack) -> None:
    put(stack, sayings, "_look", lambda *_: None)


@mutant(r"said before the intent was saved")
def a_saying_is_posted_before_its_intent_is_saved(stack: ExitStack) -> None:
    put(stack, sayings._HeldSaying, "note", lambda *_, **changes: True)


@mutant(r"have not settled.*is to be said", situations.a_saying_whose_channel_nobody_calls)
def what_waits_in_a_channel_that_is_not_due_is_never_found(stack: ExitStack) -> None:
    for module in (notes, says):
        put(stack, module, "call_for", lambda *_: None)
    put(stack, channel_queue, "_first_places", lambda *_: iter(()))


@mutant(r"without its channel's lease")
def a_channel_is_worked_off_by_two_at_once(stack: ExitStack) -> None:
    put(stack, ChannelState, "is_leased", lambda *_: False)


@mutant(r"have not settled.*is to be", situations.more_becomes_known)
def what_is_told_afterwards_is_taken_to_be_nothing(stack: ExitStack) -> None:
    honest = channel_queue._ChannelQueue._page

    def page(self: Any, collection: str, budget: Any) -> Any:
        return [item for item in honest(self, collection, budget) if not ledger.is_afterwards(item.place)]

    put(stack, channel_queue._ChannelQueue, "_page", page)
