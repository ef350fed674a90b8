"""How often a watch is wrong: alarms of quiet watches, and errors falsely called new after a deployment.

A quiet watch is one of a job whose runs fail as often as ever. Jobs run from a few times a day to every five minutes,
and fail never, seldom or often; every watch lasts a day, with both checkpoints, after 14 days that were alike.

Errors are what four workers of the tests' own log: stack traces and lines of text with ids, moments, hosts, addresses
and figures that vary from run to run. After the deployment all lines have moved, the folder is another one, a wrapper
has come into the stack, and one error in eight is truly new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.benchmarks.effort import Effort
from tests.benchmarks.results import Measurement
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.book import ErrorState, compared
from verifier.checks.watch.chances import RunCounts
from verifier.checks.watch.counting import ReadRun, counted
from verifier.checks.watch.telling import NewsKind, WatchNews, after_runs, at_checkpoint
from verifier.checks.watch.watching import DAY, Hour, Watch
from verifier.facts.execution import JobName
from verifier.facts.logs import LogEntry, LogFacts, LogReading, LogRules
from verifier.facts.run import RunOutcome

SEED = 20261128
WATCHES = 1_000
RUNS_A_DAY = (4, 6, 24, 48, 96, 288)
FAIL = (0.0, 0.005, 0.01, 0.03, 0.1, 0.3)
"""Shares of the runs that fail, before and after alike."""
_START = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)
_DAYS = 14
_JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
_CHECKPOINTS = (timedelta(hours=4), timedelta(hours=24))


def measure(_effort: Effort, _emulator: str) -> Iterator[Measurement]:
    """Yield the rates; both are of what was made here, and no promise about anybody's logs."""
    alarms = sum(is_alarmed(number) for number in range(WATCHES))
    yield _row("false alarms of quiet watches", alarms, WATCHES, at_most=0.02)
    found = told_as_new()
    yield _row("errors falsely called new", found.falsely, found.known, at_most=0.02)
    yield _row("new errors not called new", found.missed, found.new, at_most=0.05)


def _row(name: str, count: int, of: int, at_most: float) -> Measurement:
    return Measurement(name, str(count), f"of {of:,}", count / of, "of them", at_most=at_most)


def is_alarmed(number: int) -> bool:
    """Return whether the quiet watch with this number says that something got worse."""
    chance = Random(SEED + number)
    per_day = RUNS_A_DAY[number % len(RUNS_A_DAY)]
    share = FAIL[number // len(RUNS_A_DAY) % len(FAIL)]
    watch = _with_days_before(chance, per_day, share)
    news: list[WatchNews] = []
    left = [_START + span for span in _CHECKPOINTS]
    for run in range(per_day + 1):
        moment = _START + run * DAY / per_day
        while left and moment >= left[0]:
            watch, more = at_checkpoint(watch, left.pop(0), _CHECKPOINTS)
            news += more
        failed = chance.random() < share
        outcome = RunOutcome.FAILED if failed else RunOutcome.SUCCEEDED
        watch = counted(watch, ReadRun(f"run-{run}", moment, moment, outcome))
        watch, more = after_runs(watch, moment, failed=failed)
        news += more
    return any(one.kind is NewsKind.REGRESSED for one in news)


def _with_days_before(chance: Random, per_day: int, share: float) -> Watch:
    results = [chance.random() < share for _ in range(_DAYS * per_day)]
    hours: dict[datetime, RunCounts] = {}
    for number, failed in enumerate(results):
        start = (_START - (len(results) - number) * DAY / per_day).replace(minute=0)
        hours[start] = hours.get(start, RunCounts()) + RunCounts(1, int(failed))
    before = tuple(Hour(start, counts) for start, counts in hours.items())
    tail = "".join("F" if failed else "S" for failed in results[-12:])
    return Watch(_JOB, "sha256:after", "image", _START, baseline=len(results), before=before, tail=tail)


@dataclass(frozen=True, slots=True)
class ToldAsNew:
    """How the errors of a deployment were told apart."""

    known: int
    falsely: int
    new: int
    missed: int


_MESSAGES = (
    ("KeyError", "'{name}'"),
    ("ValueError", "lesson {number} of course {uuid} has no {name}"),
    ("TimeoutError", "no answer from {host}:{port} within {number}.0 s"),
    ("ConnectionRefusedError", "[Errno 111] Connection refused: http://{host}/api/{number}?t={uuid}"),
    ("sqlalchemy.exc.OperationalError", "(psycopg2.OperationalError) table {name} is locked by process {number}"),
    ("PermissionError", "[Errno 13] Permission denied: '/srv/{uuid}/{name}.json'"),
    ("RuntimeError", "{name} gave up after {number} tries at {moment}"),
    ("FileNotFoundError", "[Errno 2] No such file or directory: '/tmp/{uuid}'"),
)
_LINES = (
    "ERROR could not load {name} for user {number} from {host}",
    "2026-11-{day:02}T0{hour}:{minute:02}:00Z ERROR [{uuid}] {name}: request {number} failed",
    "CRITICAL {name} is {number} ms late",
)
_NAMES = "clip lesson course feature_flags storage relations quiz answers".split()
_RUNS = 12


def told_as_new() -> ToldAsNew:
    """Deploy once, and compare what the runs of the new digest say with the runs of before."""
    chance = Random(SEED)
    kinds = [(kind, name) for kind in range(len(_MESSAGES) + len(_LINES)) for name in _NAMES]
    before, new = [kind for at, kind in enumerate(kinds) if at % 8], kinds[::8]
    book = ErrorBook()
    for number in range(_RUNS):
        facts = _read(chance, before, moved=False)
        moment = _START - DAY + number * timedelta(hours=1)
        book = book.with_run(facts.errors, run=str(number), digest="sha256:before", created=moment, now=moment)
    said = {kind: _is_new(book, _read(chance, [kind], moved=True)) for kind in kinds}
    return ToldAsNew(
        known=len(before),
        falsely=sum(said[kind] for kind in before),
        new=len(new),
        missed=sum(not said[kind] for kind in new),
    )


def _is_new(book: ErrorBook, facts: LogFacts) -> bool:
    found = compared(book, facts.errors, digest="sha256:after", created=_START)
    return any(one.state is ErrorState.NEW for one in found)


def _read(chance: Random, kinds: list[tuple[int, str]], *, moved: bool) -> LogFacts:
    reading = LogReading(LogRules(), None, most=1_000)
    reading.feed(
        LogEntry(_START + timedelta(seconds=at), 0, "run.googleapis.com/stderr", text, "x", "0", "0")
        for at, text in enumerate(_text(chance, *kind, moved=moved) for kind in kinds)
    )
    return reading.facts(truncated=False)


def _text(chance: Random, kind: int, name: str, *, moved: bool) -> str:
    values = {
        "name": name,
        "number": chance.randrange(10_000),
        "port": chance.randrange(1_024, 65_000),
        "uuid": f"{chance.getrandbits(128):032x}",
        "host": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
        "moment": f"2026-11-{chance.randrange(1, 28):02}T02:{chance.randrange(60):02}:00Z",
        "day": chance.randrange(1, 28),
        "hour": chance.randrange(10),
        "minute": chance.randrange(60),
    }
    if kind >= len(_MESSAGES):
        return _LINES[kind - len(_MESSAGES)].format(**values)
    error, message = _MESSAGES[kind]
    folder, line = ("/srv/app", chance.randrange(200, 400)) if moved else ("/app", chance.randrange(10, 200))
    wrapper = f'  File "{folder}/retry.py", line {line}, in retried\n    return call()\n' if moved else ""
    return (
        "Traceback (most recent call last):\n"
        f'  File "{folder}/main.py", line {line + 3}, in main\n    work()\n'
        f"{wrapper}"
        f'  File "{folder}/{name}.py", line {line + 9}, in load_{name}\n    raise\n'
        f"{error}: {message.format(**values)}"
    )
