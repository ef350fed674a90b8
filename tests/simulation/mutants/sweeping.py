"""The listing of builds that nobody sent a message about, and the handing out of what is due."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.controller import hand_out, ledger, listing
from verifier.controller import sweep as sweep_module
from verifier.controller import work as work_module
from verifier.controller.ledger import Ledger
from verifier.controller.work import KINDS, PLACE
from verifier.errors import ServiceError
from verifier.facts.build import BuildKey


@mutant(r"have not settled", situations.the_ledger_takes_no_new_record_for_long)
def the_listing_goes_on_without_what_it_could_not_finish(stack: ExitStack) -> None:
    honest = listing._one_page

    def one_page(deployment: Any, budget: Any, cursor: dict[str, Any]) -> list[BuildKey]:
        try:
            return honest(deployment, budget, cursor)
        except ServiceError:
            cursor |= {"since": cursor["until"], "until": None, "page": ""}
            return []

    put(stack, listing, "_one_page", one_page)


@mutant(r"have not settled", situations.the_ledger_takes_no_new_record_for_long)
def the_listing_goes_on_before_what_it_found_is_taken_up(stack: ExitStack) -> None:
    honest_page, honest_open = listing._page, Ledger.open
    pages: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {}

    def page(deployment: Any, budget: Any, cursor: dict[str, Any]) -> Any:
        found = honest_page(deployment, budget, cursor)
        pages[cursor["project"], cursor["location"]] = cursor, found
        return found

    def open_record(ledger: Ledger, key: BuildKey, *words: Any, **more: Any) -> Any:
        cursor, found = pages[key.project, key.location]
        cursor["page"] = found.next_page
        if not found.next_page and cursor["until"]:
            cursor |= {"since": cursor["until"], "until": None}
        return honest_open(ledger, key, *words, **more)

    put(stack, listing, "_page", page)
    put(stack, Ledger, "open", open_record)


@mutant(r"never due", situations.a_build_is_silent)
def a_record_that_a_listing_opens_is_never_due(stack: ExitStack) -> None:
    honest = ledger.record_document
    put(stack, ledger, "record_document", lambda record: honest(record) | ({} if record.owner else {"due": None}))


@mutant(r"have not settled", situations.a_listing_fails_once)
def a_listing_that_failed_once_is_due_in_a_year(stack: ExitStack) -> None:
    put(stack, listing, "_note_failure", lambda cursor, now, error: cursor.update({"due": "2027"}))


@mutant(r"have not settled", situations.every_work_message_is_lost)
def what_was_handed_out_is_taken_for_done(stack: ExitStack) -> None:
    ever = timedelta(days=9)
    stack.enter_context(patch.dict(hand_out.hand_out.__kwdefaults__, not_again_for=ever))
    put(stack, hand_out, "REMEMBERED_FOR", ever)


@mutant(r"have not settled", situations.a_work_topic_refuses_for_good)
def what_a_topic_refuses_is_taken_for_handed_out(stack: ExitStack) -> None:
    honest = hand_out.hand_out

    def trusting(deployment: Any, topic: Any, work: Any, budget: Any) -> Any:
        try:
            return honest(deployment, topic, work, budget)
        except ServiceError:
            return hand_out.HandedOut(len(work))

    put(stack, sweep_module, "hand_out", trusting)


@mutant(r"have not settled", situations.every_work_message_is_lost)
def the_due_time_is_forgotten_when_work_is_handed_out(stack: ExitStack) -> None:
    honest = hand_out.hand_out

    def forgetful(deployment: Any, topic: Any, work: Any, budget: Any) -> Any:
        store = deployment.services.store
        for item in work:
            stored = store.read(item.kind.collection, item.name, timeout=budget.seconds(4))
            if stored and item.kind is PLACE:
                document = {**stored.document, "due": None}
                store.replace(item.kind.collection, item.name, document, stored.revision, timeout=budget.seconds(4))
        return honest(deployment, topic, work, budget)

    put(stack, sweep_module, "hand_out", forgetful)


@mutant(r"an exception that nobody expected", situations.work_messages_are_forged)
def a_work_message_is_taken_at_its_word(stack: ExitStack) -> None:
    honest = work_module._handle

    def trusting(word: str, name: str, at: Any) -> Any:
        kind = KINDS[word]
        stored = at.deployment.services.store.read(kind.collection, name, timeout=at.budget.seconds(4))
        return honest(kind, name, stored, at)

    put(stack, work_module, "do_work", trusting)
