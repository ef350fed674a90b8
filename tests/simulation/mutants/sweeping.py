"""The listing of builds that nobody sent a message about."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.controller import listing
from verifier.controller import reconcile as reconcile_module
from verifier.errors import ServiceError


@mutant(r"have not settled", situations.the_ledger_takes_no_new_record_for_long)
def the_listing_goes_on_without_what_it_could_not_finish(stack: ExitStack) -> None:
    honest = listing._one_page

    def one_page(deployment: Any, budget: Any, cursor: dict[str, Any]) -> int:
        try:
            return honest(deployment, budget, cursor)
        except ServiceError:
            cursor |= {"since": cursor["until"], "until": None, "page": ""}
            return 0

    put(stack, listing, "_one_page", one_page)


@mutant(r"have not settled", situations.the_ledger_takes_no_new_record_for_long)
def the_listing_goes_on_before_what_it_found_is_taken_up(stack: ExitStack) -> None:
    cursors: list[dict[str, Any]] = []

    def page(deployment: Any, budget: Any, cursor: dict[str, Any]) -> Any:
        cursors[:] = [cursor]
        found = honest_page(deployment, budget, cursor)
        pages[:] = [found]
        return found

    def reconcile(*words: Any, **more: Any) -> Any:
        (cursor,), (found,) = cursors, pages
        cursor["page"] = found.next_page
        if not found.next_page and cursor["until"]:
            cursor |= {"since": cursor["until"], "until": None}
        return reconcile_module.reconcile(*words, **more)

    honest_page, pages = listing._page, list[Any]()
    put(stack, listing, "_page", page)
    put(stack, listing, "reconcile", reconcile)
