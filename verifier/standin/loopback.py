"""A small HTTP server on a free port of 127.0.0.1, answered by a function."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self


class Request(NamedTuple):
    """What was asked."""

    verb: str
    path: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class Reply(NamedTuple):
    """What is answered."""

    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = MappingProxyType({})


Responder = Callable[[Request], Reply | None]
"""Answers a request, on a thread of its own; None closes the connection without an answer."""


class LoopbackServer:
    """Serves from the start of its `with` block to the end."""

    def __init__(self, respond: Responder) -> None:
        """Listen at once, so that `address` is known; answer when entered."""
        self._server = _Server(respond)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, respond: Responder) -> None:
        self.respond = respond
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's: it asks the resolver for this machine's name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that gave up is no news
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed's private type


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def _respond(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self.server.respond(Request(self.command, self.path, headers, body))
        if answer is None:
            return
        self.send_response(answer.status)
        sizes = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        for name, value in (sizes | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""
