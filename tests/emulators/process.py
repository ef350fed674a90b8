"""Google's emulators as child processes on loopback ports, skipped or insisted on in one place."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, NoReturn

import grpc
import pytest

from tests.absence import absent
from tests.busy import LONG_SECONDS


@dataclass(frozen=True, slots=True)
class Emulator:
    """One of the emulators that come with the Google Cloud CLI."""

    component: str
    """What `gcloud components install` calls it."""
    script: str
    """The program, below the CLI's `platform` folder: what `gcloud … emulators … start` runs in the end."""
    arguments: tuple[str, ...] = ()


@contextmanager
def running(emulator: Emulator) -> Iterator[str]:
    """Run it until the block ends; yield its address. Skips the test where it is not installed, but fails in CI."""
    script = _installed(emulator)
    address = f"127.0.0.1:{_free_port()}"
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [script, *emulator.arguments, "--host=127.0.0.1", f"--port={address.rpartition(':')[2]}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, address, output)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the script and its Java; nothing in there is worth saving
            process.wait()


def _installed(emulator: Emulator) -> Path:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        _absent("install the Google Cloud CLI (gcloud)", emulator)
    script = Path(gcloud).resolve().parent.parent / "platform" / emulator.script
    if not script.exists():
        _absent("install the emulator", emulator)
    if shutil.which("java") is None:
        _absent("install Java 21 (a JRE is enough)", emulator)
    return script


def _absent(remedy: str, emulator: Emulator) -> NoReturn:
    absent(f"{remedy}: this test needs `gcloud components install {emulator.component}` and Java")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], address: str, output: IO[str]) -> None:
    deadline = monotonic() + LONG_SECONDS
    while monotonic() < deadline and process.poll() is None:
        with grpc.insecure_channel(address) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=0.2)
            except grpc.FutureTimeoutError:
                continue
            return
    output.seek(0)
    pytest.fail(f"expected an emulator on {address}, got:\n{output.read()[-2000:]}", pytrace=False)
