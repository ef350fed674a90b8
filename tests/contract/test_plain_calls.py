"""Calls in plain messages: on the wire they are what the generated client would have sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.devtools import cloudbuild_v1
from google.cloud.devtools.cloudbuild_v1.services.cloud_build.transports import CloudBuildGrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import WriteLogEntriesRequest

from tests.contract.standin import START
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.cloud_logging import CloudLogging
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey

ROUTING = "x-goog-request-params"
Seen = tuple[str, str | bytes | None, bytes]
"""The method, the header by which the service finds what it is about, and the request."""


class Refusing(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only
    """Refuses each request, and keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        header = dict(handler_call_details.invocation_metadata).get(ROUTING)

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            self.seen.append((str(handler_call_details.method), header, request))
            context.abort(grpc.StatusCode.INTERNAL, "the server's own words")

        return grpc.unary_unary_rpc_method_handler(answer)


@contextmanager
def refusing() -> Iterator[tuple[str, list[Seen]]]:
    """Yield the address of a server that refuses everything, and what it saw."""
    handler = Refusing()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", handler.seen
    finally:
        server.stop(None).wait()


def of_the_generated_client(client: Any, transport: Any, call: Callable[[Any], object]) -> list[Seen]:
    """Return what this client sends by this call."""
    with refusing() as (address, seen), grpc.insecure_channel(address) as channel:
        with pytest.raises(GoogleAPICallError):
            call(client(transport=transport(channel=channel)))
        return seen


@pytest.mark.parametrize("location", ["global", "europe-west1"])
def test_a_build_is_asked_for_as_the_generated_client_asks(location: str) -> None:
    key = BuildKey("acme", location, "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6")
    request = cloudbuild_v1.GetBuildRequest(name=key.name, project_id=key.project, id=key.id)
    with refusing() as (address, seen), pytest.raises(Unavailable, match="the server's own words"):
        CloudBuild(address).fetch(key, timeout=5)
    assert seen == of_the_generated_client(
        cloudbuild_v1.CloudBuildClient, CloudBuildGrpcTransport, lambda client: client.get_build(request, retry=None)
    )
    assert seen[0][1] == f"location={location}"


def test_an_audit_entry_is_sent_as_the_generated_client_sends_it() -> None:
    with refusing() as (address, seen), pytest.raises(Unavailable, match="the server's own words"):
        CloudLogging("home", address).write(
            insert_id="v1", time=START, severity="ERROR", labels={"kind": "verdict"}, payload={"n": 1}, timeout=5
        )
    request = WriteLogEntriesRequest.deserialize(seen[0][2])
    assert request.entries[0].insert_id == "v1"
    assert seen == of_the_generated_client(
        LoggingServiceV2Client,
        LoggingServiceV2GrpcTransport,
        lambda client: client.write_log_entries(request, retry=None),
    )
