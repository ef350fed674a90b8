"""How many calls a verdict costs, counted at the wire: an interceptor for Firestore, the stand-in for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest

from tests.emulators.firestore import RequestRecorder
from tests.story.harness import CLEAN, Harness, a_harness
from verifier.adapters.firestore import FirestoreStore
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.quota import Quota
from verifier.standin.script import Line, Script


@pytest.fixture
def recorder() -> RequestRecorder:
    return RequestRecorder()


@pytest.fixture
def harness(recorder: RequestRecorder, firestore_emulator: str, project: str) -> Iterator[Harness]:
    channel = grpc.intercept_channel(grpc.insecure_channel(firestore_emulator), recorder)
    with a_harness(FirestoreStore(project, channel=channel)) as made:
        yield made


@pytest.fixture(autouse=True)
def _warm(harness: Harness, recorder: RequestRecorder) -> None:
    """Let the process have posted before: then it knows its channel, and a message takes one write for its second."""
    harness.announce(harness.upload())
    harness.clock.advance(3_700)
    harness.faults.forget()
    recorder.requests.clear()


def counts(harness: Harness, recorder: RequestRecorder) -> dict[str, int]:
    calls = {name: harness.calls(name) for name in set(harness.faults.calls)}
    return calls | {"ledger": len(recorder.requests)}


def test_a_local_source_verdict(harness: Harness, recorder: RequestRecorder) -> None:
    key = harness.upload()
    harness.announce(key)
    seen = counts(harness, recorder)
    assert harness.record(key).state == "done"
    assert seen.pop("ledger") <= 6
    assert seen == {"GetBuild": 1, "WriteLogEntries": 1, "chat.postMessage": 1}


def test_a_further_red_within_the_hour_reads_where_the_first_one_stands(
    harness: Harness, recorder: RequestRecorder
) -> None:
    def ledger_calls() -> int:
        recorder.requests.clear()
        harness.announce(harness.upload())
        return len(recorder.requests)

    first, second = ledger_calls(), ledger_calls()
    assert second - first <= 2


def test_a_verified_verdict_with_a_worker(harness: Harness, recorder: RequestRecorder) -> None:
    """From the build's message and one completion message; the read that settles the logs is the sweep's."""
    harness.sweep()
    recorder.requests.clear()
    harness.sweep()
    idle_sweep = len(recorder.requests)
    recorder.requests.clear()
    harness.faults.forget()
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    harness.clock.advance(31)
    harness.sweep()
    seen = counts(harness, recorder)
    assert harness.verdict(key) == "VERIFIED"
    assert seen.pop("ledger") - idle_sweep <= 12
    assert seen.pop("GetExecution") + seen.pop("RunJob") <= 4
    assert seen.pop("ListLogEntries") <= 4
    assert seen == {"GetBuild": 1, "GetBuildTrigger": 1, "WriteLogEntries": 1, "chat.postMessage": 1}


def test_errors_in_the_logs_cost_two_ledger_calls_more(harness: Harness, recorder: RequestRecorder) -> None:
    def ledger_calls(script: Script) -> int:
        recorder.requests.clear()
        harness.job(script)
        key = harness.triggered()
        harness.announce(key)
        harness.clock.advance(20)
        harness.finish(key)
        harness.clock.advance(31)
        harness.finish(key)
        assert harness.record(key).state == "done"
        harness.clock.advance(3_700)
        return len(recorder.requests)

    clean = ledger_calls(CLEAN)
    failing = replace(CLEAN, lines=(*CLEAN.lines, Line(at=1.5, text="KeyError: 'lesson'", severity="ERROR")))
    assert [ledger_calls(failing) - clean for _ in range(2)] == [2, 2]


def test_with_quotas_a_portion_costs_three_ledger_calls_more_and_the_verdicts_after_it_none(
    harness: Harness, recorder: RequestRecorder
) -> None:
    def ledger_calls() -> int:
        recorder.requests.clear()
        key = harness.upload()
        harness.announce(key)
        assert harness.record(key).state == "done"
        return len(recorder.requests)

    harness.use(replace(harness.deployment.policy, fold=timedelta()))
    without = ledger_calls()
    inner = harness.deployment.services
    metered = MeteredServices(inner, Quota(inner, lambda *_: 300), lambda _: "vividly-dev")
    harness.deployment = replace(harness.deployment, services=metered)
    assert ledger_calls() - without <= 3
    assert [ledger_calls() - without for _ in range(8)] == [0] * 8


def test_a_verified_verdict_reads_its_logs_twice(harness: Harness) -> None:
    harness.cloud.empty_pages = 0
    key = harness.triggered()
    harness.announce(key)
    harness.clock.advance(20)
    harness.finish(key)
    harness.clock.advance(31)
    harness.finish(key)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.calls("ListLogEntries") == 2


def test_a_duplicate_of_a_finished_build_costs_one_ledger_read_and_nothing_else(
    harness: Harness, recorder: RequestRecorder
) -> None:
    key = harness.upload()
    harness.announce(key)
    harness.faults.forget()
    recorder.requests.clear()
    harness.announce(key)
    assert counts(harness, recorder) == {"ledger": 1}
    assert [method.rpartition("/")[2] for method, _ in recorder.requests] == ["GetDocument"]
    harness.announce(key)
    assert counts(harness, recorder) == {"ledger": 1}, "its process knows by then that it is done"
