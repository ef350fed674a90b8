"""The function and the bare one as processes, started as the platform starts them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import psutil

from tests.benchmarks import bare
from tests.benchmarks.client import send
from tests.benchmarks.first_release import HERE, Tree
from verifier.standin.function import quiet_port

THREADS = 8
"""Of each function's one worker, as many as the framework itself gives it on two processors."""

_PLENTY = {"VERIFIER_BUILD_QUOTA": "60000"}
"""Reads of Cloud Build a minute: portions are leased as ever, but nobody has to wait for one."""
_START_SECONDS = 60
_LOOK_AGAIN_SECONDS = 0.002
_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Source:
    """Which function to start."""

    target: str
    file: Path
    settings: Mapping[str, str]
    tree: Tree = HERE
    """The checkout whose code it runs."""


BARE = Source("bare", Path(bare.__file__), {})


def ours(settings: Mapping[str, str], tree: Tree = HERE) -> Source:
    """Return the verifier of a checkout with these settings. 0.1.0 knows no quotas, and refuses to hear of them."""
    return Source("verify", tree.main, {**settings, **(_PLENTY if tree == HERE else {})}, tree)


@dataclass(frozen=True, slots=True)
class RunningFunction:
    """A function that answered its first request."""

    port: int
    process: psutil.Process
    """Gunicorn's master, which loaded the function. Its one child is the worker."""
    seconds: float
    """From the start of the process to that answer."""


@contextmanager
def running(source: Source, first: bytes) -> Iterator[RunningFunction]:
    """Yield the function, from its answer to the request `first` on. Raises RuntimeError when it does not start."""
    port = quiet_port()
    script = str(Path(sys.executable).with_name("functions-framework"))
    command = [script, f"--target={source.target}", f"--source={source.file}", f"--port={port}", "--host=127.0.0.1"]
    variables = source.tree.variables(source.settings) | {"WORKERS": "1", "THREADS": str(THREADS)}
    with TemporaryFile() as output:
        start = time.perf_counter()
        process = psutil.Popen(command, env=variables, stdout=output, stderr=subprocess.STDOUT, cwd=source.tree.root)
        try:
            if not _answers(port, first, process):
                output.seek(0)
                raise RuntimeError(f"expected {source.target} to start, got:\n{output.read().decode()[-4000:]}")
            yield RunningFunction(port, process, time.perf_counter() - start)
        finally:
            _stop(process)


def _answers(port: int, first: bytes, process: psutil.Popen) -> bool:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            send(port, first)
        except ConnectionError:
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return process.poll() is None  # or somebody else listens where this one could not
    return False


def _stop(process: psutil.Popen) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
