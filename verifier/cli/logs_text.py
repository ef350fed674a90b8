"""How judged log entries read: on a terminal, and as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from verifier.checks.accept import accept_lines
from verifier.cli.terminal import visible
from verifier.history.log_entries import NO_JOB, line_of
from verifier.history.logs_judged import Compared, JudgedError, JudgedLogs
from verifier.times import show_time

_MOST_NAME = 160
_MOST_LINES = 6
_MOST_LINE = 160


def logs_document(name: str, judged: JudgedLogs, comparison: Compared | None, *, text: bool) -> dict[str, Any]:
    """Return what `--json` prints for one file; `text`: its entries are lines, so they have a line and no moment."""
    return {
        "file": name,
        "entries": judged.entries,
        "errors": [_error_document(each, text=text) for each in judged.errors],
        "more_errors": judged.more_errors,
        "ignored": [{"name": name, "count": count} for name, count in judged.ignored.items()],
        "expected": {"seen": list(judged.seen), "missing": list(judged.missing)},
        "new": list(comparison.new) if comparison else None,
        "known": list(comparison.known) if comparison else None,
        "gone": list(comparison.gone) if comparison else None,
        "endings": list(judged.endings),
    }


def logs_lines(name: str, judged: JudgedLogs, comparison: Compared | None, today: date, *, text: bool) -> Iterator[str]:
    """Yield what a person reads about one file."""
    count = len(judged.errors)
    errors = "no errors" if not count else f"{count} error{'s' * (count != 1)}"
    yield f"{visible(name, 200)}: {judged.entries} entr{'y' if judged.entries == 1 else 'ies'}, {errors}"
    for each in judged.errors:
        yield from _error_lines(each, comparison, text=text)
    if judged.more_errors:
        yield f"  … and {judged.more_errors} more entries with errors that are not named"
    for ignored, times in judged.ignored.items():
        yield f"  · ignored ×{times}: {visible(ignored, _MOST_NAME)}"
    for expected in judged.seen:
        yield f"  ✓ seen: {visible(expected, _MOST_NAME)}"
    for expected in judged.missing:
        yield f"  ✗ never seen: {visible(expected, _MOST_NAME)}"
    if comparison is not None:
        counts = len(comparison.new), len(comparison.known), len(comparison.gone)
        yield "  since the baseline: {} new, {} known, {} gone".format(*counts)
    if judged.endings:
        yield f"  · attempts at tasks ended with {', '.join(judged.endings)}"
    yield from _how_to_accept(judged, comparison, today)


def _how_to_accept(judged: JudgedLogs, comparison: Compared | None, today: date) -> Iterator[str]:
    """Yield the lines of policy.toml that would accept the first error that counts, to be pasted."""
    for each in judged.errors:
        if each.accept is None and (comparison is None or each.error.identity in comparison.new):
            yield "  to accept an error for a while, put this into policy.toml, with its identity and a reason:"
            yield from (f"      {line}" for line in accept_lines(each.error, each.worker, today).split("\n"))
            return


def _error_document(each: JudgedError, *, text: bool) -> dict[str, Any]:
    error = each.error
    return {
        "name": error.name,
        "identity": error.identity,
        "rule": error.rule,
        "level": error.level or None,
        "count": error.count,
        "first": None if text else show_time(error.first),
        "line": line_of(error.first) if text else None,
        "job": None if each.job == NO_JOB else f"{each.job.location}/{each.job.job}",
        "task": error.task or None,
        "excerpt": error.excerpt,
        "folded": [{"identity": part.identity, "name": part.name, "count": part.count} for part in error.folded],
        "accepted": (
            {"reason": each.accept.reason, "until": each.accept.until.isoformat()} if each.accept is not None else None
        ),
    }


def _error_lines(each: JudgedError, comparison: Compared | None, *, text: bool) -> Iterator[str]:
    error = each.error
    state = ""
    if comparison is not None:
        state = "NEW  " if error.identity in comparison.new else "known  "
    sign = "·" if each.accept else "✗"
    first = f"line {line_of(error.first)}" if text else f"first at {show_time(error.first)}"
    yield f"  {sign} {state}{visible(error.name, _MOST_NAME)}"
    level = f" ({error.level})" if error.level else ""
    yield f"      ×{error.count}, {first}; by the rule {error.rule}{level}; identity {error.identity}"
    for part in error.folded[:_MOST_LINES]:
        yield f"      with it ×{part.count}: {visible(part.name, _MOST_NAME)}"
    lines = [line for line in error.excerpt.splitlines() if line.strip()]
    if len(lines) > 1:
        for line in lines[:_MOST_LINES]:
            yield f"      | {visible(line, _MOST_LINE)}"
        if len(lines) > _MOST_LINES:
            yield f"      | … {len(lines) - _MOST_LINES} more lines"
    if each.accept is not None:
        yield f"      accepted until {each.accept.until.isoformat()}: {visible(each.accept.reason, _MOST_NAME)}"
