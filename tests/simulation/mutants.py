"""Planted bugs, each switched on by a test alone: a harness that can't fail proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from tests.simulation.entry import entry
from verifier import case, execution, ledger, operation, quarantine, reconcile, record, sweep, telling, trial
from verifier.build import TERMINAL, parse_build
from verifier.case import Case
from verifier.errors import LostHold, ServiceError, Unavailable
from verifier.execution import Completion, Phase
from verifier.ledger import BUILDS, Hold, Record, record_document
from verifier.policy import Worker
from verifier.verdict import Check, Finding, Outcome, Verdict

Mutant = Callable[[], AbstractContextManager[object]]
MUTANTS: dict[str, Mutant] = {}


def mutant(plant: Callable[[ExitStack], None]) -> Callable[[ExitStack], None]:
    """Name a planted bug for what it does."""

    @contextmanager
    def planted() -> Iterator[None]:
        with ExitStack() as stack:
            plant(stack)
            yield

    MUTANTS[plant.__name__.replace("_", " ")] = planted
    return plant


def _put(stack: ExitStack, where: Any, name: str, bug: Any) -> None:
    stack.enter_context(patch.object(where, name, bug))


@mutant
def no_nonce_read_back(stack: ExitStack) -> None:
    def write(self: ledger.Ledger, record: Record, revision: str | None, timeout: float) -> Hold | None:
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
        return Hold(record, written.revision) if written else None

    _put(stack, ledger.Ledger, "_write", write)


@mutant
def no_fence(stack: ExitStack) -> None:
    def save(self: ledger.Ledger, hold: Hold, record: Record, *, timeout: float) -> Hold:
        found = self.store.read(BUILDS, record.key.digest, timeout=timeout)
        mine = self._write(record, found.revision if found else None, timeout)
        if mine is None:
            raise LostHold("gone")
        return mine

    _put(stack, ledger.Ledger, "save", save)


@mutant
def posted_before_the_intent_is_saved(stack: ExitStack) -> None:
    honest = Case.save

    def save(self: Case, **changes: Any) -> None:
        self.note(**{name: changes.pop(name) for name in ("posting",) if name in changes})
        kept = dict(self.noted)
        self.noted.pop("posting", None)
        honest(self, **changes)
        self.noted |= {name: value for name, value in kept.items() if name == "posting"}

    _put(stack, Case, "save", save)


@mutant
def message_trusted_instead_of_fetched(stack: ExitStack) -> None:
    from verifier import hints

    said: dict[str, Any] = {}
    honest = hints._build

    def read(data: Any, watched: Any) -> Any:
        hint = honest(data, watched)
        said[data.get("id", "")] = data
        return hint

    def fetch(one: Case) -> Any:
        told = said.get(one.key.id)
        return parse_build(told) if told else honest_fetch(one)

    honest_fetch = reconcile._asked_for
    _put(stack, hints, "_build", read)
    _put(stack, reconcile, "_asked_for", fetch)


@mutant
def a_build_not_yet_finished_completes_the_record(stack: ExitStack) -> None:
    _put(stack, reconcile, "TERMINAL", TERMINAL | {"WORKING"})


@mutant
def empty_list_of_checks_passes(stack: ExitStack) -> None:
    def decide(findings: Iterable[Finding], required: object) -> Verdict:
        found = {(finding.check, finding.outcome) for finding in findings}
        if (Check.SOURCE_IS_A_COMMIT, Outcome.FAILS) in found:
            return Verdict.LOCAL_SOURCE
        outcomes = {outcome for _, outcome in found}
        if Outcome.FAILS in outcomes:
            return Verdict.FAILED
        return Verdict.INCONCLUSIVE if Outcome.COULD_NOT_CHECK in outcomes else Verdict.VERIFIED

    _put(stack, reconcile, "decide", decide)
    _put(stack, reconcile, "try_out", lambda *_: trial.Trial(()))


@mutant
def log_completeness_skipped(stack: ExitStack) -> None:
    for module in (trial, operation):
        _put(stack, module, "logs_are_whole", lambda *_: True)


@mutant
def exit_text_instead_of_counts(stack: ExitStack) -> None:
    def phase(self: execution.Execution) -> Phase:
        if self.completion is Completion.UNKNOWN:
            return Phase.RUNNING if self.started else Phase.WAITING
        is_bad = "exit code:" in self.message and "exit code: 0" not in self.message
        return Phase.FAILED if is_bad else Phase.SUCCEEDED

    _put(stack, execution.Execution, "phase", property(phase))


@mutant
def the_job_is_started_again_without_looking(stack: ExitStack) -> None:
    honest = trial._execution

    def start(one: Case, build: Any, worker: Worker) -> str:
        if one.record.intent is not None and not one.record.execution:
            one.hold = replace(one.hold, record=replace(one.record, intent=None))
        return honest(one, build, worker)

    _put(stack, trial, "_execution", start)


@mutant
def lease_shorter_than_the_call(stack: ExitStack) -> None:
    honest = ledger.claimed

    def claimed(record: Record, nonce: str, now: datetime, lease: timedelta) -> Record:
        return honest(record, nonce, now, timedelta(seconds=3))

    _put(stack, ledger, "claimed", claimed)


@mutant
def completion_event_for_a_running_lease_is_dropped_without_a_due_time(stack: ExitStack) -> None:
    def released(record: Record, due: datetime) -> Record:
        waits_for_its_event = bool(record.execution) and record.judgement is None
        return replace(ledger.released(record, due), due=None if waits_for_its_event else due)

    _put(stack, case, "released", released)


@mutant
def acknowledged_before_the_durable_write(stack: ExitStack) -> None:
    honest = entry()._act

    def act(hint: Any) -> str:
        try:
            return str(honest(hint))
        except ServiceError as error:
            return str(error)

    _put(stack, entry(), "_act", act)


@mutant
def posted_again_without_looking(stack: ExitStack) -> None:
    honest = telling.notify

    def notify(one: Case, message: Any, *, intended_now: bool) -> None:
        honest(one, message, intended_now=True)

    _put(stack, reconcile, "notify", notify)


@mutant
def a_build_that_is_done_is_taken_up_again(stack: ExitStack) -> None:
    honest = ledger.Ledger.take

    def take(self: ledger.Ledger, stored: Any, *, only_if_due: bool = False, timeout: float) -> Hold | None:
        if stored.document["state"] == "done":
            stored = replace(stored, document={**stored.document, "state": "open", "told": False})
        return honest(self, stored, only_if_due=only_if_due, timeout=timeout)

    _put(stack, ledger.Ledger, "take", take)


@mutant
def all_is_well_is_told_before_the_audit_trail_has_it(stack: ExitStack) -> None:
    def record_later(one: Case, record: Any) -> None:
        if one.record.told or one.noted.get("told"):
            telling.record_judgement(one, record)

    def tell_first(one: Case, message: Any, *, intended_now: bool) -> None:
        telling.notify(one, message, intended_now=intended_now)

    _put(stack, reconcile, "record_judgement", record_later)
    _put(stack, reconcile, "notify", tell_first)


@mutant
def a_failure_forgets_what_was_done(stack: ExitStack) -> None:
    def fail(self: Case, error: str, retry_after: float | None = None) -> None:
        self.noted.clear()
        fresh = replace(self.record, posting=None, intent=None)
        self._write(ledger.after_failure(fresh, error, self.now(), retry_after))

    _put(stack, case.Case, "fail", fail)


@mutant
def the_listing_goes_on_without_what_it_could_not_finish(stack: ExitStack) -> None:
    honest = sweep._one_page

    def one_page(world: Any, budget: Any, cursor: dict[str, Any]) -> int:
        try:
            return honest(world, budget, cursor)
        except ServiceError:
            cursor |= {"since": cursor["until"], "until": None, "page": ""}
            return 0

    _put(stack, sweep, "_one_page", one_page)


@mutant
def a_message_that_can_not_be_read_is_acknowledged_without_an_entry(stack: ExitStack) -> None:
    _put(stack, quarantine, "quarantine", lambda *_: None)


@mutant
def a_worker_is_never_started(stack: ExitStack) -> None:
    _put(stack, reconcile, "try_out", lambda *_: trial.Trial(operation.not_started("it was not tried", "try it")))


@mutant
def slack_is_told_another_verdict(stack: ExitStack) -> None:
    honest = telling.message_about

    def message(*words: Any) -> Any:
        made = honest(*words)
        return made and made._replace(key=made.key.replace("@LOCAL_SOURCE", "@FAILED"))

    _put(stack, reconcile, "message_about", message)


@mutant
def the_audit_trail_says_that_all_is_well(stack: ExitStack) -> None:
    honest = record.verdict_record

    def well(*words: Any) -> Any:
        made = honest(*words)
        return replace(made, payload={**made.payload, "verdict": "VERIFIED"})

    _put(stack, reconcile, "verdict_record", well)


@mutant
def nothing_is_published(stack: ExitStack) -> None:
    _put(stack, reconcile, "publish_judgement", lambda one, _: one.note(published=True))


@mutant
def what_is_given_up_is_not_told(stack: ExitStack) -> None:
    _put(stack, reconcile, "_warn", lambda *_: None)


@mutant
def the_audit_entry_is_stamped_when_it_is_written(stack: ExitStack) -> None:
    honest = record.verdict_record

    def stamped(*words: Any) -> Any:
        made = honest(*words)
        return replace(made, time=made.time + timedelta(microseconds=next(numbers)))

    numbers = iter(range(1, 10**9))
    _put(stack, reconcile, "verdict_record", stamped)
