"""The audit trail, subscribers and Slack."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.simulation.mutants import situations
from tests.simulation.mutants.planting import mutant, put
from verifier.controller import attempt, fetch, ledger, quarantine, reconcile
from verifier.controller import notify as notify_module
from verifier.controller.attempt import Attempt
from verifier.reporting import audit_entry


@mutant(r"posted before the intent was saved")
def posted_before_the_intent_is_saved(stack: ExitStack) -> None:
    honest = Attempt.save

    def save(self: Attempt, **changes: Any) -> None:
        self.note(**{name: changes.pop(name) for name in ("posting",) if name in changes})
        kept = dict(self.noted)
        self.noted.pop("posting", None)
        honest(self, **changes)
        self.noted |= {name: value for name, value in kept.items() if name == "posting"}

    put(stack, Attempt, "save", save)


@mutant(r"posted 2 times, and its history could be read")
def posted_again_without_looking(stack: ExitStack) -> None:
    honest = notify_module.notify

    def notify(*words: Any, intended_now: bool) -> Any:
        return honest(*words, intended_now=True)

    put(stack, reconcile, "notify", notify)


@mutant(r"told before it is in the audit trail")
def all_is_well_is_told_before_the_audit_trail_has_it(stack: ExitStack) -> None:
    def record_later(one: Attempt, record: Any) -> None:
        if one.record.told or one.noted.get("told"):
            notify_module.record_judgement(one, record)

    put(stack, reconcile, "record_judgement", record_later)


@mutant(r"told, and LOCAL_SOURCE was decided")
def slack_is_told_another_verdict(stack: ExitStack) -> None:
    honest = notify_module.message_about

    def message(*words: Any) -> Any:
        made = honest(*words)
        return made._replace(key=made.key.replace("@LOCAL_SOURCE", "@FAILED"))

    put(stack, notify_module, "message_about", message)


@mutant(r"recorded as VERIFIED, and is")
def the_audit_trail_says_that_all_is_well(stack: ExitStack) -> None:
    honest = audit_entry.verdict_entry

    def well(*words: Any) -> Any:
        made = honest(*words)
        return replace(made, payload={**made.payload, "verdict": "VERIFIED"})

    put(stack, reconcile, "verdict_entry", well)


@mutant(r"was never published")
def nothing_is_published(stack: ExitStack) -> None:
    put(stack, reconcile, "publish_judgement", lambda one, _: one.note(published=True))


@mutant(r"given up, and the audit trail does not say so")
def what_is_given_up_is_not_told(stack: ExitStack) -> None:
    put(stack, fetch, "_warn", lambda *_: None)


@mutant(r"two entries say the same")
def the_audit_entry_is_stamped_when_it_is_written(stack: ExitStack) -> None:
    honest = audit_entry.verdict_entry

    def stamped(*words: Any) -> Any:
        made = honest(*words)
        return replace(made, time=made.time + timedelta(microseconds=next(numbers)))

    numbers = iter(range(1, 10**9))
    put(stack, reconcile, "verdict_entry", stamped)


@mutant(r"acknowledged, and nothing was written")
def a_message_that_can_not_be_read_is_acknowledged_without_an_entry(stack: ExitStack) -> None:
    put(stack, quarantine, "quarantine", lambda *_: None)


@mutant(r"two entries say the same undelivered", situations.slack_refuses_twice_and_a_process_dies_in_between)
def that_slack_refuses_is_another_entry_each_time(stack: ExitStack) -> None:
    honest = audit_entry.undelivered_entry
    numbers = iter(range(1, 10**9))
    put(stack, notify_module, "undelivered_entry", lambda *words: replace(honest(*words), insert_id=f"{next(numbers)}"))


@mutant(r"was recorded, and is not any more")
def what_waits_for_slack_is_recorded_again(stack: ExitStack) -> None:
    put(stack, attempt, "queued", lambda one, error: replace(ledger.queued(one, error), recorded=False))
