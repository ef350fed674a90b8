"""Output of successful runs that nobody wrote for this: what flags a line of it raises a false alarm.

`python -m tests.corpus.successful FOLDER` gathers it; nothing of it is stored with the project. A run that fails, or
whose tool is not there, gives nothing, and is named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ENOUGH = 20_000
"""Lines of which a rate of one in two thousand means something."""
_MOST = 2_500
"""Lines of one run: many programs count for more than one that talks a lot."""
_SECONDS = 900
RUNS = Path(__file__).with_suffix(".txt")
_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class WantedRun:
    """A command line whose output is gathered, in an empty folder of its own."""

    name: str
    needs: str
    """The program without which it can't be run."""
    command: str
    """A script of sh, which ends at the first failure.

    `$PROJECT` is this project's folder, `$PYTHON` its interpreter, `$VENV` the folder of its programs.
    """


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a run gave."""

    name: str
    lines: int
    """0 where it failed or its tool is not there."""
    problem: str = ""


def runs(file: Path = RUNS) -> tuple[WantedRun, ...]:
    """Return what is run: a heading `=== name | the program that it needs`, and a script, each."""
    pieces = f"\n{file.read_text(encoding='utf-8')}".split("\n=== ")[1:]
    return tuple(_run(*piece.split("\n", maxsplit=1)) for piece in pieces)


def _run(heading: str, command: str) -> WantedRun:
    name, needs = heading.split(" | ")
    return WantedRun(name, needs, command)


def gather(wanted: Iterable[WantedRun], folder: Path, *, most: int = _MOST) -> Iterator[Gathered]:
    """Run each and write what it printed to a file of its name below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for run in wanted:
        if shutil.which(run.needs) is None:
            yield Gathered(run.name, 0, f"{run.needs} is not there")
            continue
        lines, problem = _output(run)
        if not problem:
            (folder / f"{run.name}.log").write_text("".join(f"{line}\n" for line in lines[:most]), encoding="utf-8")
        yield Gathered(run.name, 0 if problem else len(lines[:most]), problem)


def _output(run: WantedRun) -> tuple[list[str], str]:
    """Return the lines that are not empty, and why they do not count."""
    with tempfile.TemporaryDirectory() as here:
        places = {"PROJECT": str(_PROJECT), "PYTHON": sys.executable, "VENV": str(Path(sys.executable).parent)}
        environment = {**os.environ, **places, "HOME": here, "LANG": "C.UTF-8", "GIT_PAGER": "cat"}
        if (rustup := Path.home() / ".rustup").is_dir():
            environment.setdefault("RUSTUP_HOME", str(rustup))
        try:
            done = subprocess.run(
                ["sh", "-ec", run.command], check=False, cwd=here, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [], f"not done after {_SECONDS} s"
    lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
    return lines, f"exit {done.returncode}: {lines[-1][:200] if lines else ''}" if done.returncode else ""


def main() -> None:
    """Gather, tell how much of what, and end with 1 where it is too little."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.successful", description=__doc__)
    parser.add_argument("folder", type=Path)
    total = 0
    for gathered in gather(runs(), parser.parse_args().folder):
        total += gathered.lines
        print(f"{gathered.name:20} {gathered.lines:6,}  {gathered.problem}".rstrip(), flush=True)
    print(f"{total:,} lines")
    sys.exit(total < ENOUGH)


if __name__ == "__main__":
    main()
