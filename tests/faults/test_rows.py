"""Every external call with every fault, once in real time: the real adapter, over real sockets, against the table."""

from __future__ import annotations

from time import monotonic

import pytest
from google.longrunning.operations_pb2 import Operation

from tests.calls import CALLS
from tests.contract.adapters import RESIZER, answering, trouble
from tests.faults.calls import ROWS, wired
from tests.faults.table import GIVEN_UP, Fault, outcome
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.errors import Unavailable, VerifierError

SHORT = 0.3
SLACK_SHORT = 1.0
"""Slack's client counts in whole seconds."""
PATIENT = 10.0
GRACE = 1.0
"""More than a call may take beyond its timeout, for a busy machine."""


@pytest.fixture
def emulator(request: pytest.FixtureRequest, call: str) -> str:
    """The address of the emulator that the call needs, if it needs one."""
    behind = ROWS[call].behind
    return str(request.getfixturevalue(behind)) if behind.endswith("_emulator") else ""


def test_every_external_call_has_a_row() -> None:
    assert set(ROWS) == CALLS
    assert len(CALLS) >= 17


def timeout_of(call: str, fault: Fault) -> float:
    """Short where the call waits in vain; elsewhere a busy machine may take its time."""
    if fault not in GIVEN_UP:
        return PATIENT
    return SLACK_SHORT if call.startswith("chat.") else SHORT


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_fault_is_what_the_table_says_in_time_and_after_one_request(
    call: str, fault: Fault, emulator: str, project: str
) -> None:
    row, expected, timeout = ROWS[call], outcome(call, fault), timeout_of(call, fault)
    error: VerifierError | None = None
    with wired(row, fault, emulator, project) as (place, wire):
        begun = monotonic()
        try:
            row.make(place, timeout)
        except VerifierError as caught:
            error = caught
        took = monotonic() - begun
    assert type(error) is (expected.error or type(None)), error
    assert took < timeout + GRACE
    assert wire.calls == [row.method] or (
        fault in GIVEN_UP and not wire.calls
    )  # on a busy machine it may not get there
    assert expected.says in str(error)
    if isinstance(error, Unavailable):
        assert error.ambiguous == expected.ambiguous or expected.ambiguous is None
        assert error.retry_after == expected.retry_after


@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_slow_answer_in_time_is_an_answer(call: str, emulator: str, project: str) -> None:
    row = ROWS[call]
    with wired(row, None, emulator, project) as (place, wire):
        row.make(place, PATIENT)
    assert set(wire.calls) == {row.method}


@pytest.mark.parametrize("value", [b"", b"\xff"], ids=["of another kind", "not readable"])
def test_a_started_job_whose_answer_is_about_something_else_may_have_an_execution(value: bytes) -> None:
    operation = Operation(name="operations/1")
    kind = "google.cloud.run.v2.Execution" if value else "google.protobuf.Timestamp"
    operation.metadata.type_url, operation.metadata.value = f"type.googleapis.com/{kind}", value
    with answering(lambda _: bytes(operation.SerializeToString())) as (address, _):
        error = trouble(lambda: CloudRunJobs(address).start(RESIZER, (), {}, timeout=PATIENT))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
