"""The real function as a process of its own, started as the platform starts it: functions-framework, with gunicorn."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from verifier.errors import VerifierError

_CHECKOUT = Path(__file__).parents[2] / "main.py"
MAIN = _CHECKOUT if _CHECKOUT.exists() else Path(__file__).with_name("deployed_main.py")
"""What is deployed: of this checkout, or as it was put into the wheel that is installed here."""
_START_SECONDS = 60
_STOP_SECONDS = 15
_NOT_KEPT = ("VERIFIER_", "FIRESTORE_", "PUBSUB_", "FUNCTION_", "DEBUG")


@dataclass(frozen=True, slots=True)
class Function:
    """A function that listens."""

    url: str
    log: Path
    """What it prints."""
    process: subprocess.Popen[bytes]
    """Its server."""

    def request(self, method: str, path: str, body: bytes = b"") -> int:
        """Return the status of its answer."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()

    def post(self, path: str, body: bytes) -> int:
        """Return the status of its answer to this message."""
        return self.request("POST", path, body)


def command(port: int, source: Path = MAIN) -> list[str]:
    """Return what starts the function that `source` has. Raise VerifierError where what is deployed is not there."""
    if not MAIN.exists():
        raise VerifierError(f"expected the function's main.py at {MAIN}, got nothing there; run this in a checkout")
    script = Path(sys.executable).with_name("functions-framework")
    return [str(script), "--target=verify", f"--source={source}", f"--port={port}", "--host=127.0.0.1"]


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without the verifier's and the framework's settings, and with these.

    No proxy is asked for loopback addresses.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_KEPT)}
    return kept | {"PYTHONUNBUFFERED": "1", "NO_PROXY": "*", "no_proxy": "*"} | dict(settings)


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def quiet_port() -> int:
    """Return a port for a server that takes its time to listen: below those that the system hands out meanwhile."""
    for port in random.SystemRandom().sample(range(20_000, 30_000), 100):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    return free_port()


@contextmanager
def running_function(settings: Mapping[str, str], folder: Path, source: Path = MAIN) -> Iterator[Function]:
    """Return the function with these settings, from its first answer on. Raise VerifierError with its last lines."""
    port, log = quiet_port(), folder / "function.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port, source),
            env=environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,  # a Ctrl-C on the terminal is for us; we end the function, workers and all
        )
        try:
            function = Function(f"http://127.0.0.1:{port}", log, process)
            _wait(function, process)
            yield function
        finally:
            _stop(process)


def _wait(function: Function, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            function.request("GET", "/")
        except OSError:
            time.sleep(0.05)
        else:
            return
    last = "\n".join(function.log.read_text(errors="replace").splitlines()[-20:])
    raise VerifierError(f"the function did not start; its last lines:\n{last}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and, if they do not follow, its workers."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
