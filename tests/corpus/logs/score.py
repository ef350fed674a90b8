"""How the corpus is judged: silent errors found, and false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.cloud.logging_v2.types import LogEntry as LogEntryMessage
from google.protobuf.json_format import ParseDict

from tests.corpus.logs.delivery import EXECUTION, joined, split
from tests.corpus.logs.sequences import Sequence as Output
from tests.corpus.logs.sequences import WrittenLine
from verifier.adapters.cloud_logging import log_entry
from verifier.facts.logs import LogFacts, LogReading, LogRules, read_twice
from verifier.services import Document


@dataclass(frozen=True, slots=True)
class JudgedSequence:
    """A sequence, and whether an error was seen in it."""

    sequence: Output
    joined: bool
    split: bool


@dataclass(frozen=True, slots=True)
class Alarms:
    """What is flagged in the output of a successful run."""

    name: str
    lines: int
    joined: int
    """Entries that are taken for errors, where stack traces are joined; all of them are false."""
    split: int
    excerpts: tuple[str, ...]
    """How each kind of them begins."""


def errors_in(entries: Iterable[Document], rules: LogRules | None = None) -> LogFacts:
    """Return what is found in the entries, read as the function reads them."""
    read = [log_entry(ParseDict(dict(entry), LogEntryMessage.pb()())) for entry in entries]
    return read_twice(lambda _: read, lambda around: LogReading(rules or LogRules(), EXECUTION, around=around))


def count(facts: LogFacts) -> int:
    """Return how many entries are errors."""
    return sum(error.count for error in facts.errors) + facts.more_errors


def score(sequences: Iterable[Output], rules: LogRules | None = None) -> tuple[JudgedSequence, ...]:
    """Return how each sequence is judged, delivered in both ways."""
    return tuple(
        JudgedSequence(one, bool(count(errors_in(joined(one), rules))), bool(count(errors_in(split(one), rules))))
        for one in sequences
    )


def false_alarms(folder: Path, rules: LogRules | None = None) -> tuple[Alarms, ...]:
    """Return what is flagged in the files that `tests.corpus.successful` gathered."""
    return tuple(_alarms(file, rules) for file in sorted(folder.glob("*.log")))


def _alarms(file: Path, rules: LogRules | None) -> Alarms:
    lines = tuple(WrittenLine("stdout", line) for line in file.read_text(encoding="utf-8").splitlines())
    output = Output(file.stem, "any", "any", "benign", "quiet", "it was successful", 0, lines)
    together, apart = errors_in(joined(output), rules), errors_in(split(output), rules)
    excerpts = tuple(error.excerpt.partition("\n")[0][:100] for error in together.errors)
    return Alarms(file.stem, len(lines), count(together), count(apart), excerpts)


def alarm_table(alarms: Sequence[Alarms]) -> str:
    """Return a line a run, what was flagged below it, and the sum."""
    lines, together, apart = (sum(getattr(one, name) for one in alarms) for name in ("lines", "joined", "split"))
    rows = [f"{'run':28} lines    flagged: joined, split"]
    for one in (*alarms, Alarms("all", lines, together, apart, ())):
        rows += [f"{one.name:28} {one.lines:6,} {one.joined:16}, {one.split:5}"]
        rows += [f"    {text}" for text in one.excerpts]
    return "\n".join(rows)


def table(judged: Sequence[JudgedSequence], by: str, *, wrong: bool = False) -> str:
    """Return silent errors found and false alarms, a line a language (or logger, or kind), and the sum."""
    groups: dict[str, list[JudgedSequence]] = {}
    for one in judged:
        groups.setdefault(getattr(one.sequence, by), []).append(one)
    head = f"{by:28} silent errors found: joined, split    false alarms: joined, split"
    rows = [_row(name, groups[name]) for name in sorted(groups)]
    named = [_wrong(one) for one in judged if wrong and _is_wrong(one)]
    return "\n".join([head, *rows, _row("all", judged), *named])


def _row(name: str, judged: Sequence[JudgedSequence]) -> str:
    silent = [one for one in judged if one.sequence.silent_error]
    benign = [one for one in judged if one.sequence.truth == "benign"]
    return f"{name:28} {_shares(silent)}    {_shares(benign)}"


def _shares(judged: Sequence[JudgedSequence]) -> str:
    if not judged:
        return f"{'–':>31}"
    counts = sum(one.joined for one in judged), sum(one.split for one in judged)
    return ", ".join(f"{count:3}/{len(judged):3} = {count / len(judged):4.0%}" for count in counts)


def _is_wrong(one: JudgedSequence) -> bool:
    should = one.sequence.silent_error
    return (should or one.sequence.truth == "benign") and (one.joined, one.split) != (should, should)


def _wrong(one: JudgedSequence) -> str:
    how = "missed" if one.sequence.silent_error else "false alarm"
    forms = " and ".join(name for name in ("joined", "split") if getattr(one, name) != one.sequence.silent_error)
    return f"{how}, {forms}: {one.sequence.id} ({one.sequence.kind}: {one.sequence.why})"
