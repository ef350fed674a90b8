"""A watched job's document, read and written by compare-and-set: several invocations may count runs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from verifier.checks.job_runs import JobRuns
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job, parse_job
from verifier.errors import Unavailable
from verifier.facts.execution import JobName
from verifier.services import Stored

_TRIES = 6


@dataclass(slots=True)
class JobUpdates:
    """One job's document, as this invocation knows it."""

    deployment: Deployment
    budget: Budget
    name: JobName
    job: JobRuns
    """As it was last read or written."""
    stored: Stored | None
    """What `job` was read from; None where it is to be read again."""

    @classmethod
    def read(cls, job: JobName, deployment: Deployment, budget: Budget) -> JobUpdates | None:
        """Return the job; None where it is not watched yet. Raises ServiceError, Stopping and Malformed."""
        timeout = budget.seconds(deployment.claim_seconds)
        stored = deployment.services.store.read(JOBS, name_of_job(job), timeout=timeout)
        return None if stored is None else cls(deployment, budget, job, parse_job(stored.document), stored)

    def write(self, change: Callable[[JobRuns], JobRuns]) -> None:
        """Write what this change makes of the job, as often as it takes until nobody else was faster.

        A change that makes nothing of it writes nothing. Raises ServiceError, Stopping and Malformed.
        """
        for _ in range(_TRIES):
            if self.write_once(change):
                return
        raise Unavailable(
            f"{self.name.resource}: others wrote what is known of its runs {_TRIES} times; try again later"
        )

    def write_once(self, change: Callable[[JobRuns], JobRuns]) -> bool:
        """Write what this change makes of the job as it is known; return False where somebody else was faster.

        Then it is read again, and whatever the change rests on has to be looked at anew. Raises as `write` does.
        """
        if self.stored is None:
            self._read_again()
        assert self.stored is not None
        changed = change(self.job)
        if changed == self.job:
            return True
        self.stored = self.deployment.services.store.replace(
            JOBS,
            name_of_job(self.name),
            job_document(changed),
            self.stored.revision,
            timeout=self.budget.seconds(LEDGER_SECONDS),
        )
        if self.stored is None:
            self._read_again()
            return False
        self.job = changed
        return True

    def note(self, **changes: Any) -> None:
        """Write these fields of the job. Raises as `write` does."""
        self.write(lambda job: replace(job, **changes))

    def _read_again(self) -> None:
        timeout = self.budget.seconds(LEDGER_SECONDS)
        stored = self.deployment.services.store.read(JOBS, name_of_job(self.name), timeout=timeout)
        if stored is None:
            raise Unavailable(f"{self.name.resource}: expected what is known of its runs, got no document")
        self.stored, self.job = stored, parse_job(stored.document)


def sooner(job: JobRuns, moment: datetime, *, look: bool) -> JobRuns:
    """Return the job as due at this moment at the latest; `look`: to be looked at, too, unless looks fail."""
    due = moment if job.due is None else min(job.due, moment)
    if not look:
        return replace(job, due=due)
    if job.failures:
        return job
    return replace(job, due=due, look=moment if job.look is None else min(job.look, moment))
