"""Methods of Google's services in the library's plain protobuf messages: one request each, and nothing is retried.

The generated clients wrap each message in one of their own (proto-plus), which copies or converts all that is read or
written. Behind each wrapper stands the plain message, `Wrapper.pb()`. What every verdict needs travels as that: a call
takes a quarter to a third less processor time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError, from_grpc_error
from google.api_core.gapic_v1.routing_header import to_grpc_metadata


def unary(channel: grpc.Channel, method: str, request: Any, answer: Any) -> Callable[..., Any]:
    """Return a method that answers with one message; `request` and `answer` are the classes of the plain messages.

    It takes a request, a `timeout`, and `metadata` where there are any, and raises GoogleAPICallError.
    """
    call = channel.unary_unary(f"/{method}", request.SerializeToString, answer.FromString)

    def made(message: Any, *, timeout: float, metadata: Any = ()) -> Any:
        try:
            return call(message, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            raise _explained(error) from error

    return made


def stream(channel: grpc.Channel, method: str, request: Any, answer: Any) -> Callable[..., Iterator[Any]]:
    """Return the same of a method that answers with several messages."""
    call = channel.unary_stream(f"/{method}", request.SerializeToString, answer.FromString)

    def made(message: Any, *, timeout: float, metadata: Any = ()) -> Iterator[Any]:
        try:
            yield from call(message, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            raise _explained(error) from error

    return made


def routed(field: str, value: str) -> list[tuple[str, str]]:
    """Return the metadata by which a service finds what a request is about, as the generated client sets it."""
    return [to_grpc_metadata({field: value})]  # type: ignore[no-untyped-call]  # the library's


def _explained(error: grpc.RpcError) -> GoogleAPICallError:
    found: GoogleAPICallError = from_grpc_error(error)  # type: ignore[no-untyped-call]  # the library's
    return found
