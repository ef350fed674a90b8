"""The real function as a process of its own, started as the platform starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parents[2]
_START_SECONDS = 30


@dataclass(frozen=True)
class Function:
    """A function that listens."""

    port: int
    log: Path

    def request(self, method: str, path: str, body: bytes = b"") -> int:
        """The status of its answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()

    def post(self, path: str, body: bytes) -> int:
        return self.request("POST", path, body)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without anything of ours, and these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERIFIER_", "FIRESTORE_"))}
    return kept | {"PYTHONUNBUFFERED": "1", "NO_PROXY": "*"} | dict(settings)


def command(port: int) -> list[str]:
    """What starts the function."""
    script = Path(sys.executable).with_name("functions-framework")
    return [str(script), "--target=verify", f"--source={ROOT / 'main.py'}", f"--port={port}", "--host=127.0.0.1"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_function(settings: Mapping[str, str], folder: Path) -> Iterator[Function]:
    """The function with these settings, from its first answer on."""
    port, log = free_port(), folder / "function.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port), env=environment(settings), stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            function = Function(port, log)
            _wait(function, process)
            yield function
        finally:
            process.terminate()
            process.wait(20)


def _wait(function: Function, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            function.request("GET", "/")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the function did not start:\n{function.log.read_text()}")
