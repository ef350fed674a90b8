"""The other side of a function: one message posted, or as many as it can answer. Cheap, so that it is no bottleneck."""

from __future__ import annotations

import selectors
import socket
from contextlib import ExitStack
from time import perf_counter

_PATIENCE = 60.0
_ACKNOWLEDGED = b"HTTP/1.1 204 "
_END = b"\r\n\r\n"


def post(path: str, body: bytes) -> bytes:
    """Return the bytes of an HTTP request over a connection that is kept."""
    head = f"POST {path} HTTP/1.1\r\nHost: function\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + _END + body


def send(port: int, request: bytes) -> None:
    """Send one request and wait until it is acknowledged.

    Raises OSError where nobody listens, and RuntimeError for any other answer than 204.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.sendall(request)
        _check(_received(connection))


def load(port: int, request: bytes, connections: int, seconds: float) -> float:
    """Return how many requests a second are acknowledged when each connection sends the next at once.

    Raises RuntimeError for any other answer than 204.
    """
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for _ in range(connections):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ, connection)
            connection.sendall(request)
        answered, start = 0, perf_counter()
        while (spent := perf_counter() - start) < seconds:
            for key, _ in selector.select(_PATIENCE):
                _check(_received(key.data))
                answered += 1
                key.data.sendall(request)
        return answered / spent


def _received(connection: socket.socket) -> bytes:
    """Return an answer, which ends with its headers: 204 has no body."""
    answer = connection.recv(65_536)
    while _END not in answer:
        more = connection.recv(65_536)
        if not more:
            break
        answer += more
    return answer


def _check(answer: bytes) -> None:
    if not answer.startswith(_ACKNOWLEDGED):
        raise RuntimeError(f"expected the function to answer 204, got {answer[:500]!r}")
