"""Situations in which nothing is left to chance, and a bug that seldom shows does so at once.

Each raises ViolationFound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from random import Random

from tests.simulation.fault_plan import (
    AFTER,
    WORKS,
    Call,
    CallOutcome,
    FaultPlan,
    NoFaults,
    ScriptedFaults,
    unavailable,
)
from tests.simulation.late_writes import LateWrite, run_late_write
from tests.simulation.push import push
from tests.simulation.scenarios import SCENARIOS, run_scenario, started
from tests.simulation.simulator import Simulation, ViolationFound
from tests.simulation.world_model import GOOD
from verifier.errors import Denied, Refused

_LOST = CallOutcome(error=unavailable(ambiguous=True))
_REFUSED = CallOutcome(effect=False, error=unavailable(), seconds=0.01)


def the_ledger_takes_no_new_record_for_long() -> None:
    """List a silent build again and again, until the listing would leave it behind."""
    # Those before are marks: the installation's, and those of quotas.
    troubles = {"store.create": dict.fromkeys(range(9, 15), _REFUSED)}
    _staged("silent", "a ledger that takes no new record", troubles, every=60.0).settle(exactly=True)


def a_build_is_silent() -> None:
    """Build without a message about it, and find it."""
    _staged("silent", "a silent build", {}, every=60.0).settle(exactly=True)


def a_listing_fails_once() -> None:
    """Refuse a listing, which comes again."""
    _staged("silent", "a listing that fails", {"builds.finished": {1: _REFUSED}}, every=60.0).settle(exactly=True)


def every_work_message_is_lost() -> None:
    """Lose all that is handed out: the sweep does it by itself in the end."""
    simulation = _staged("silent", "a topic without a subscription", {}, every=60.0)
    simulation.work_lost = 1.0
    simulation.settle(exactly=True)


def a_work_topic_refuses_for_good() -> None:
    """Refuse all that is handed out: the sweep does it by itself."""
    refused = CallOutcome(effect=False, error=Denied("grant it"), seconds=0.01)
    troubles = {"work_topic.hand_out": dict.fromkeys(range(2, 9_999), refused)}
    _staged("silent", "a topic that takes nothing", troubles, every=60.0).settle(exactly=True)


def work_messages_are_forged() -> None:
    """Send work of a kind that nobody knows, about a document that nobody has, and about a mark that is none."""
    simulation = _staged("upload", "forged work", {}, every=60.0)
    for kind, name in (("of-tomorrow", "x"), ("record", "of-nobody"), ("place", "sweep")):
        simulation.pubsub.send("/work", push(json.dumps({"kind": kind, "name": name}).encode()), once=True)
    simulation.settle(exactly=True)


def a_start_arrives_late() -> None:
    """Start an execution after its caller gave up, while a sweep looks for it."""
    run_late_write(LateWrite("worker", "jobs.start", 1, 29.0))


def a_start_arrives_after_another_was_refused() -> None:
    """Let Cloud Run be slower than anybody would wait for, and refuse a second request meanwhile."""
    lost = CallOutcome(effect=False, error=unavailable(ambiguous=True), seconds=8.0, late=155.0)
    _staged("worker", "a start that arrives very late", {"jobs.start": {1: lost, 2: _REFUSED}}).settle(exactly=True)


def a_job_does_not_say_what_it_was_started_for() -> None:
    """Run a job that has an environment of its own, and keeps to it."""
    simulation = _staged("worker", "a job with an environment of its own", {})
    simulation.world.ignores_environment = True
    simulation.settle(exactly=False)


def somebody_else_starts_the_job_for_the_same_build() -> None:
    """Let both executions be found when the verifier looks for its own, whose name it did not get."""
    lost = CallOutcome(error=unavailable(ambiguous=True))
    simulation = _staged("worker", "two executions for one build", {"jobs.start": {1: lost}})
    (made,) = simulation.world.builds.values()
    simulation.kernel.at(20.0, lambda: simulation.world.start(made.key.name))
    simulation.settle(exactly=False)
    if len(simulation.invariants.records[made.key.name]["claimants"]) != 1:
        raise ViolationFound("another execution was found, and its record does not say so")


def another_builds_image_runs() -> None:
    """Let an upload move the tag before the worker runs."""
    run_scenario(SCENARIOS["superseded"])


def a_build_is_answered_with_another() -> None:
    """Let Cloud Build mix up what it is asked for."""
    mixed_up = {"builds.fetch": {1: CallOutcome(mixed_up=True)}}
    _staged("superseded", "another build's answer", mixed_up).settle(exactly=True)


def an_execution_can_not_be_looked_at_for_minutes() -> None:
    """Hide an execution, which proves nothing before it would have had to end."""
    unseen = {"jobs.observe": dict.fromkeys(range(1, 8), _REFUSED)}
    _staged("worker", "an execution that can't be looked at", unseen, every=60.0).settle(exactly=True)


def a_start_is_refused_once_after_a_build_could_not_be_fetched_for_long() -> None:
    """Let Cloud Build fail, which says nothing about Cloud Run."""
    denied = CallOutcome(effect=False, error=Denied("grant it"), seconds=0.01)
    troubles = {"builds.fetch": dict.fromkeys(range(1, 7), _REFUSED), "jobs.start": {1: denied}}
    _staged("worker", "a refusal after other failures", troubles, every=60.0).settle(exactly=True)


def slack_refuses_twice_and_a_process_dies_in_between() -> None:
    """Kill a process when it has written the audit entry, and before it has saved that."""
    refused = CallOutcome(effect=False, error=Refused("fix it"), seconds=0.01)
    troubles = {"chat.post": {1: refused, 2: refused}, "audit.write": {2: AFTER}}
    _staged("upload", "a message that is refused twice", troubles, every=60.0).settle(exactly=True)


def a_process_is_asked_to_end() -> None:
    """Ask a process to end that is about to act on a message."""
    simulation = _staged("worker", "a process that is asked to end", {})
    simulation.kernel.at(10.09, simulation.kernel.stop_all)
    simulation.settle(exactly=True)


def more_becomes_known() -> None:
    """Let something become known of a build whose message stands."""
    _known({}, 200.0).settle(exactly=True)


def more_becomes_known_while_slack_is_asked() -> None:
    """Let more become known while Slack takes its time for an edit."""
    slow = CallOutcome(seconds=7.0)
    _known({"chat.edit": {1: slow}}, 200.0, 206.0, 208.0).settle(exactly=True)


def an_edit_arrives_late() -> None:
    """Let an edit arrive after its caller gave up, and more become known meanwhile."""
    late = CallOutcome(effect=False, error=unavailable(ambiguous=True), seconds=8.0, late=29.0)
    _known({"chat.edit": {1: late}}, 200.0, 216.0).settle(exactly=True)


def an_edit_fails_after_another() -> None:
    """Let Slack make one edit, and not the next."""
    _known({"chat.edit": {2: _REFUSED}}, 200.0, 400.0).settle(exactly=True)


def the_answer_to_a_saying_is_lost() -> None:
    """Let Slack post what is said, and not answer."""
    simulation = _staged("upload", "a saying without an answer", {"chat.post": {2: _LOST}})
    simulation.kernel.at(200.0, simulation.say)
    simulation.run(300.0)
    simulation.settle(exactly=True)


def a_saying_whose_channel_nobody_calls() -> None:
    """Let a process die when it has kept what is to be said, and before it has called for its channel."""
    simulation = _staged("upload", "a channel that nobody calls", {}, every=60.0)
    simulation.kernel.at(200.0, simulation.say)
    simulation.run(300.0)
    simulation.settle(exactly=True)


def _known(troubles: Mapping[str, Mapping[int, CallOutcome]], *moments: float) -> Simulation:
    """Return a simulation in which something becomes known at these moments, of a build that was told."""
    simulation = _staged("upload", f"more becomes known, and {troubles}", troubles, 7.0 if troubles else 60.0)
    (made,) = simulation.world.builds.values()
    for moment in moments:
        simulation.kernel.at(moment, partial(simulation.note, made.key))
    simulation.run(max(moments) + 120.0)
    return simulation


def everything_takes_long() -> None:
    """Give a sweep more to do than it has time for, since nobody else does it."""
    simulation = Simulation(Random(1), Sluggish(), "a sluggish world")
    simulation.services.work_topic = None  # a sweep does all of it by itself
    simulation.install()
    for number in range(1, 5):
        simulation.announce(simulation.world.build(number, 2.0, 10.0 + number, GOOD))
    simulation.kernel.at(60.0, simulation.sweeps)
    simulation.run(1200.0)
    simulation.injector.plan = NoFaults()
    simulation.settle(exactly=False)


class Sluggish(FaultPlan):
    """Whatever is not the ledger takes seven seconds to answer, or as long as it is waited for."""

    def outcome(self, call: Call) -> CallOutcome:
        """Return that it works, sometime."""
        return WORKS if call.name.startswith("store.") else CallOutcome(seconds=7.0)


def _staged(
    scenario: str, name: str, troubles: Mapping[str, Mapping[int, CallOutcome]], every: float = 7.0
) -> Simulation:
    simulation, _ = started(SCENARIOS[scenario], ScriptedFaults(names=troubles), name)
    simulation.kernel.at(15.0, partial(simulation.sweeps, every))
    return simulation
