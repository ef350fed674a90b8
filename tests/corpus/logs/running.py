"""Runs a program, and keeps what it wrote."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from tests.corpus.logs.programs import Program
from tests.corpus.logs.runtimes import Runtime, runtime_of
from tests.corpus.logs.sequences import Sequence, Stream, WrittenLine

_SECONDS = 300.0


class Unbuilt(Exception):
    """A program does not build; what the compiler said."""


def is_there(runtime: Runtime, place: Path) -> bool:
    """Tell whether the runtime can be had here."""
    return shutil.which(runtime.needs.format(place=place)) is not None


def run(program: Program, place: Path) -> Sequence:
    """Return what the program wrote, in the order in which it arrived. Raises Unbuilt."""
    runtime = runtime_of(program.part)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        here.chmod(0o755)
        (here / runtime.file).write_text(program.source, encoding="utf-8")
        environment = _environment(place, here)
        if runtime.build:
            command = ["sh", "-c", _command(runtime.build, place)]
            built = subprocess.run(command, check=False, cwd=here, env=environment, capture_output=True, text=True)
            if built.returncode:
                raise Unbuilt(f"{program.id}: {built.stdout}{built.stderr}")
        code, written = _captured(_command(runtime.run, place), here, environment)
    lines = tuple(WrittenLine(stream, _portable(text, here, place)) for stream, text in written)
    return Sequence(program.id, program.language, program.logger, program.truth, program.kind, program.why, code, lines)


def _command(text: str, place: Path) -> str:
    return text.replace("{place}", str(place))


def _environment(place: Path, here: Path) -> dict[str, str]:
    path = f"{place}/py/bin:{place}/js/node_modules/.bin:{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
    if "RUSTUP_HOME" not in kept and (rustup := Path.home() / ".rustup").is_dir():
        kept["RUSTUP_HOME"] = str(rustup)
    return kept | {
        "PATH": path,
        "HOME": str(here),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "NODE_PATH": f"{place}/js/node_modules",
        "GOPATH": "/usr/share/gocode",
        "GO111MODULE": "off",
        "GOCACHE": f"{place}/go",
    }


def _captured(command: str, here: Path, environment: dict[str, str]) -> tuple[int, list[tuple[Stream, str]]]:
    """Return the exit code and the lines. A child that outlives the program is not waited for longer than it takes."""
    process = subprocess.Popen(
        ["bash", "-c", command if ";" in command else f"exec {command}"],
        cwd=here, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    lines: list[tuple[Stream, str]] = []
    rest: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
    until = monotonic() + _SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, "stdout")
        selector.register(process.stderr, selectors.EVENT_READ, "stderr")
        while selector.get_map() and monotonic() < until:
            for key, _ in selector.select(timeout=1):
                stream: Stream = key.data
                got = os.read(key.fd, 65_536)
                *whole, rest[stream] = (rest[stream] + got).split(b"\n")
                lines += [(stream, line.decode(errors="replace")) for line in whole]
                if not got:
                    selector.unregister(key.fileobj)
    lines += [(stream, last.decode(errors="replace")) for stream, last in rest.items() if last]
    return process.wait(timeout=_SECONDS), lines


def _portable(text: str, here: Path, place: Path) -> str:
    """Return the line with the folders and the name of a container instead of this machine's."""
    for folder, name in (
        (str(here), "/srv/app"),
        (here.name, "app"),
        (f"{place}/py", "/usr/local"),
        (f"{place}/js", "/srv/app"),
        (str(place), "/usr/local"),
        (sys.base_prefix, "/usr/local"),
        (str(Path.home()), "/home/worker"),
    ):
        text = text.replace(folder, name)
    text = re.sub(rf"(?<![\w:/.-]){re.escape(socket.gethostname())}(?![\w:/.-])", "worker", text)
    return re.sub(r"/tmp/[\w.-]+", "/srv/app/scratch", text).rstrip("\r")
