"""What is believed, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.checks import known_errors
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.controller import error_book, reconcile, worker_run
from verifier.controller import fetch as fetch_module
from verifier.controller.attempt import Attempt, WorkerResult
from verifier.controller.budget import CALL_SECONDS
from verifier.facts.build import TERMINAL, parse_build


@mutant(r"judged before Cloud Build has finished it")
def message_trusted_instead_of_fetched(stack: ExitStack) -> None:
    from verifier.controller import events

    said: dict[str, Any] = {}
    honest = events._build

    def read(data: Any, watched: Any) -> Any:
        hint = honest(data, watched)
        said[data.get("id", "")] = data
        return hint

    def fetch(one: Attempt) -> Any:
        told = said.get(one.key.id)
        return parse_build(told) if told else honest_fetch(one)

    honest_fetch = fetch_module._asked_for
    put(stack, events, "_build", read)
    put(stack, fetch_module, "_asked_for", fetch)


@mutant(r"judged before Cloud Build has finished it")
def a_build_not_yet_finished_completes_the_record(stack: ExitStack) -> None:
    put(stack, fetch_module, "TERMINAL", TERMINAL | {"WORKING"})


@mutant(r"judged VERIFIED without a run that shows it")
def empty_list_of_checks_passes(stack: ExitStack) -> None:
    def decide(findings: Iterable[Finding], required: object) -> Verdict:
        found = {(finding.check, finding.outcome) for finding in findings}
        if (Check.SOURCE_IS_A_COMMIT, Outcome.FAILS) in found:
            return Verdict.LOCAL_SOURCE
        outcomes = {outcome for _, outcome in found}
        if Outcome.FAILS in outcomes:
            return Verdict.FAILED
        return Verdict.INCONCLUSIVE if Outcome.COULD_NOT_CHECK in outcomes else Verdict.VERIFIED

    put(stack, reconcile, "decide", decide)
    put(stack, worker_run, "run_worker", lambda *_: WorkerResult(()))


@mutant(r"has another build's document", situations.a_build_is_answered_with_another)
def another_builds_answer_is_accepted(stack: ExitStack) -> None:
    def fetch(one: Attempt) -> Any:
        return one.services.builds.fetch(one.key, timeout=one.budget.seconds(CALL_SECONDS))

    put(stack, fetch_module, "_asked_for", fetch)


@mutant(r"does not name .* which made what ran", situations.another_builds_image_runs)
def images_are_not_saved_with_the_verdict(stack: ExitStack) -> None:
    honest = Attempt.save

    def save(self: Attempt, **changes: Any) -> None:
        if "judgement" in changes:
            changes.pop("images")
        honest(self, **changes)

    put(stack, Attempt, "save", save)


@mutant(r"calls its errors known, and no other build had them")
def what_a_build_wrote_itself_counts_as_there_before(stack: ExitStack) -> None:
    honest = error_book.remember  # the second time, as if the process had died after the first
    put(stack, known_errors.KnownError, "builds_before", lambda known, build: known.builds)
    put(stack, reconcile, "remember", lambda *found: honest(*found) or honest(*found))
