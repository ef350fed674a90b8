"""Who may write a record, and until when."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.entry import entry
from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.controller import attempt, ledger, worker_run
from verifier.controller.attempt import Attempt
from verifier.controller.budget import Budget
from verifier.controller.ledger import BUILDS, Lease, Record, record_document
from verifier.errors import LostLease, ServiceError, Unavailable


@mutant(r"acknowledged .* (its lease still runs|nothing was written)")
def no_nonce_read_back(stack: ExitStack) -> None:
    def write(self: ledger.Ledger, record: Record, revision: str | None, timeout: float) -> Lease | None:
        name, document = record.key.digest, record_document(record)
        try:
            if revision is None:
                written = self.store.create(BUILDS, name, document, timeout=timeout)
            else:
                written = self.store.replace(BUILDS, name, document, revision, timeout=timeout)
        except Unavailable as error:
            if not error.ambiguous:
                raise
            return None  # somebody else has it, it seems
        return Lease(record, written.revision) if written else None

    put(stack, ledger.Ledger, "_write", write)


@mutant(r"its fence went back")
def no_fence(stack: ExitStack) -> None:
    def save(self: ledger.Ledger, lease: Lease, record: Record, *, timeout: float) -> Lease:
        found = self.store.read(BUILDS, record.key.digest, timeout=timeout)
        mine = self._write(record, found.revision if found else None, timeout)
        if mine is None:
            raise LostLease("gone")
        return mine

    put(stack, ledger.Ledger, "save", save)


@mutant(r"may outlast the lease of its process")
def lease_shorter_than_the_call(stack: ExitStack) -> None:
    honest = ledger.claimed

    def claimed(record: Record, nonce: str, now: datetime, lease: timedelta) -> Record:
        return honest(record, nonce, now, timedelta(seconds=3))

    put(stack, ledger, "claimed", claimed)


@mutant(r"is open, never due")
def completion_event_for_a_running_lease_is_dropped_without_a_due_time(stack: ExitStack) -> None:
    honest = ledger.claimed

    def claimed(record: Record, nonce: str, now: datetime, lease: timedelta) -> Record:
        held = honest(record, nonce, now, lease)
        waits_for_its_event = bool(record.execution) and record.judgement is None
        return replace(held, due=None) if waits_for_its_event else held  # who comes meanwhile finds it leased, and goes

    put(stack, ledger, "claimed", claimed)


@mutant(r"acknowledged .* (its lease still runs|nothing was written)")
def acknowledged_before_the_durable_write(stack: ExitStack) -> None:
    honest = entry()._act

    def act(*words: Any) -> str:
        try:
            return str(honest(*words))
        except ServiceError as error:
            return str(error)

    put(stack, entry(), "_act", act)


@mutant(r"was done, and its .*state.* were written again")
def a_build_that_is_done_is_taken_up_again(stack: ExitStack) -> None:
    honest = ledger.Ledger.take

    def take(self: ledger.Ledger, stored: Any, *, only_if_due: bool = False, timeout: float) -> Lease | None:
        if stored.document["state"] == "done":
            stored = replace(stored, document={**stored.document, "state": "open", "told": False})
        return honest(self, stored, only_if_due=only_if_due, timeout=timeout)

    put(stack, ledger.Ledger, "take", take)


@mutant(r"2 executions were started|posted 2 times|does not say so")
def a_failure_forgets_what_was_done(stack: ExitStack) -> None:
    def fail(self: Attempt, error: str, retry_after: float | None = None) -> None:
        self.noted.clear()
        fresh = replace(self.record, posting=None, intent=None)
        self._write(ledger.after_failure(fresh, error, self.now(), retry_after))

    put(stack, attempt.Attempt, "fail", fail)


@mutant(r"after its invocation began", situations.everything_takes_long)
def a_call_may_take_longer_than_its_invocation(stack: ExitStack) -> None:
    honest = Budget.seconds

    def seconds(self: Budget, most: float) -> float:
        honest(self, most)
        return most

    put(stack, Budget, "seconds", seconds)


@mutant(r"was called by a process that is asked to end", situations.a_process_is_asked_to_end)
def a_process_that_is_asked_to_end_goes_on(stack: ExitStack) -> None:
    honest = Budget.seconds
    put(stack, Budget, "seconds", lambda self, most: honest(replace(self, stopping=lambda: False), most))


@mutant(r"an exception that nobody expected")
def a_second_attempt_meets_a_defect(stack: ExitStack) -> None:
    honest = worker_run.run_worker

    def run_worker(one: Attempt, build: Any, worker: Any) -> Any:
        if one.record.attempts:
            raise KeyError("attempts")
        return honest(one, build, worker)

    put(stack, worker_run, "run_worker", run_worker)
