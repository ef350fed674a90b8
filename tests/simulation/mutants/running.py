"""The worker's run and its logs."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.checks import descent
from verifier.checks import worker as worker_checks
from verifier.checks.descent import Claimed
from verifier.checks.policy import Worker
from verifier.controller import (
    ledger,
    worker_failures,
    worker_logs,
    worker_run,
    worker_start,
)
from verifier.controller.attempt import Attempt, WorkerResult
from verifier.facts import execution
from verifier.facts.execution import Completion, Phase


@mutant(r"judged INCONCLUSIVE without an excuse")
def log_completeness_skipped(stack: ExitStack) -> None:
    for module in (worker_logs, worker_checks):
        put(stack, module, "logs_are_whole", lambda *_, **__: True)


@mutant(r"deserves FAILED, and is judged")
def exit_text_instead_of_counts(stack: ExitStack) -> None:
    def phase(self: execution.Execution) -> Phase:
        if self.completion is Completion.UNKNOWN:
            return Phase.RUNNING if self.started else Phase.WAITING
        is_bad = "exit code:" in self.message and "exit code: 0" not in self.message
        return Phase.FAILED if is_bad else Phase.SUCCEEDED

    put(stack, execution.Execution, "phase", property(phase))


@mutant(r"2 executions were started")
def the_job_is_started_again_without_looking(stack: ExitStack) -> None:
    honest = worker_start.find_or_start

    def start(one: Attempt, build: Any, worker: Worker) -> Any:
        if one.record.intent is not None and not one.record.execution:
            one.lease = replace(one.lease, record=replace(one.record, intent=None))
        return honest(one, build, worker)

    put(stack, worker_run, "find_or_start", start)


@mutant(r"before its worker had the time to start")
def a_worker_is_never_started(stack: ExitStack) -> None:
    put(
        stack,
        worker_run,
        "run_worker",
        lambda *_: WorkerResult(worker_checks.not_started("it was not tried", "try it")),
    )


@mutant(r"2 executions were started", situations.a_start_arrives_late)
def an_execution_is_looked_for_twice_in_a_moment(stack: ExitStack) -> None:
    put(stack, worker_start, "_LOOK_AGAIN", timedelta(0))


@mutant(r"2 executions were started", situations.a_start_arrives_after_another_was_refused)
def a_refused_start_makes_forget_an_older_one(stack: ExitStack) -> None:
    honest = Attempt.note

    def note(self: Attempt, **changes: Any) -> None:
        honest(self, **(changes | {"intent": None} if "intent" in changes else changes))

    put(stack, Attempt, "note", note)


@mutant(r"VERIFIED without a run that shows it", situations.a_job_does_not_say_what_it_was_started_for)
def another_builds_execution_is_accepted(stack: ExitStack) -> None:
    honest = worker_run._observe

    def observe(one: Attempt, name: str) -> execution.Execution:
        return replace(honest(one, name), build=one.key.name, nonce=one.record.nonce)

    put(stack, worker_run, "_observe", observe)


@mutant(r"its record does not say so", situations.somebody_else_starts_the_job_for_the_same_build)
def other_executions_are_forgotten(stack: ExitStack) -> None:
    honest = Attempt.note

    def note(self: Attempt, **changes: Any) -> None:
        changes.pop("claimants", None)
        honest(self, **changes)

    put(stack, Attempt, "note", note)


@mutant(r"VERIFIED without a run that shows it", situations.somebody_else_starts_the_job_for_the_same_build)
def other_executions_are_not_told_of(stack: ExitStack) -> None:
    put(stack, worker_run, "not_as_asked", lambda execution, asked, _: descent.not_as_asked(execution, asked))


@mutant(r"its record does not say so", situations.somebody_else_starts_the_job_for_the_same_build)
def whoever_names_the_build_is_taken_for_ours(stack: ExitStack) -> None:
    put(stack, worker_start, "sort_claims", lambda claims, *_: Claimed(tuple(claim.name for claim in claims), ()))


@mutant(r"INCONCLUSIVE without an excuse", situations.an_execution_can_not_be_looked_at_for_minutes)
def a_deadline_has_passed_when_it_begins(stack: ExitStack) -> None:
    for module in (worker_run, worker_start):
        put(stack, module, "is_overdue", lambda *_: True)


@mutant(r"without an excuse|before its worker had the time to start")
def a_single_failure_is_the_last_word(stack: ExitStack) -> None:
    for module in (worker_run, worker_logs):
        put(stack, module, "is_retryable", lambda *_, **__: False)


@mutant(
    r"before its worker had the time to start",
    situations.a_start_is_refused_once_after_a_build_could_not_be_fetched_for_long,
)
def failures_of_other_services_count_against_the_worker(stack: ExitStack) -> None:
    for module in (ledger, worker_failures):
        put(stack, module, "failures", lambda record, step: record.attempts)
