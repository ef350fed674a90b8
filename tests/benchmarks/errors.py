"""How well errors are found and told apart, and what that costs in the worst case.

The corpus is judged as `python -m tests.corpus.logs score` does. Two sets are not stored with the project, and are
measured where a folder of them is named:

- `SUCCESSFUL`: output of successful runs, as `python -m tests.corpus.successful FOLDER` gathers it;
- `LOGHUB`: a copy of the repository logpai/loghub, with its 16 samples of 2,000 lines.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import NamedTuple

from tests.benchmarks.decoders import UNITS
from tests.benchmarks.effort import Effort
from tests.benchmarks.results import Measurement, absent
from tests.corpus.logs.score import JudgedSequence, false_alarms, score
from tests.corpus.logs.sequences import sequences
from verifier.facts.logs import LogEntry, LogReading, LogRules, describe

_WHEN = datetime(2026, 11, 23, tzinfo=UTC)
_FRAMES = '  File "/app/worker.py", line 41, in run\n    self.import_lesson(lesson)\n' * 8


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure all of it. No ledger is needed."""
    yield from found_in_corpus(score(sequences()[:: effort.corpus_step]))
    yield _successful(os.environ.get("SUCCESSFUL", ""))
    yield from known_again(os.environ.get("LOGHUB", ""))
    yield from _costs(effort)


def found_in_corpus(judged: Sequence[JudgedSequence]) -> Iterator[Measurement]:
    """Yield a row a language, a row for each logger of whose output something is judged wrong, and the sums."""
    for by in ("language", "logger"):
        groups: dict[str, list[JudgedSequence]] = {}
        for one in judged:
            groups.setdefault(getattr(one.sequence, by), []).append(one)
        rows = [_row(f"errors, {by} {name}", groups[name]) for name in sorted(groups)]
        if by == "language":
            yield from rows
        else:
            wrong = [row for row, name in zip(rows, sorted(groups), strict=True) if _is_wrong(groups[name])]
            yield from wrong
            others = len(rows) - len(wrong)
            yield Measurement("errors, other loggers", f"{others} of {len(rows)}", "nothing wrong", others, "loggers")
    silent, benign = _parts(judged)
    for how, least in (("joined", 90), ("split", 88)):
        hit, alarms = (sum(getattr(one, how) for one in part) for part in (silent, benign))
        found, alarm = f"{hit} of {len(silent)}", f"{alarms} of {len(benign)}"
        share = 100 * hit / max(1, len(silent))
        yield Measurement(f"errors: silent ones found, {how}", found, "all", share, "%", at_least=least)
        share = 100 * alarms / max(1, len(benign))
        yield Measurement(f"errors: false alarms, {how}", alarm, "none", share, "%", at_most=4)


def _row(name: str, judged: Sequence[JudgedSequence]) -> Measurement:
    """Return how the sequences are judged: what is found joined and split, and beside it the alarms."""
    silent, benign = _parts(judged)
    joined, split = (sum(getattr(one, how) for one in silent) for how in ("joined", "split"))
    alarms = " and ".join(str(sum(getattr(one, how) for one in benign)) for how in ("joined", "split"))
    share = 100 * split / len(silent) if silent else 100.0
    return Measurement(
        name, f"{joined} and {split} of {len(silent)} found", f"{alarms} of {len(benign)} alarms", share, "% split"
    )


def _parts(judged: Sequence[JudgedSequence]) -> tuple[list[JudgedSequence], list[JudgedSequence]]:
    silent = [one for one in judged if one.sequence.silent_error]
    return silent, [one for one in judged if one.sequence.truth == "benign"]


def _is_wrong(judged: Sequence[JudgedSequence]) -> bool:
    silent, benign = _parts(judged)
    return not all(one.joined and one.split for one in silent) or any(one.joined or one.split for one in benign)


def _successful(folder: str) -> Measurement:
    name = "errors: false alarms in 2,000 lines of successful runs"
    alarms = false_alarms(Path(folder)) if folder else ()
    lines = sum(one.lines for one in alarms)
    if not lines:
        return absent(name, f"SUCCESSFUL names no folder of *.log files ({folder or 'not set'})")
    count = max(sum(one.joined for one in alarms), sum(one.split for one in alarms))
    return Measurement(name, f"{count} of {lines:,}", f"{len(alarms)} runs", 2000 * count / lines, "alarms", at_most=1)


class _Again(NamedTuple):
    """Whether the second half of a sample is told apart from its first half."""

    said_new: int
    false_new: int
    new: int
    missed: int


def known_again(folder: str) -> Iterator[Measurement]:
    """Yield whether what is new in the second half of each sample is said to be new, and nothing else is."""
    names = "errors: identities falsely new", "errors: kinds truly new, missed"
    samples = sorted(Path(folder).glob("*/*_2k.log_structured.csv")) if folder else []
    if not samples:
        yield from (absent(name, f"LOGHUB names no copy of logpai/loghub ({folder or 'not set'})") for name in names)
        return
    sums = _Again(*map(sum, zip(*(_again(sample) for sample in samples), strict=True)))
    lines = f"{len(samples)} samples of 2,000 lines"
    yield Measurement(
        names[0], f"{sums.false_new} of {sums.said_new} said", lines, sums.false_new, "identities", at_most=60
    )
    yield Measurement(names[1], f"{sums.missed} of {sums.new}", lines, sums.missed, "kinds", at_most=5)


def _again(sample: Path) -> _Again:
    with sample.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [(row["EventId"], describe(row["Content"]).identity) for row in csv.DictReader(file)]
    before, after = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    kinds, identities = ({row[at] for row in before} for at in (0, 1))
    said = {identity: kind for kind, identity in reversed(after) if identity not in identities}
    new = {kind for kind, _ in after} - kinds
    told = {kind for kind, identity in after if identity not in identities}
    return _Again(len(said), sum(kind in kinds for kind in said.values()), len(new), len(new - told))


def _costs(effort: Effort) -> Iterator[Measurement]:
    count = 100 * effort.readings
    texts = [
        f"Traceback (most recent call last):\n{_FRAMES}KeyError: 'no lesson {number} in {number * 7}'"
        for number in range(count)
    ]
    start = process_time()
    for text in texts:
        describe(text)
    each = (process_time() - start) / count * 1e6
    yield Measurement("errors: a traceback's identity", f"{each:.0f} µs", "", each, "µs", at_most=100)
    size = 4 * effort.hostile_characters
    worst = max(_milliseconds((unit * (size // len(unit) + 1))[:size]) for unit in UNITS)
    yield Measurement(
        f"errors: {size // 1000} KB of hostile text in an entry", f"{worst:.0f} ms", "", worst, "ms", at_most=100
    )


def _milliseconds(text: str) -> float:
    """Return the processor time of judging one entry with this text."""
    reading = LogReading(LogRules(), None)
    start = process_time()
    reading.feed([LogEntry(_WHEN, 500, "run.googleapis.com/stderr", text, "", "", "")])
    reading.feed([LogEntry(_WHEN, 0, "run.googleapis.com/stderr", text, "", "", "")])
    reading.facts(truncated=False)
    return (process_time() - start) * 1e3 / 2
