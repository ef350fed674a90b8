"""The stand-in of Google Cloud with the real client libraries connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import run_v2
from google.cloud.devtools import cloudbuild_v1
from google.cloud.devtools.cloudbuild_v1.services.cloud_build.transports import CloudBuildGrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport

from verifier.standin.clock import ManualClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROJECT = "acme"
PLACE = f"projects/{PROJECT}/locations/europe-west1"
JOB = f"{PLACE}/jobs/resizer"
IMAGE = "europe-west1-docker.pkg.dev/acme/apps/resizer"
DIGEST = "sha256:" + "ab" * 32


@dataclass(frozen=True, slots=True)
class StandIn:
    """Both sides: what a test puts into the cloud, and the clients that look at it."""

    cloud: Cloud
    clock: ManualClock
    faults: Faults
    channel: grpc.Channel
    builds: Any
    jobs: Any
    executions: Any
    logging: Any

    def run_job(self, **overrides: Any) -> str:
        """Start the job and give the execution's full name."""
        request = {"name": JOB, **({"overrides": overrides} if overrides else {})}
        return str(self.jobs.run_job(request=request, timeout=20).metadata.name)

    def execution(self, name: str) -> Any:
        """Return the execution as it is now."""
        return self.executions.get_execution(name=name, timeout=20)

    def entries(self, text: str = "", **more: Any) -> list[Any]:
        """Return every entry that matches a filter, through as many pages as it takes."""
        request = {"resource_names": [f"projects/{PROJECT}"], "filter": text, **more}
        return list(self.logging.list_log_entries(request=request, timeout=20, retry=None))


@contextmanager
def standing() -> Iterator[StandIn]:
    """Yield both sides, connected by a real socket, for as long as the block lasts."""
    clock, faults = ManualClock(START), Faults()
    cloud = Cloud(clock)
    with GoogleStandIn(cloud, faults) as server, grpc.insecure_channel(server.address) as channel:
        yield StandIn(
            cloud,
            clock,
            faults,
            channel,
            cloudbuild_v1.CloudBuildClient(transport=CloudBuildGrpcTransport(channel=channel)),
            run_v2.JobsClient(transport=JobsGrpcTransport(channel=channel)),
            run_v2.ExecutionsClient(transport=ExecutionsGrpcTransport(channel=channel)),
            LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel)),
        )


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """Return the gRPC status name and the message with which a call is refused."""
    with pytest.raises(GoogleAPICallError) as caught:
        call()
    return status_name(caught.value), str(caught.value.message)


def status_name(error: GoogleAPICallError) -> str:
    """Return the name of the gRPC status behind an error."""
    assert error.grpc_status_code is not None
    return error.grpc_status_code.name
