"""Proxies in front of real servers that do a fault to a chosen method, in gRPC and in HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.faults.relay import Relay
from tests.faults.table import ASKED_SECONDS, FaultKind
from verifier.standin.loopback import LoopbackServer, Reply, Request

LATE_SECONDS = 0.1
_LONG_SECONDS = 60.0
_STATUSES = {
    FaultKind.BUSY_FOR: grpc.StatusCode.RESOURCE_EXHAUSTED,
    FaultKind.BUSY: grpc.StatusCode.RESOURCE_EXHAUSTED,
    FaultKind.BROKEN: grpc.StatusCode.INTERNAL,
    FaultKind.DOWN: grpc.StatusCode.UNAVAILABLE,
    FaultKind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    FaultKind.ABSENT: grpc.StatusCode.NOT_FOUND,
}
_GARBAGE = b"\xff\xff\xff\xff"


@dataclass(slots=True)
class FaultyProxy:
    """What a test knows of the proxy that its calls go through."""

    method: str
    """The one that is hit: the last part of a gRPC method's name or of an HTTP path."""
    fault: FaultKind | None
    """None: it is answered, `LATE_SECONDS` later."""
    address: str = ""
    calls: list[str] = field(default_factory=list)
    """Each request that arrived, by its method."""

    def hit(self, path: str) -> bool:
        """Note a request and say whether it is hit."""
        self.calls.append(path.partition("?")[0].rpartition("/")[2])
        return self.calls[-1] == self.method


@contextmanager
def grpc_proxy(behind: str, method: str, fault: FaultKind | None) -> Iterator[FaultyProxy]:
    """Yield a proxy in front of a gRPC server."""
    proxy = FaultyProxy(method, fault)
    with ThreadPoolExecutor(8) as threads, grpc.insecure_channel(behind) as channel:
        handler = _GrpcHandler(proxy, channel)
        server = grpc.server(threads, handlers=[handler], options=[("grpc.so_reuseport", 0)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            with Relay(f"127.0.0.1:{port}") as handler.relay:
                proxy.address = handler.relay.address
                yield proxy
        finally:
            server.stop(0).wait()


class _GrpcHandler(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only, not when it runs
    """Passes bytes on. A stream of one answer is the same on the wire as a single answer: it serves both kinds."""

    relay: Relay

    def __init__(self, proxy: FaultyProxy, channel: grpc.Channel) -> None:
        self._proxy, self._channel = proxy, channel

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        path = str(handler_call_details.method)

        def serve(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            if not self._proxy.hit(path):
                return self._passed_on(path, request, context)
            return self._disturbed(path, request, context)

        return grpc.unary_stream_rpc_method_handler(serve)

    def _passed_on(self, path: str, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        answers: Any = self._channel.unary_stream(path, bytes, bytes)(request, timeout=10)
        try:
            yield from answers
        except grpc.RpcError:
            context.abort(answers.code(), answers.details())

    def _disturbed(self, path: str, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        fault = self._proxy.fault
        if fault is FaultKind.TIMEOUT:
            _wait(context, _LONG_SECONDS)
        if fault in _STATUSES:
            context.abort_with_status(rpc_status.to_status(_status(fault)))
        if fault in (None, FaultKind.SLOW):
            _wait(context, LATE_SECONDS if fault is None else _LONG_SECONDS)
        answers = list(self._passed_on(path, request, context))
        match fault:
            case FaultKind.RESET:
                self.relay.reset()
                _wait(context, _LONG_SECONDS)
            case FaultKind.TRUNCATED:
                self.relay.cut()
            case FaultKind.TRICKLE:
                self.relay.trickle()
            case FaultKind.MALFORMED:
                answers = [answers[0][: len(answers[0]) // 2] + _GARBAGE]
            case FaultKind.EMPTY:
                answers = [b""]
        yield from answers


def _status(fault: FaultKind) -> status_pb2.Status:
    status = status_pb2.Status(code=_STATUSES[fault].value[0], message="the server's own words")
    if fault is FaultKind.BUSY_FOR:
        wait = error_details_pb2.RetryInfo()
        wait.retry_delay.FromSeconds(int(ASKED_SECONDS))
        status.details.add().Pack(wait)
    return status


def _wait(context: grpc.ServicerContext, seconds: float) -> None:
    """Wait, but no longer than until the client has given up."""
    over = threading.Event()
    if context.add_callback(over.set):
        over.wait(seconds)


@contextmanager
def http_proxy(behind: str, method: str, fault: FaultKind | None) -> Iterator[FaultyProxy]:
    """Yield a proxy in front of an HTTP server."""
    proxy = FaultyProxy(method, fault)
    handler = _HttpHandler(proxy, behind)
    with LoopbackServer(handler.respond) as server, Relay(server.address.removeprefix("http://")) as handler.relay:
        proxy.address = handler.relay.address
        try:
            yield proxy
        finally:
            handler.over.set()


class _HttpHandler:
    relay: Relay

    def __init__(self, proxy: FaultyProxy, behind: str) -> None:
        self._proxy, self._behind = proxy, behind
        self.over = threading.Event()

    def respond(self, request: Request) -> Reply | None:
        if not self._proxy.hit(request.path):
            return self._passed_on(request)
        match self._proxy.fault:
            case FaultKind.TIMEOUT | FaultKind.SLOW as fault:
                answer = self._passed_on(request) if fault is FaultKind.SLOW else None
                self.over.wait(_LONG_SECONDS)
                return answer
            case None:
                self.over.wait(LATE_SECONDS)
            case fault if fault in _STATUSES:
                return _refusal(fault)
        return self._damaged(self._proxy.fault, self._passed_on(request))

    def _damaged(self, fault: FaultKind | None, answer: Reply) -> Reply | None:
        match fault:
            case FaultKind.RESET:
                self.relay.reset()
                return None
            case FaultKind.TRICKLE:
                self.relay.trickle()
            case FaultKind.TRUNCATED:
                self.relay.cut()
            case FaultKind.MALFORMED:
                return answer._replace(body=answer.body[: len(answer.body) // 2] + _GARBAGE)
            case FaultKind.EMPTY:
                return answer._replace(body=b"")
        return answer

    def _passed_on(self, request: Request) -> Reply:
        connection = HTTPConnection(self._behind, timeout=10)
        try:
            connection.request(request.verb, request.path, request.body, dict(request.headers))
            response = connection.getresponse()
            return Reply(response.read(), response.status, response.headers["Content-Type"])
        finally:
            connection.close()


def _refusal(fault: FaultKind) -> Reply:
    status = 429 if fault is FaultKind.BUSY_FOR else int(fault)
    headers = {"Retry-After": f"{ASKED_SECONDS:g}"} if fault is FaultKind.BUSY_FOR else {}
    return Reply(b"the server's own words", status, "text/plain", headers)
