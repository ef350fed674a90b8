"""One audit from its first build to its end, whatever it reads from and writes to."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.cli.audit_input import Wanted, judged
from verifier.cli.audit_output import AuditEnding, Output
from verifier.cli.audit_place import AuditScope
from verifier.errors import ServiceError
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.history.deployed import enter_maker
from verifier.history.job_lines import job_lines, with_watches
from verifier.history.judged_build import JudgedBuild, Maker, Run
from verifier.history.origin import Origin
from verifier.history.repeated import Once
from verifier.history.summary import Problem, SummaryBuilder

if TYPE_CHECKING:
    from verifier.adapters.submitters import SubmitterLog
    from verifier.cli.audit_compare import UploadComparisons
    from verifier.cli.audit_decisions import FunctionDecisions


_OBJECTS = 100_000
"""Objects after which the garbage collector looks for cycles."""


@contextmanager
def _few_collections() -> Iterator[None]:
    """Have the garbage collector run seldom: builds go by by the thousand, and none of them is in a cycle."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@dataclass(frozen=True, slots=True)
class AuditRun:
    """What is read, by which rules it is judged, and what counts as flagged."""

    items: Iterator[Build | Problem]
    policy: Policy
    wanted: Wanted
    who: SubmitterLog | None
    place: AuditScope | None
    """None where only files are read."""
    jobs: Sequence[JobName]
    fail_on: frozenset[Verdict]
    now: datetime
    comparisons: UploadComparisons | None = None
    """What compares each upload; None where that was not asked for."""
    decisions: FunctionDecisions | None = None
    """What a deployed function decided; None where none was named."""
    origin: Origin | None = None
    """What is told of where the audit comes from."""
    expected_in: str = ""
    """Where builds must be found, so that finding none is a problem; empty: finding none is an answer."""

    def write(
        self, output: Output, seen: Callable[[JudgedBuild], None], done: Callable[[], None] = lambda: None
    ) -> AuditEnding:
        """Write each build as it goes by, then the end, and return the end.

        `seen` is called with each build, and `done` before the end is written.
        """
        tally, problems, made_by, once = SummaryBuilder(), list[Problem](), dict[str, Maker](), Once()
        made = partial(enter_maker, made_by) if self.jobs else None
        with _few_collections():
            decided = self.decisions.decided if self.decisions else None
            for found in judged(self.items, self.policy, self.wanted, self.who, made, once, decided):
                if isinstance(found, Problem):
                    problems.append(found)
                    continue
                item = self._compared(found)
                tally.add(item)
                output.add(item)
                seen(item)
        runs = list(self._runs(made_by, problems))
        jobs = job_lines(runs)
        if self.decisions:
            jobs = with_watches(jobs, self.decisions.watches(jobs))
            problems += self.decisions.problems
        summary = tally.summary(self.now)
        if self.expected_in and not (summary.builds or problems):
            problems.append(self._nothing(once.read))
        flagged = summary.flagged(self.fail_on)
        ending = AuditEnding(summary, runs, problems, flagged, self.now, once.repeated, self.origin, jobs)
        done()
        output.end(ending)
        return ending

    def _compared(self, build: JudgedBuild) -> JudgedBuild:
        if self.comparisons is None or build.archive is None or build.verdict is not Verdict.LOCAL_SOURCE:
            return build
        return replace(build, compared=self.comparisons.compared(build, build.archive))

    def _nothing(self, read: int) -> Problem:
        """Return what it means that no build is left: nothing was looked at, so nothing is known to be clean."""
        found = f"none of the {read} builds that were read is" if read else "found no build"
        words = f" for {self.wanted.words}; look for a mistake in it, or leave it out" if self.wanted.words else ""
        return Problem(self.expected_in, f"expected builds, {found}{words}")

    def _runs(self, made_by: Mapping[str, Maker], problems: list[Problem]) -> Iterator[Run]:
        """Yield what the jobs ran, of whichever build: one that is not wanted may be what production runs."""
        for job in self.jobs if self.place else ():
            try:
                yield from self.place.runs(job, made_by) if self.place else ()
            except ServiceError as error:
                problems.append(Problem(job.resource, str(error)))
