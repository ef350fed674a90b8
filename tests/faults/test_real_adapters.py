"""Every external call with every fault, once in real time: the real adapter, over real sockets, against the table."""

from __future__ import annotations

from itertools import product
from time import monotonic

import pytest
from google.longrunning.operations_pb2 import Operation

from tests.busy import BUSY_SECONDS
from tests.calls import CALLS
from tests.contract.adapters import RESIZER, answering, trouble
from tests.faults.external_calls import EXTERNAL_CALLS, behind_proxy
from tests.faults.table import TIMES_OUT, FaultKind, adapter_outcome
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.errors import Unavailable, VerifierError

SHORT = 0.3
SLACK_SHORT = 1.0
"""Slack's client counts in whole seconds."""
PATIENT = 10.0
_ASKED_TWICE = ("store.read", FaultKind.ABSENT)
"""`tests/emulators/test_firestore_wire.py` has it: a database that is not there is told apart by a second request."""
_CELLS = [cell for cell in product(sorted(CALLS), FaultKind) if cell != _ASKED_TWICE]


@pytest.fixture
def emulator(request: pytest.FixtureRequest, call: str) -> str:
    """Return the address of the emulator that the call needs, if it needs one."""
    behind = EXTERNAL_CALLS[call].behind
    return str(request.getfixturevalue(behind)) if behind.endswith("_emulator") else ""


def test_every_external_call_has_a_row() -> None:
    assert set(EXTERNAL_CALLS) == CALLS
    assert len(CALLS) >= 17


def timeout_of(call: str, fault: FaultKind) -> float:
    """Return a short timeout where the call waits in vain; elsewhere a busy machine may take its time."""
    if fault not in TIMES_OUT:
        return PATIENT
    return SLACK_SHORT if call.startswith("chat.") else SHORT


@pytest.mark.parametrize(
    ("call", "fault"), [cell for cell in product(sorted(CALLS), FaultKind) if cell != _ASKED_TWICE]
)
def test_a_fault_is_what_the_table_says_in_time_and_after_one_request(
    call: str, fault: FaultKind, emulator: str, project: str
) -> None:
    external, expected, timeout = EXTERNAL_CALLS[call], adapter_outcome(call, fault), timeout_of(call, fault)
    error: VerifierError | None = None
    with behind_proxy(external, fault, emulator, project) as (target, proxy):
        begun = monotonic()
        try:
            external.make(target, timeout)
        except VerifierError as caught:
            error = caught
        took = monotonic() - begun
    assert type(error) is (expected.error or type(None)), error
    assert took < timeout + BUSY_SECONDS
    assert proxy.calls == [external.method] or (
        fault in TIMES_OUT and not proxy.calls
    )  # on a busy machine it may not get there
    assert expected.says in str(error)
    if isinstance(error, Unavailable):
        assert error.ambiguous == expected.ambiguous or expected.ambiguous is None
        assert error.retry_after == expected.retry_after


@pytest.mark.parametrize("call", sorted(CALLS))
def test_a_slow_answer_in_time_is_an_answer(call: str, emulator: str, project: str) -> None:
    external = EXTERNAL_CALLS[call]
    with behind_proxy(external, None, emulator, project) as (target, proxy):
        external.make(target, PATIENT)
    assert set(proxy.calls) == {external.method}


@pytest.mark.parametrize("value", [b"", b"\xff"], ids=["of another kind", "not readable"])
def test_a_started_job_whose_answer_is_about_something_else_may_have_an_execution(value: bytes) -> None:
    operation = Operation(name="operations/1")
    kind = "google.cloud.run.v2.Execution" if value else "google.protobuf.Timestamp"
    operation.metadata.type_url, operation.metadata.value = f"type.googleapis.com/{kind}", value
    with answering(lambda _: bytes(operation.SerializeToString())) as (address, _):
        error = trouble(lambda: CloudRunJobs(address).start(RESIZER, (), {}, timeout=PATIENT))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
