"""A progress bar on standard error, for as long as somebody watches a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from verifier.history.judged_build import JudgedBuild

EVERY = 50
"""Builds after which the bar is moved."""


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told how many of how many are done, and moves a bar by it, as `progress` does."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} {task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1)
        yield lambda done, all_of_them: bar.update(task, completed=done, total=max(all_of_them, 1))


class BuildProgress(NamedTuple):
    """A bar that moves with the builds."""

    seen: Callable[[JudgedBuild], None]
    """Is told of each build."""
    done: Callable[[], None]
    """Takes the bar away, before anything else is written to the terminal."""


@contextmanager
def progress(span: tuple[datetime, datetime] | None, *, shown: bool, every: int = EVERY) -> Iterator[BuildProgress]:
    """Give a bar that is told of each build, newest first, and moves through the span of time.

    Without a span the bar shows that something happens. It is gone at the end, and never there where standard error is
    no terminal or `shown` is false.
    """
    if not (shown and sys.stderr.isatty()):
        yield BuildProgress(lambda _: None, lambda: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.fields[count]} builds{task.fields[back]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        total = (span[1] - span[0]).total_seconds() if span else None
        task, count = bar.add_task("", total=total, count=0, back=""), 0

        def seen(build: JudgedBuild) -> None:
            nonlocal count
            count += 1
            if count % every == 1 % every and build.created:
                done = (span[1] - build.created).total_seconds() if span else None
                bar.update(task, completed=done, count=count, back=f", back to {build.created:%Y-%m-%d}")

        yield BuildProgress(seen, bar.stop)
