"""How many cases were tried and how many of them held: counted in every run, and told at its end, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import pytest

T = TypeVar("T")

CountCase = Callable[[str], None]
"""Says that a test is one case of this name: it holds when the test passes."""

_TRIED, _HELD, _CASE = "tried", "held", "case"


class CountCases(Protocol):
    """Goes through cases of this name and counts them: one that raises was tried, and did not hold."""

    def __call__(self, what: str, cases: Iterable[T]) -> Iterator[T]: ...


def line(what: str, tried: int, held: int, more: str = "") -> str:
    """Return the line that tells of cases, the same wherever they are tried."""
    return f"{what}: {tried} tried, {held} held{more}"


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> CountCases:
    """Return what a test counts its cases by."""

    def count(what: str, cases: Iterable[T]) -> Iterator[T]:
        for case in cases:
            request.node.user_properties.append((_TRIED, what))
            yield case
            request.node.user_properties.append((_HELD, what))

    return count


@pytest.fixture
def case(request: pytest.FixtureRequest) -> CountCase:
    """Return what a test says by that it is a case."""
    return lambda what: request.node.user_properties.append((_CASE, what))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was counted, by whichever processes."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    tried, held = Counter[str](), Counter[str]()
    for report in reports:
        for word, what in report.user_properties if report.when == "call" else ():
            tried[what] += word != _HELD
            held[what] += word == _HELD or (word == _CASE and report.passed)
    for what in sorted(tried):
        terminalreporter.write_line(line(what, tried[what], held[what]))
