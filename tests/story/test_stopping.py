"""SIGTERM while the function is at work: it begins nothing more, releases its lease, and another goes on at once."""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.busy import BUSY_SECONDS, LONG_SECONDS
from tests.story.harness import PROJECT, REGION, Harness, harness
from tests.story.test_function import BUILD_ID, StandIns, build, push, stand_ins
from verifier.adapters.sqlite import SqliteStore
from verifier.controller.budget import Budget
from verifier.controller.ledger import BUILDS, MARKS, Record, State, parse_record
from verifier.controller.reconcile import reconcile, reconcile_running
from verifier.errors import Stopping
from verifier.facts.build import BuildKey
from verifier.services import Stored
from verifier.standin.clock import system_clock
from verifier.standin.faults import Fault
from verifier.standin.function import Function, running_function

__all__ = ["harness", "stand_ins"]

KEY = BuildKey(PROJECT, REGION, BUILD_ID)
MESSAGE = push(json.dumps(build()).encode())
SWEEP = push(b"{}")
SLOW_SECONDS = 2.0
GRACE_SECONDS = 10.0
"""What the platform grants between SIGTERM and the end."""


def stored(folder: Path, collection: str, name: str) -> Stored:
    with closing(SqliteStore(folder / "ledger.sqlite")) as store:
        found = store.read(collection, name, timeout=5)
    assert found is not None
    return found


def record(folder: Path) -> Record:
    return parse_record(stored(folder, BUILDS, KEY.digest).document)


def stopped_during(stand_ins: StandIns, function: Function, path: str, body: bytes, call: str) -> int:
    """Stop the function while this call, made slow, is under way; return the status of the answer."""
    stand_ins.faults.forget()
    stand_ins.faults.add(Fault(call, "slow", seconds=SLOW_SECONDS))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(function.post, path, body)
        while call not in stand_ins.faults.calls:
            assert not answer.done()
            time.sleep(0.01)
        begun = time.monotonic()
        function.process.send_signal(signal.SIGTERM)
        assert function.process.wait(LONG_SECONDS) == 0
        assert time.monotonic() - begun < GRACE_SECONDS + BUSY_SECONDS
        assert stand_ins.faults.calls[-1] == call, "nothing was begun after it"
        return answer.result(LONG_SECONDS)


@pytest.mark.parametrize("call", ["GetBuild", "WriteLogEntries"])
def test_a_stopped_process_releases_its_lease_and_the_next_one_decides_at_once(
    stand_ins: StandIns, tmp_path: Path, call: str
) -> None:
    stand_ins.cloud.put_build(build())
    with running_function(stand_ins.settings, tmp_path) as function:
        assert stopped_during(stand_ins, function, "/builds", MESSAGE, call) == 503
    left = record(tmp_path)
    assert (left.state, left.owner, left.attempts) == (State.OPEN, "", 0)
    assert left.due is not None
    assert left.due <= system_clock()
    with running_function(stand_ins.settings, tmp_path) as function:
        assert function.post("/builds", MESSAGE) == 204
    assert record(tmp_path).state is State.DONE
    assert stand_ins.kinds() == ["verdict"]
    assert len(stand_ins.slack.messages) == 1


def test_the_last_step_is_finished_and_its_outcome_kept(stand_ins: StandIns, tmp_path: Path) -> None:
    stand_ins.cloud.put_build(build())
    with running_function(stand_ins.settings, tmp_path) as function:
        assert stopped_during(stand_ins, function, "/builds", MESSAGE, "chat.postMessage") == 204
    assert record(tmp_path).state is State.DONE
    assert len(stand_ins.slack.messages) == 1


def test_a_stopped_sweep_gives_its_turn_back_and_the_next_one_decides_at_once(
    stand_ins: StandIns, tmp_path: Path
) -> None:
    stand_ins.cloud.put_build(build("WORKING"))
    with running_function(stand_ins.settings, tmp_path) as function:
        assert function.post("/builds", MESSAGE) == 204
        make_due(tmp_path)
        stand_ins.cloud.put_build(build())
        assert stopped_during(stand_ins, function, "/sweep", SWEEP, "GetBuild") == 204
    assert record(tmp_path).owner == ""
    assert stored(tmp_path, MARKS, "sweep").document["until"] is None
    with running_function(stand_ins.settings, tmp_path) as function:
        assert function.post("/sweep", SWEEP) == 204
    assert record(tmp_path).state is State.DONE
    assert len(stand_ins.slack.messages) == 1


def make_due(folder: Path) -> None:
    found = stored(folder, BUILDS, KEY.digest)
    with closing(SqliteStore(folder / "ledger.sqlite")) as store:
        document = {**found.document, "due": found.document["created"]}
        assert store.replace(BUILDS, KEY.digest, document, found.revision, timeout=5) is not None


def test_a_server_whose_handler_says_nothing_of_a_worker_serves_and_ends_as_ever(
    stand_ins: StandIns, tmp_path: Path
) -> None:
    """The development server."""
    stand_ins.cloud.put_build(build())
    with running_function(stand_ins.settings | {"DEBUG": "True"}, tmp_path) as function:
        assert function.post("/builds", MESSAGE) == 204
        function.process.send_signal(signal.SIGTERM)
        function.process.wait(LONG_SECONDS)
    assert record(tmp_path).state is State.DONE


@pytest.mark.parametrize("calls", range(5))
def test_wherever_it_stops_nothing_is_lost_and_no_execution_is_looked_for_in_vain(harness: Harness, calls: int) -> None:
    """A trial's message stopped after so many checks of the time that is left."""
    key = harness.triggered()
    with suppress(Stopping):
        reconcile(key, harness.deployment, stopping_after(harness, calls))
        assert calls == 4
    assert harness.executions() == (calls == 4)
    harness.announce(key)
    assert harness.executions() == 1
    assert harness.calls("ListExecutions") == 0
    harness.live(4)
    told_once(harness, key)


@pytest.mark.parametrize("calls", range(6))
def test_wherever_it_stops_while_a_run_is_looked_at_the_next_one_goes_on(harness: Harness, calls: int) -> None:
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    harness.clock.advance(31)
    with suppress(Stopping):
        reconcile_running(key, harness.deployment, stopping_after(harness, calls))
        pytest.fail("it had more to do")
    assert harness.record(key).owner == ""
    assert harness.record(key).attempts == 0
    harness.sweep()
    told_once(harness, key)


def stopping_after(harness: Harness, calls: int) -> Budget:
    left = iter([False] * calls + [True] * 10)
    return Budget(harness.clock, harness.clock() + timedelta(seconds=50), lambda: next(left))


def told_once(harness: Harness, key: BuildKey) -> None:
    assert harness.verdict(key) == "VERIFIED"
    assert harness.record(key).state is State.DONE
    assert len(harness.slack.messages) == 1
    assert len(harness.cloud.audit_entries()) == 1


class Timed:
    """A service that notes how long each of its calls may take."""

    def __init__(self, service: object, longest: dict[str, float]) -> None:
        self._service, self._longest = service, longest

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._service, name)

        def timed(*words: Any, timeout: float, **named: Any) -> Any:
            self._longest[name] = max(timeout, self._longest.get(name, 0.0))
            return call(*words, timeout=timeout, **named)

        return timed


def test_a_call_that_began_before_the_end_leaves_time_to_let_go_within_the_grace(harness: Harness) -> None:
    """The time for reading logs is that of all pages together."""
    longest: dict[str, float] = {}
    services: Any = harness.deployment.services
    names = ("store", "builds", "jobs", "logs", "audit", "chat")
    services = replace(services, **{name: Timed(getattr(services, name), longest) for name in names})
    harness.deployment = replace(
        harness.deployment, services=services, ledger=replace(harness.deployment.ledger, store=services.store)
    )
    harness.sweep()
    harness.faults.add(Fault("RunJob", "before", status="DEADLINE_EXCEEDED"))
    harness.faults.add(Fault("chat.postMessage", "after", status="500"))
    key, silent = harness.triggered(), harness.upload()
    harness.announce(key)
    harness.live(20)
    assert {harness.record(each).state for each in (key, silent)} == {State.DONE}
    assert longest.keys() >= {"fetch", "finished", "started_for", "observe", "write", "post", "find", "replace", "due"}
    assert {name for name, seconds in longest.items() if seconds > GRACE_SECONDS - 2} == {"read"}
    assert longest["read"] <= 20
