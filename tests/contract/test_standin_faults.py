"""Scripted trouble on the wire, and what the server does with calls that it does not know."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.rpc.error_details_pb2 import RetryInfo

from tests.busy import BUSY_SECONDS
from tests.contract.standin import IMAGE, JOB, PLACE, START, StandIn, refusal, standing, status_name
from verifier.standin.clock import ManualClock, system_clock
from verifier.standin.faults import Fault, Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.script import Script


@pytest.fixture
def google() -> Iterator[StandIn]:
    with standing() as google:
        google.cloud.put_job("acme", "europe-west1", "resizer", image=IMAGE, script=Script())
        google.cloud.put_build({"id": "b1", "name": f"{PLACE}/builds/b1", "projectId": "acme"})
        yield google


def get_build(google: StandIn, timeout: float = 5) -> Any:
    return google.builds.get_build(request={"name": f"{PLACE}/builds/b1"}, timeout=timeout, retry=None)


def executions(google: StandIn) -> list[Any]:
    return list(google.executions.list_executions(parent=JOB, timeout=5))


def outcomes(call: Callable[[], Any], times: int) -> list[str]:
    seen = []
    for _ in range(times):
        try:
            call()
            seen.append("OK")
        except GoogleAPICallError as error:
            seen.append(status_name(error))
    return seen


def test_before_fails_without_effect(google: StandIn) -> None:
    google.faults.add(Fault("RunJob", "before", "RESOURCE_EXHAUSTED"))
    assert refusal(google.run_job) == ("RESOURCE_EXHAUSTED", "scripted RESOURCE_EXHAUSTED before RunJob")
    assert executions(google) == []


def test_after_takes_effect_and_then_fails(google: StandIn) -> None:
    google.faults.add(Fault("RunJob", "after", "DEADLINE_EXCEEDED"))
    assert refusal(google.run_job)[0] == "DEADLINE_EXCEEDED"
    assert len(executions(google)) == 1


def test_slow_takes_its_time_and_works(google: StandIn) -> None:
    google.faults.add(Fault("GetBuild", "slow", seconds=0.2))
    start = monotonic()
    assert get_build(google).id == "b1"
    assert monotonic() - start >= 0.2


def test_a_slow_call_that_the_client_gave_up_took_effect(google: StandIn) -> None:
    google.faults.add(Fault("RunJob", "slow", seconds=60))
    call = google.channel.unary_unary("/google.cloud.run.v2.Jobs/RunJob", None, None)
    pending = call.future(run_v2.RunJobRequest.serialize(run_v2.RunJobRequest(name=JOB)))
    while not executions(google):
        assert not pending.done()
    pending.cancel()  # type: ignore[no-untyped-call]  # the library's
    assert len(executions(google)) == 1


def test_hang_never_answers_and_has_no_effect(google: StandIn) -> None:
    google.faults.add(Fault("RunJob", "hang"))
    with pytest.raises(GoogleAPICallError) as caught:
        google.jobs.run_job(name=JOB, timeout=0.2)
    assert caught.value.grpc_status_code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert executions(google) == []


@pytest.mark.parametrize("fault", [Fault("GetBuild", "hang"), Fault("GetBuild", "slow", seconds=60)])
def test_a_call_under_way_does_not_keep_the_server_from_stopping(google: StandIn, fault: Fault) -> None:
    google.faults.add(fault)
    ended = threading.Event()
    with GoogleStandIn(google.cloud, google.faults) as server, grpc.insecure_channel(server.address) as channel:
        call = channel.unary_unary("/google.devtools.cloudbuild.v1.CloudBuild/GetBuild", None, None)
        request = cloudbuild_v1.GetBuildRequest(name=f"{PLACE}/builds/b1")
        pending = call.future(cloudbuild_v1.GetBuildRequest.serialize(request))
        pending.add_done_callback(lambda _: ended.set())
        while not google.faults.calls:
            assert not ended.wait(0.01)
        start = monotonic()
        server.__exit__(None, None, None)
        assert monotonic() - start < BUSY_SECONDS
        assert ended.wait(BUSY_SECONDS)
        assert pending.code() is not grpc.StatusCode.OK


def test_the_wait_that_a_failure_asks_for_is_in_its_details(google: StandIn) -> None:
    google.faults.add(Fault("GetBuild", "before", retry_after=2.5))
    with pytest.raises(GoogleAPICallError) as caught:
        get_build(google)
    assert caught.value.grpc_status_code is grpc.StatusCode.UNAVAILABLE
    (wait,) = caught.value.details
    assert isinstance(wait, RetryInfo)
    assert wait.retry_delay.ToTimedelta() == timedelta(seconds=2.5)


def test_a_fault_hits_the_calls_that_it_was_scripted_for_and_no_other(google: StandIn) -> None:
    google.faults.add(Fault("GetBuild", "before", first=2, times=2))
    assert outcomes(lambda: executions(google), 3) == ["OK"] * 3
    assert outcomes(lambda: get_build(google), 5) == ["OK", "UNAVAILABLE", "UNAVAILABLE", "OK", "OK"]


def test_a_fault_on_everything_lasts_until_it_is_cleared(google: StandIn) -> None:
    google.faults.add(Fault("*", "before", "INTERNAL", times=0))
    assert outcomes(lambda: get_build(google), 3) == ["INTERNAL"] * 3
    assert outcomes(lambda: executions(google), 1) == ["INTERNAL"]
    google.faults.clear()
    assert outcomes(lambda: get_build(google), 1) == ["OK"]


def test_of_two_faults_on_one_call_the_first_added_counts(google: StandIn) -> None:
    google.faults.add(Fault("GetBuild", "before", "INTERNAL"))
    google.faults.add(Fault("GetBuild", "before", "ABORTED", times=2))
    assert outcomes(lambda: get_build(google), 3) == ["INTERNAL", "ABORTED", "OK"]


def test_every_call_that_arrives_is_recorded_until_it_is_forgotten(google: StandIn) -> None:
    google.faults.add(Fault("GetBuild", "before"))
    outcomes(lambda: get_build(google), 2)
    google.run_job()
    assert google.faults.calls == ("GetBuild", "GetBuild", "RunJob")
    google.faults.forget()
    assert not google.faults.calls


def test_a_status_that_grpc_does_not_have_is_an_error_of_the_script(google: StandIn) -> None:
    google.faults.add(Fault("GetBuild", "before", "channel_not_found"))
    assert refusal(lambda: get_build(google)) == (
        "INTERNAL",
        "The scripted fault's status 'channel_not_found' is no gRPC status.",
    )


@pytest.mark.parametrize(
    "fields", [{"kind": "sometimes"}, {"kind": "before", "first": 0}, {"kind": "hang", "times": -1}]
)
def test_a_fault_that_could_never_hit_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Fault("GetBuild", **fields)


def test_a_method_that_is_not_known_is_refused_by_its_name(google: StandIn) -> None:
    assert refusal(lambda: google.logging.delete_log(log_name="projects/acme/logs/x", timeout=5)) == (
        "UNIMPLEMENTED",
        "/google.logging.v2.LoggingServiceV2/DeleteLog is not known to this stand-in.",
    )
    assert refusal(lambda: google.jobs.list_jobs(parent=PLACE, timeout=5))[0] == "UNIMPLEMENTED"
    assert google.faults.calls == ("DeleteLog", "ListJobs")


def test_calls_are_counted_right_from_many_threads() -> None:
    faults = Faults()
    faults.add(Fault("GetBuild", "before", times=100))
    hits: list[Fault | None] = []
    threads = [
        threading.Thread(target=lambda: hits.extend(faults.next("GetBuild") for _ in range(50))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([hit for hit in hits if hit]) == 100
    assert len(faults.calls) == 200


def test_a_manual_clock_moves_forward_and_only_when_told() -> None:
    clock = ManualClock(START)
    assert clock() == clock() == START
    assert clock.advance(1.5) == clock() == START + timedelta(seconds=1.5)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive moment is what must be refused


def test_the_system_clock_is_aware() -> None:
    assert system_clock().utcoffset() == timedelta(0)
