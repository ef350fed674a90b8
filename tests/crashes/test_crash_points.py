"""Killed at any outward call of any scenario: each build still gets one verdict, and all is told and counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.calls import CALLS, READS, WRITES
from tests.crashes.crash_point import CrashMoment
from tests.crashes.processes import ForkServer, a_fork_server
from tests.crashes.runner import ScenarioRunner
from tests.crashes.scenarios import SCENARIOS
from tests.crashes.verdict_topic import VerdictTopicReader, a_verdict_topic
from tests.tally import CountCases

NOT_REACHED: dict[str, str] = {}
"""Calls that no scenario makes, each with the reason."""


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    with a_fork_server(tmp_path_factory.mktemp("fork_server") / "processes.log") as started:
        yield started


@pytest.fixture(scope="session")
def topic(pubsub_emulator: str) -> Iterator[VerdictTopicReader]:
    with a_verdict_topic(pubsub_emulator, "crashes") as made:
        yield made


@pytest.fixture
def runner(
    fork_server: ForkServer, firestore_emulator: str, tmp_path: Path, request: pytest.FixtureRequest
) -> ScenarioRunner:
    return ScenarioRunner(fork_server, firestore_emulator, tmp_path, lambda: request.getfixturevalue("topic"))


def points(calls: list[str], moment: CrashMoment) -> list[int]:
    """Return the calls to exit at, from 1.

    What a process knew ends with it, so between two effects it is one moment, however much was read: it is killed
    before the first read there, and at each effect. The moment right before the next write is the one before that.
    """
    last = len(calls)
    effects = [at for at in range(1, last + 1) if calls[at - 1] not in READS]
    if moment is CrashMoment.BEFORE:
        firsts = [at for at in range(1, last + 1) if calls[at - 1] in READS and (at == 1 or calls[at - 2] not in READS)]
        return sorted([*effects, *firsts])
    if moment is CrashMoment.ANSWERED:
        return [at for at in effects if at == last or calls[at] not in WRITES]
    return effects


def test_between_two_effects_one_moment_is_tried() -> None:
    calls = ["store.read", "builds.fetch", "store.create", "store.replace", "store.read", "store.due", "audit.write"]
    assert points(calls, CrashMoment.BEFORE) == [1, 3, 4, 5, 7]
    assert points(calls, CrashMoment.UNANSWERED) == [3, 4, 7]
    assert points(calls, CrashMoment.ANSWERED) == [4, 7]


PARTS = [
    pytest.param(
        name, part, id=f"{name}-{part + 1}" if scenario.parts > 1 else name, marks=[pytest.mark.soak] * (part > 0)
    )
    for name, scenario in SCENARIOS.items()
    for part in range(scenario.parts)
]
"""The scenarios; of a long one, a part of its points in every run, and the others in `make soak`."""


@pytest.mark.parametrize(("name", "part"), PARTS)
@pytest.mark.parametrize("moment", CrashMoment)
def test_a_process_killed_at_any_call_loses_nothing_and_repeats_nothing(
    runner: ScenarioRunner, name: str, part: int, moment: CrashMoment, tally: CountCases
) -> None:
    chosen = points(runner.run(name), moment)[part :: SCENARIOS[name].parts]
    for at in tally("crash points, a real process killed", chosen):
        runner.run(name, (at, moment))


def test_the_scenarios_make_every_call_that_there_is(runner: ScenarioRunner) -> None:
    assert {call for name in SCENARIOS for call in runner.run(name)} == CALLS - NOT_REACHED.keys()


def test_every_read_and_every_reason_is_about_a_call_that_there_is() -> None:
    assert READS < CALLS
    assert NOT_REACHED.keys() < CALLS
