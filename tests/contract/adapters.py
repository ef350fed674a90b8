"""Places that the adapters of Google's services can be pointed at, each over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import grpc
import pytest

from tests.contract.standin import IMAGE, START
from verifier.adapters.cloud_logging import CloudLogging
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.errors import ServiceError
from verifier.facts.execution import BUILD_VARIABLE, Execution, JobName
from verifier.facts.logs import LogEntry
from verifier.standin.clock import ManualClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.script import Script

RESIZER = JobName("acme", "europe-west1", "resizer")
OURS = "projects/acme/locations/global/builds/ours"


@dataclass(frozen=True, slots=True)
class Google:
    """The stand-in and its address."""

    cloud: Cloud
    clock: ManualClock
    faults: Faults
    address: str

    def put_job(self, script: Script | None = None, **changes: Any) -> None:
        """Create the resizer, or change it."""
        settings: dict[str, Any] = {"image": IMAGE, "script": script or Script(), **changes}
        self.cloud.put_job(RESIZER.project, RESIZER.location, RESIZER.job, **settings)

    def play(self, script: Script, seconds: float = 60, **job: Any) -> Execution:
        """Return an execution of the resizer by this script, so many seconds after it was created for our build."""
        self.put_job(script, **job)
        jobs = CloudRunJobs(self.address)
        name = jobs.start(RESIZER, (), {BUILD_VARIABLE: OURS}, timeout=20)
        self.clock.advance(seconds)
        return jobs.observe(name, timeout=20)

    def entries(self, query: str) -> list[LogEntry]:
        """Return every log entry that the query selects, through as many pages as it takes."""
        pages = CloudLogging("home", self.address).read(RESIZER.project, query, timeout=20)
        return [entry for page in pages for entry in page.entries]


@contextmanager
def google_standing() -> Iterator[Google]:
    """Yield the stand-in, for as long as the block lasts."""
    clock, faults = ManualClock(START), Faults()
    cloud = Cloud(clock)
    with GoogleStandIn(cloud, faults) as server:
        yield Google(cloud, clock, faults, server.address)


@contextmanager
def nobody_there() -> Iterator[str]:
    """Yield the address of a port that refuses every connection."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def black_hole() -> Iterator[str]:
    """Yield an address where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def answering(answer: Callable[[grpc.ServicerContext], bytes]) -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server that answers every call like this, and the methods that were called."""
    calls: list[str] = []

    class Handler(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only, not when it runs
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
            calls.append(handler_call_details.method.rpartition("/")[2])
            return grpc.unary_unary_rpc_method_handler(lambda _, context: answer(context))

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", calls
    finally:
        server.stop(0).wait()


def trouble(call: Callable[[], Any]) -> ServiceError:
    """Return the error that a call ends in."""
    with pytest.raises(ServiceError) as caught:
        call()
    return caught.value


def timed_trouble(call: Callable[[], Any]) -> tuple[ServiceError, float]:
    """Return the error that a call ends in, and the seconds that it took."""
    start = monotonic()
    error = trouble(call)
    return error, monotonic() - start
