"""Scenes in which nothing is left to chance, and a bug that seldom shows does so at once. Each raises Unlawful."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random

from tests.simulation.fate import AFTER, FINE, Call, Destiny, Fate, Kind, Planned, unavailable
from tests.simulation.late import Cell
from tests.simulation.late import perform as perform_late
from tests.simulation.life import Life, Unlawful
from tests.simulation.planet import GOOD
from tests.simulation.plays import PLAYS, begun, perform
from verifier.errors import Denied, Refused

_REFUSED = Fate(effect=False, error=unavailable(), seconds=0.01)


def the_ledger_takes_no_new_record_for_long() -> None:
    """A silent build is listed again and again, until the listing would leave it behind."""
    troubles = {"store.create": dict.fromkeys(range(3, 9), _REFUSED)}  # the first two were the installation's
    _staged("silent", "a ledger that takes no new record", troubles, every=60.0).settle(exactly=True)


def a_start_arrives_late() -> None:
    """It does so after its caller gave up, and a sweep looks for it meanwhile."""
    perform_late(Cell("worker", "jobs.start", 1, 29.0))


def a_start_arrives_after_another_was_refused() -> None:
    """Cloud Run is slower than anybody would wait for, and refuses a second request meanwhile."""
    lost = Fate(effect=False, error=unavailable(ambiguous=True), seconds=8.0, late=155.0)
    _staged("worker", "a start that arrives very late", {"jobs.start": {1: lost, 2: _REFUSED}}).settle(exactly=True)


def a_job_does_not_say_what_it_was_started_for() -> None:
    """It has an environment of its own, and keeps to it."""
    life = _staged("worker", "a job with an environment of its own", {})
    life.planet.deaf = True
    life.settle(exactly=False)


def somebody_else_starts_the_job_for_the_same_build() -> None:
    """Both executions are found when the verifier looks for its own, whose name it did not hear."""
    lost = Fate(error=unavailable(ambiguous=True))
    life = _staged("worker", "two executions for one build", {"jobs.start": {1: lost}})
    (made,) = life.planet.builds.values()
    life.kernel.at(20.0, lambda: life.planet.start(made.key.name))
    life.settle(exactly=False)
    if len(life.laws.records[made.key.name]["claimants"]) != 1:
        raise Unlawful("another execution was found, and its record does not say so")


def another_builds_image_runs() -> None:
    """An upload has moved the tag before the worker ran."""
    perform(PLAYS["superseded"])


def a_build_is_answered_with_another() -> None:
    """Cloud Build mixes up what it was asked for."""
    mixed_up = {"builds.fetch": {1: Fate(mixed_up=True)}}
    _staged("superseded", "another build's answer", mixed_up).settle(exactly=True)


def an_execution_can_not_be_looked_at_for_minutes() -> None:
    """That proves nothing before it would have had to end."""
    unseen = {"jobs.observe": dict.fromkeys(range(1, 8), _REFUSED)}
    _staged("worker", "an execution that can't be looked at", unseen, every=60.0).settle(exactly=True)


def a_start_is_refused_once_after_a_build_could_not_be_fetched_for_long() -> None:
    """Cloud Build's failures say nothing about Cloud Run."""
    denied = Fate(effect=False, error=Denied("grant it"), seconds=0.01)
    troubles = {"builds.fetch": dict.fromkeys(range(1, 7), _REFUSED), "jobs.start": {1: denied}}
    _staged("worker", "a refusal after other failures", troubles, every=60.0).settle(exactly=True)


def slack_refuses_twice_and_a_process_dies_in_between() -> None:
    """It dies when it has told the audit trail, and before it has told the ledger."""
    refused = Fate(effect=False, error=Refused("mend it"), seconds=0.01)
    troubles = {"chat.post": {1: refused, 2: refused}, "audit.write": {2: AFTER}}
    _staged("upload", "a message that is refused twice", troubles, every=60.0).settle(exactly=True)


def a_process_is_asked_to_end() -> None:
    """It is about to act on a message."""
    life = _staged("worker", "a process that is asked to end", {})
    life.kernel.at(10.05, life.kernel.stop_all)
    life.settle(exactly=True)


def everything_takes_long() -> None:
    """More waits for a sweep than it has time for."""
    life = Life(Random(1), Sluggish(), "a sluggish world")
    life.install()
    for number in range(1, 5):
        life.announce(life.planet.build(number, 2.0, 10.0 + number, GOOD))
    life.kernel.at(60.0, life.sweeps)
    life.live(1200.0)
    life.wire.destiny = Kind()
    life.settle(exactly=False)


class Sluggish(Destiny):
    """Whatever is not the ledger takes seven seconds to answer, or as long as it is waited for."""

    def fate(self, call: Call) -> Fate:
        """It works, sometime."""
        return FINE if call.name.startswith("store.") else Fate(seconds=7.0)


def _staged(play: str, name: str, troubles: Mapping[str, Mapping[int, Fate]], every: float = 7.0) -> Life:
    life, _ = begun(PLAYS[play], Planned(names=troubles), name)
    life.kernel.at(15.0, partial(life.sweeps, every))
    return life
