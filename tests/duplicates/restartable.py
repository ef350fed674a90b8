"""The function as a process that is killed and started again, at the same address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from tests.busy import LONG_SECONDS
from tests.duplicates import accelerated
from verifier.standin.function import MAIN, environment, quiet_port

_TICK_SECONDS = 0.05


@dataclass
class RestartableFunction:
    """A function in accelerated time."""

    settings: Mapping[str, str]
    log: Path
    """What its processes print."""
    port: int = field(default_factory=quiet_port)
    process: subprocess.Popen[bytes] = field(init=False)
    """The server that runs now."""
    kills: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process; return when it listens. Raises AssertionError when it does not."""
        script = Path(sys.executable).with_name("functions-framework")
        words = [str(script), "--target=verify", f"--source={accelerated.__file__}"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*words, f"--port={self.port}", "--host=127.0.0.1"],
                env=environment(self.settings) | {"PYTHONPATH": str(MAIN.parent)},
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=MAIN.parent,
                start_new_session=True,
            )
        until = time.monotonic() + LONG_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"the function did not start; its last lines:\n{self.log.read_text()[-2000:]}")
            time.sleep(_TICK_SECONDS)

    def _listens(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LONG_SECONDS)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def kill(self) -> None:
        """Kill the process at once: the server and its workers, in whatever they do."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1


@contextmanager
def a_restartable_function(settings: Mapping[str, str], log: Path) -> Iterator[RestartableFunction]:
    """Yield a function that runs, until the block ends."""
    function = RestartableFunction(settings, log)
    function.start()
    try:
        yield function
    finally:
        function.kill()
