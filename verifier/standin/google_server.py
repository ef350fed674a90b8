"""The stand-in on the wire: a gRPC server on a loopback port that the production adapters talk to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType, TracebackType
from typing import Any, NoReturn, Self

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from verifier.standin.build_service import BuildService
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Fault, Faults
from verifier.standin.logging_service import LoggingService
from verifier.standin.messages import Method, Pb
from verifier.standin.refusal import RefusalError
from verifier.standin.run_service import RunService

_THREADS = 32
_GRACE = 0.1
"""Seconds that calls under way get when the server stops; those that hang on purpose never use more."""
_LARGEST_MESSAGE = 64 * 1024 * 1024
_NOTHING_MORE: Mapping[str, Method] = MappingProxyType({})


class GoogleStandIn:
    """Cloud Build, Cloud Run and Cloud Logging in one server, as a context manager.

    Clients reach it through a plaintext channel to `address`. A method that it does not know is refused by its name.
    """

    def __init__(self, cloud: Cloud, faults: Faults, more: Mapping[str, Method] = _NOTHING_MORE) -> None:
        """`more`: methods of other services, by their full name."""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="google-stand-in")
        options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(self._threads, handlers=[_Router(cloud, faults, more)], options=options)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        """Host and port."""

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop(_GRACE).wait()
        self._threads.shutdown()


class _Router(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only, not when it runs
    """Finds what serves a call, and gets in its way where a fault says so."""

    def __init__(self, cloud: Cloud, faults: Faults, more: Mapping[str, Method]) -> None:
        self._cloud, self._faults = cloud, faults
        self._methods: dict[str, Method] = {
            **BuildService(cloud).methods(),
            **RunService(cloud).methods(),
            **LoggingService(cloud).methods(),
            **more,
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        path = handler_call_details.method
        method = self._methods.get(path)
        if method is None:
            return grpc.unary_unary_rpc_method_handler(self._unknown(path))
        return grpc.unary_unary_rpc_method_handler(
            self._known(path, method),
            request_deserializer=method.request.FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )

    def _unknown(self, path: str) -> Callable[[bytes, grpc.ServicerContext], NoReturn]:
        def refuse(_: bytes, context: grpc.ServicerContext) -> NoReturn:
            self._faults.next(_short(path))
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{path} is not known to this stand-in.")

        return refuse

    def _known(self, path: str, method: Method) -> Callable[[Pb, grpc.ServicerContext], Pb]:
        def serve(request: Pb, context: grpc.ServicerContext) -> Pb:
            fault = self._faults.next(_short(path))
            if fault and fault.kind == "hang":
                _wait(context, None)
            if fault and fault.kind in ("hang", "before"):
                _fail(context, fault)
            try:
                self._cloud.require_api(path)
                payer = _payer(context)
                if payer:
                    self._cloud.require_payer(payer)
                self._cloud.catch_up()
                with self._cloud.quotas.paid_by(payer):
                    response = method.answer(request)
            except RefusalError as refusal:
                _refuse(context, refusal)
            if fault and fault.kind == "slow":
                _wait(context, fault.seconds)
            if fault and fault.kind == "after":
                _fail(context, fault)
            return response

        return serve


def _payer(context: grpc.ServicerContext) -> str:
    """Return the project that the caller names to pay for its call, or empty text."""
    named = [value for name, value in context.invocation_metadata() if name == "x-goog-user-project"]
    return str(named[0]) if named else ""


def _short(path: str) -> str:
    return path.rpartition("/")[2]


def _refuse(context: grpc.ServicerContext, refusal: RefusalError) -> NoReturn:
    code = grpc.StatusCode[refusal.status]
    if not refusal.reason:
        context.abort(code, refusal.message)
    status = status_pb2.Status(code=code.value[0], message=refusal.message)
    reason = error_details_pb2.ErrorInfo(reason=refusal.reason, domain="googleapis.com", metadata=dict(refusal.details))
    status.details.add().Pack(reason)
    if refusal.retry_after is not None:
        status.details.add().Pack(_wait_for(refusal.retry_after))
    context.abort_with_status(rpc_status.to_status(status))


def _wait_for(seconds: float) -> error_details_pb2.RetryInfo:
    wait = error_details_pb2.RetryInfo()
    wait.retry_delay.FromNanoseconds(round(seconds * 1e9))
    return wait


def _wait(context: grpc.ServicerContext, seconds: float | None) -> None:
    """Wait, but no longer than until the call is over: answered, given up by the client, or cut off by a stop."""
    over = threading.Event()
    if context.add_callback(over.set):
        over.wait(seconds)


def _fail(context: grpc.ServicerContext, fault: Fault) -> NoReturn:
    if fault.status not in grpc.StatusCode.__members__:
        context.abort(grpc.StatusCode.INTERNAL, f"The scripted fault's status {fault.status!r} is no gRPC status.")
    code = grpc.StatusCode[fault.status]
    message = f"scripted {fault.status} {fault.kind} {fault.call}"
    if fault.retry_after is not None and fault.in_metadata:
        context.set_trailing_metadata((("retry-after", f"{fault.retry_after:g}"),))
    if fault.retry_after is None or fault.in_metadata:
        context.abort(code, message)
    status = status_pb2.Status(code=code.value[0], message=message)
    status.details.add().Pack(_wait_for(fault.retry_after))
    context.abort_with_status(rpc_status.to_status(status))
