"""How many cases were tried and how many of them held: counted in every run, and told at its end, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import pytest

T = TypeVar("T")

_TRIED, _HELD = "tried", "held"


class Tally(Protocol):
    """Goes through cases of this name and counts them: one that raises was tried, and did not hold."""

    def __call__(self, what: str, cases: Iterable[T]) -> Iterator[T]: ...


def line(what: str, tried: int, held: int, more: str = "") -> str:
    """The line that tells of cases, the same wherever they are tried."""
    return f"{what}: {tried} tried, {held} held{more}"


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """What a test counts its cases by."""

    def count(what: str, cases: Iterable[T]) -> Iterator[T]:
        for case in cases:
            request.node.user_properties.append((_TRIED, what))
            yield case
            request.node.user_properties.append((_HELD, what))

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was counted, by whichever processes."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    said = [said for report in reports if report.when == "call" for said in report.user_properties]
    tried, held = (Counter(what for word, what in said if word == wanted) for wanted in (_TRIED, _HELD))
    for what in sorted(tried):
        terminalreporter.write_line(line(what, tried[what], held[what]))
