"""The slow look at a watched job: an entry can be lost, and a denied read needs no message to be made up for.

 1 describe  the job: what its own arguments are; a job that does not exist ends here
 2 open      the executions that an earlier look has passed, and that had not ended
 3 list      the job's executions, newest first, back to where the look before ended; a page at a time, and where the
             time is over the next invocation goes on at that page

What a page holds is kept and counted in one write, as `observe.py` does it for one. What has not ended is remembered as
still to be counted, so that the next look need not go back to it. The cursor moves by the platform's own moments of
creation, and never by this machine's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from verifier.checks.job_runs import JobRuns
from verifier.checks.run_count import (
    is_below,
    is_of_age,
    is_recent,
    looked_through,
    short_name,
    with_open,
    with_setup,
    without_open,
)
from verifier.controller.budget import CALL_SECONDS, KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.runs.evidence import kind_seen, run_of, setup_of
from verifier.controller.runs.job_runs import RUNS, name_of_run
from verifier.controller.runs.job_updates import JobUpdates
from verifier.controller.runs.observe import keep, with_runs
from verifier.errors import LostLease, Missing, Refused, Unavailable
from verifier.facts.execution import Execution, JobSetup
from verifier.facts.run import RunKind, has_ended

_TRIES = 4


class Opened(NamedTuple):
    """The executions that an earlier look has passed."""

    found: list[Execution]
    gone: list[str]
    """Short names of those that do not exist any more."""


@dataclass(slots=True)
class JobLook:
    """One invocation's look at one job."""

    deployment: Deployment
    budget: Budget
    known: JobUpdates
    leased: datetime
    """The end of this invocation's lease, which says whose it is."""
    setup: JobSetup | None = None

    @property
    def job(self) -> JobRuns:
        """What is known of the job."""
        return self.known.job

    @property
    def now(self) -> datetime:
        """The moment, by the services' clock."""
        return self.deployment.services.clock()

    def go_on(self, most_pages: int) -> bool:
        """Look on, and return whether the look came to its end.

        Raises Missing where there is no such job; ServiceError, Stopping and Malformed: then it goes on later; and
        LostLease.
        """
        setup = self.setup = setup_of(self.known.name, self.deployment, self.budget)  # 1
        self._write(lambda job: with_setup(job, setup))
        if not self.job.page:
            opened = self._opened()  # 2
            self._take(opened.found, opened.gone)
        for _ in range(most_pages):  # 3
            if not self.budget.has(KEEP_SECONDS):
                return False
            self._one_page()
            if not self.job.page:
                self._write(looked_through)
                return True
        return False

    def _write(self, change: Callable[[JobRuns], JobRuns]) -> None:
        """Write a change, unless another invocation has the lease by now: then it looks on. Raises LostLease."""
        self.known.write(self._guarded(change))

    def _guarded(self, change: Callable[[JobRuns], JobRuns]) -> Callable[[JobRuns], JobRuns]:
        """Return the change for who has the lease alone. It raises LostLease."""

        def guarded(job: JobRuns) -> JobRuns:
            if job.leased != self.leased:
                raise LostLease(f"{job.job.resource}: another invocation looks at it")
            return change(job)

        return guarded

    def _opened(self) -> Opened:
        """Return those of the executions still to be counted that can be read in this invocation's time."""
        opened, jobs = Opened([], []), self.deployment.services.jobs
        for short in self.job.open:
            if not self.budget.has(KEEP_SECONDS):
                break
            name = f"{self.known.name.resource}/executions/{short}"
            try:
                found = jobs.observe(name, timeout=self.budget.seconds(CALL_SECONDS))
            except Missing:
                opened.gone.append(short)
                continue
            if found.name == name:
                opened.found.append(found)
        return opened

    def _one_page(self) -> None:
        """Take one page, and move on to the next. Raises ServiceError."""
        job = self.job
        since = max(job.begun, job.reach or job.begun)
        try:
            page = self.deployment.services.jobs.listed(
                self.known.name, since, job.page, timeout=self.budget.seconds(CALL_SECONDS)
            )
        except Refused:
            # A page token that is not taken any more: this look begins again next time.
            self._write(lambda job: replace(job, page="", top=None))
            raise
        self._take(page.executions, (), page.next_page, top=max((one.created for one in page.executions), default=None))

    def _take(
        self, executions: Sequence[Execution], gone: Sequence[str], page: str = "", *, top: datetime | None = None
    ) -> None:
        """Keep and count what has ended of these, remember what has not, and let the look stand at this page.

        Those of an `open` one that are too old are given up. Raises ServiceError.
        """
        job, now = self.job, self.now
        old = [short_name(one.name) for one in executions if not is_of_age(job, one.created, now)]
        new = [
            one for one in executions if is_of_age(job, one.created, now) and not is_recent(job, short_name(one.name))
        ]
        new = self._made_open([one for one in new if _is_below(job, one)]) + [
            one for one in new if not _is_below(job, one)
        ]
        ended = [one for one in new if has_ended(one)]
        runs = [
            run_of(one, self.job, self.deployment.policy, self._kind(one))
            for one in sorted(ended, key=lambda one: one.created)
        ]
        for run in runs:
            keep(run, self.deployment, self.budget)
        going = [one for one in new if not has_ended(one)]

        def change(job: JobRuns) -> JobRuns:
            # One that went on when it was read may have ended since, and have been counted by a message.
            still = [(short_name(one.name), one.created) for one in going if not _is_counted(job, one)]
            after = with_open(without_open(with_runs(job, runs, now), [*old, *gone]), still)
            return replace(after, page=page, top=after.top or top)

        self._write(change)

    def _made_open(self, below: list[Execution]) -> list[Execution]:
        """Return those of these executions that are not counted, noted as still to be counted. Raises ServiceError."""
        names = {name_of_run(one.name): one for one in below}
        for _ in range(_TRIES if names else 0):
            timeout = self.budget.seconds(LEDGER_SECONDS)
            counted = self.deployment.services.store.present(RUNS, list(names), timeout=timeout)
            new = [(short_name(one.name), one.created) for name, one in names.items() if name not in counted]
            if self.known.write_once(self._guarded(partial(with_open, going=new))):
                return [one for one in below if short_name(one.name) in self.job.open]
        if names:
            raise Unavailable(f"{self.known.name.resource}: others wrote what is known of its runs; try again later")
        return []

    def _kind(self, execution: Execution) -> RunKind:
        return kind_seen(execution, self.job, self.setup, self.deployment, self.budget)


def _is_counted(job: JobRuns, execution: Execution) -> bool:
    return is_recent(job, short_name(execution.name)) or _is_below(job, execution)


def _is_below(job: JobRuns, execution: Execution) -> bool:
    return is_below(job, short_name(execution.name), execution.created)
