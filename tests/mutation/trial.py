"""One mutant in a process of its own: the tests, run until one fails.

The process is forked from one that has loaded the libraries and none of our modules, so that the mutant is what is
imported, whoever imports it. No file is changed.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from io import StringIO
from tempfile import TemporaryDirectory
from types import CodeType, ModuleType

import pytest
from hypothesis import Phase, settings

from tests.mutation.mutants import CodeMutant
from tests.mutation.scope import ROOT

_QUIET = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not firestore")
_UNIT = ("--noconftest", "-p", "tests.tally")
"""Unit tests need neither stores nor emulators, and loading those takes longer than most of them."""
_OURS = ("verifier", "tests")
_WALL_SECONDS = 600
_MOST_BYTES = 4 * 2**30


class Fate(StrEnum):
    """What became of a mutant."""

    SURVIVED = "survived"
    KILLED = "killed"
    STILLBORN = "stillborn"
    """It can't even be imported: that it fails says nothing about the tests."""


_FATES = {0: Fate.SURVIVED, 1: Fate.KILLED, 2: Fate.STILLBORN}


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant, its tests, and how many seconds of processor time they may take."""

    mutant: CodeMutant
    stages: Sequence[Sequence[str]]
    seconds: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a trial."""

    trial: Trial
    fate: Fate
    seconds: float
    """The processor time that it took."""


def prepare() -> None:
    """Load the libraries that tests use, and forget our own modules again."""
    importlib.import_module("tests.conftest")
    with redirect_stdout(StringIO()):
        pytest.main(["--collect-only", "-q", "tests/unit/checks/test_verdict.py"])
    for name in [name for name in sys.modules if name.split(".")[0] in _OURS and not name.startswith("tests.mutation")]:
        if name != "tests":
            del sys.modules[name]
    gc.collect()
    gc.freeze()  # what is loaded stays: no process has to go through it again
    # The same examples each time, so that the score is a fact; a counterexample is as good as the smallest one.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", derandomize=True, database=None, deadline=None, phases=phases)
    settings.load_profile("mutants")


def run(trials: Iterable[Trial], processes: int) -> Iterator[Result]:
    """Run the trials, so many at a time, and return what became of each as soon as it is known."""
    waiting, running = iter(trials), dict[int, tuple[Trial, float]]()
    more = True
    try:
        while more or running:
            while more and len(running) < processes:
                trial = next(waiting, None)
                if trial is None:
                    more = False
                else:
                    running[_start(trial)] = (trial, time.monotonic() + _WALL_SECONDS)
            yield from _ended(running)
    finally:
        for process in running:
            _end(process)


def _ended(running: dict[int, tuple[Trial, float]]) -> Iterator[Result]:
    for process, (trial, until) in list(running.items()):
        ended, status, usage = os.wait4(process, os.WNOHANG)
        if ended:
            del running[process]
            fate = _FATES.get(os.waitstatus_to_exitcode(status), Fate.KILLED)
            yield Result(trial, fate, usage.ru_utime + usage.ru_stime)
        elif time.monotonic() > until:
            os.killpg(process, signal.SIGKILL)
    time.sleep(0.02)


def _start(trial: Trial) -> int:
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        code = _verdict(trial)
    finally:
        os._exit(code)


def _end(process: int) -> None:
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _verdict(trial: Trial) -> int:
    """Return 0 where every test passes, 1 where one fails, 2 where there is nothing to test."""
    if "MUTANTS_SHOW" not in os.environ:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (trial.seconds, trial.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    sys.meta_path.insert(0, _Finder(trial.mutant))
    try:
        importlib.import_module(trial.mutant.name)
    except Exception:  # noqa: BLE001  # whatever it is, it is no module
        return 2
    with TemporaryDirectory(prefix="mutant-") as place:
        for number, tests in enumerate(trial.stages):
            alone = all(test.startswith("tests/unit/") for test in tests)
            options = (*_QUIET, *(_UNIT if alone else ()), f"--basetemp={place}/{number}")
            if pytest.main([*options, *tests]) != pytest.ExitCode.OK:
                return 1
    return 0


class _Finder:
    """Gives the mutant to whoever imports its module."""

    def __init__(self, mutant: CodeMutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._mutant.name:
            return None
        file = str(ROOT / self._mutant.module)
        return spec_from_file_location(name, file, loader=_Loader(name, file, self._mutant.source))


class _Loader(SourceFileLoader):
    """Compiles another text than the file's."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


def of(mutants: Iterable[CodeMutant], stages: Sequence[Sequence[str]], seconds: float) -> Iterator[Trial]:
    """Return their trials: each may take ten times what the module's own tests took, and ten seconds more."""
    return (Trial(mutant, stages, int(10 + 10 * seconds)) for mutant in mutants)
