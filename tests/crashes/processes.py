"""Processes of the function: the parent's side of the fork server and of each process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.busy import LONG_SECONDS
from tests.crashes.function_process import MOST_BYTES
from verifier.standin.function import MAIN, environment
from verifier.times import show_time


class FunctionProcess:
    """One process of the function."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def fileno(self) -> int:
        """Return that of the socket that its answers come through, to wait for several processes at once."""
        return self._channel.fileno()

    def hand(self, number: int, now: datetime, path: str, body: bytes) -> bool:
        """Send a delivery to the process, in which it is this late. False when the process is dead."""
        delivery = {"number": number, "now": show_time(now), "path": path, "body": body.decode()}
        try:
            self._channel.send(json.dumps(delivery).encode())
        except (BrokenPipeError, ConnectionError):
            return False
        return True

    def answer(self) -> Mapping[str, Any] | None:
        """Return the next answer, with the `number` of its delivery. None when the process is dead."""
        for _ in range(2):
            try:
                packet = self._channel.recv(MOST_BYTES)
            except ConnectionError:
                continue  # it was killed with a delivery unread: told before what it had sent, and once
            return json.loads(packet) if packet else None
        return None

    def end(self) -> None:
        """Let the process end when it has done what it was handed."""
        self._channel.close()


class ForkServer:
    """Starts processes of the function, which have everything imported."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests

    def process(self, plan: Mapping[str, Any]) -> FunctionProcess:
        """Start a process of the function. See `function_process.serve_deliveries` for its plan."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(LONG_SECONDS)
        with theirs:
            socket.send_fds(self._requests, [json.dumps(plan).encode()], [theirs.fileno()])
        return FunctionProcess(ours)


@contextmanager
def a_fork_server(log: Path) -> Iterator[ForkServer]:
    """Yield a fork server, until the block ends; what its processes print goes to this file."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, log.open("wb") as output:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.crashes.fork_server"],
                stdin=theirs.fileno(),
                stdout=output,
                env=environment({}),
                cwd=MAIN.parent,
            )
        try:
            yield ForkServer(ours)
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            process.wait(LONG_SECONDS)
