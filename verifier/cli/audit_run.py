"""One audit from its first build to its end, whatever it reads from and writes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from verifier.audit import Problem, Tally
from verifier.build import Build, BuildKey
from verifier.cli.audit_input import Wanted, judged
from verifier.cli.audit_output import Ending, Output
from verifier.cli.audit_place import Place
from verifier.errors import ServiceError
from verifier.execution import JobName
from verifier.history import JudgedBuild, Run
from verifier.policy import Policy
from verifier.verdict import Verdict

if TYPE_CHECKING:
    from verifier.cloud.submitters import SubmitterLog


@dataclass(frozen=True, slots=True)
class AuditRun:
    """What is read, by which rules it is judged, and what counts as flagged."""

    items: Iterator[Build | Problem]
    policy: Policy
    wanted: Wanted
    who: SubmitterLog | None
    place: Place | None
    """None where only files are read."""
    jobs: Sequence[JobName]
    fail_on: frozenset[Verdict]
    now: datetime
    makers: dict[str, tuple[BuildKey, Verdict | None]] = field(default_factory=dict)
    """Builds by the digests that they pushed; only where there are jobs to be tied to them."""

    def write(self, output: Output, seen: Callable[[JudgedBuild], None]) -> Ending:
        """Write each build as it goes by, then the end, and give the end back. `seen` is called with each build."""
        tally, problems = Tally(), list[Problem]()
        for item in judged(self.items, self.policy, self.wanted, self.who):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            tally.add(item)
            output.add(item)
            seen(item)
            if self.jobs:
                self.makers.update((image.digest, (item.key, item.verdict)) for image in item.images)
        runs = list(self._runs(problems))
        summary = tally.summary(self.now)
        ending = Ending(summary, runs, problems, summary.flagged(self.fail_on), self.now)
        output.end(ending)
        return ending

    def _runs(self, problems: list[Problem]) -> Iterator[Run]:
        for job in self.jobs if self.place else ():
            try:
                yield from self.place.runs(job, self.makers) if self.place else ()
            except ServiceError as error:
                problems.append(Problem(job.resource, str(error)))
