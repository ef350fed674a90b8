"""The real Firestore emulator, a server that answers like a Firestore in trouble, and a look at the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep
from typing import Any

import grpc
from google.cloud.firestore_v1.types import CommitResponse, WriteResult

from tests.busy import LONG_SECONDS
from tests.emulators.process import Emulator, running
from verifier.adapters.firestore import FirestoreStore
from verifier.services import Store

FIRESTORE = Emulator(
    component="cloud-firestore-emulator",
    script="cloud-firestore-emulator/cloud_firestore_emulator",
    arguments=("start",),
)

REVISION = "2026-11-23T10:00:00.123456Z"
READS: dict[str, Callable[[Store, float], object]] = {
    "read": lambda store, timeout: store.read("builds", "a", timeout=timeout),
    "due": lambda store, timeout: store.due("builds", "2026", 5, timeout=timeout),
    "present": lambda store, timeout: store.present("builds", ["a", "b"], timeout=timeout),
    "holding": lambda store, timeout: store.holding("builds", "images", "x", timeout=timeout),
    "holders": lambda store, timeout: store.holders("builds", "images", "x", 5, timeout=timeout),
}
WRITES: dict[str, Callable[[Store, float], object]] = {
    "create": lambda store, timeout: store.create("builds", "a", {"state": 1}, timeout=timeout),
    "replace": lambda store, timeout: store.replace("builds", "a", {"state": 1}, REVISION, timeout=timeout),
    "delete": lambda store, timeout: store.delete("builds", ["a"], timeout=timeout),
}
CALLS = READS | WRITES


class RequestRecorder(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs only
    grpc.UnaryStreamClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs only
):
    """Notes every request that leaves."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, float | None]] = []
        """The method and the timeout of each."""

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        self.requests.append((client_call_details.method, client_call_details.timeout))
        return continuation(client_call_details, request)

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return self.intercept_unary_unary(continuation, client_call_details, request)


class FailingFirestore(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only
    """Answers each request with the next of its statuses, the last one for ever; OK is a successful commit.

    With a channel to `behind`, the request is carried out there first: its effect lands, its reply is lost.
    """

    def __init__(self, statuses: tuple[grpc.StatusCode, ...], behind: grpc.Channel | None) -> None:
        self._statuses = statuses
        self._behind = behind
        self.received: list[str] = []
        """The methods that were called."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        method = str(handler_call_details.method)

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            status = self._statuses[min(len(self.received), len(self._statuses) - 1)]
            self.received.append(method)
            if self._behind:
                self._behind.unary_unary(method, bytes, bytes)(request, timeout=10)
            if status is not grpc.StatusCode.OK:
                context.abort(status, "the server's own words")
            result = WriteResult(update_time=REVISION)
            return bytes(CommitResponse.serialize(CommitResponse(write_results=[result])))

        return grpc.unary_unary_rpc_method_handler(answer)


@contextmanager
def running_firestore() -> Iterator[str]:
    """Yield the address of a Firestore emulator that has answered: its first answers take seconds."""
    with running(FIRESTORE) as address:
        with grpc.insecure_channel(address) as channel:
            store = FirestoreStore("warm-up", channel=channel)
            for call in ("create", *READS):
                CALLS[call](store, LONG_SECONDS)
        yield address


@contextmanager
def failing_firestore(
    *statuses: grpc.StatusCode, behind: grpc.Channel | None = None
) -> Iterator[tuple[grpc.Channel, list[str]]]:
    """Yield a channel to a server in trouble, and the methods that it is called with."""
    handler = FailingFirestore(statuses, behind)
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel, handler.received
    finally:
        server.stop(None).wait()


@contextmanager
def slow_firestore(emulator: str, method: str, seconds: float) -> Iterator[grpc.Channel]:
    """Yield a channel to the emulator on which the first call of this method arrives so late."""
    late = [method]

    class LateFirestore(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
            path = str(handler_call_details.method)

            def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
                if path.rpartition("/")[2] in late:
                    late.clear()
                    sleep(seconds)
                try:
                    return bytes(behind.unary_unary(path, bytes, bytes)(request, timeout=10))
                except grpc.RpcError as error:
                    failed: Any = error
                    context.abort(failed.code(), failed.details())

            return grpc.unary_unary_rpc_method_handler(answer)

    with grpc.insecure_channel(emulator) as behind:
        server = grpc.server(ThreadPoolExecutor(4), handlers=[LateFirestore()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            server.stop(None).wait()
