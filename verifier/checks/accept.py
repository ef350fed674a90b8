"""Errors that a team accepts for a while: each with a reason, and with a day on which it is told again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import re2

from verifier.facts.execution import JobName
from verifier.redact import excerpt

if TYPE_CHECKING:
    from verifier.facts.logs import Repeated

MOST_DAYS = 90
"""How many days from today an error may be accepted at the most."""
_MOST_REASON = 100


@dataclass(frozen=True, slots=True)
class Accept:
    """One error that fails nothing until a day."""

    error: str
    """The error's identity, or a regular expression (RE2) for its name."""
    reason: str
    until: date
    """The last day on which it is accepted, in UTC."""
    job: JobName | None = None
    """The job whose error it is, its project empty for any; None: see `worker`."""
    worker: str = ""
    """The trigger of the worker whose error it is; empty with no job: of every job."""

    def covers(self, error: Repeated, job: JobName | None, worker: str, today: date) -> bool:
        """Return whether it accepts this error of this job and worker on this day."""
        return today <= self.until and self.names(error, job, worker)

    def names(self, error: Repeated, job: JobName | None, worker: str) -> bool:
        """Return whether it is for this error of this job and worker, on whatever day."""
        if not self._is_for(job, worker):
            return False
        return self.error in (error.identity, *error.aliases) or re2.search(self.error, error.name) is not None

    def _is_for(self, job: JobName | None, worker: str) -> bool:
        if self.job is not None:
            here = job is not None and (job.location, job.job) == (self.job.location, self.job.job)
            return here and (not self.job.project or job is None or job.project in ("", self.job.project))
        return not self.worker or self.worker == worker


def accepting(
    accepts: Iterable[Accept], error: Repeated, *, job: JobName | None, worker: str, today: date
) -> Accept | None:
    """Return the first that accepts the error, or None."""
    return next((accept for accept in accepts if accept.covers(error, job, worker, today)), None)


def with_acceptance(
    accepts: Sequence[Accept], errors: Iterable[Repeated], *, job: JobName | None, worker: str, today: date
) -> tuple[Repeated, ...]:
    """Return the errors, each with until when and why it is accepted, or with the day on which that ran out."""
    return tuple(_with_acceptance(accepts, error, job, worker, today) for error in errors)


def _with_acceptance(
    accepts: Sequence[Accept], error: Repeated, job: JobName | None, worker: str, today: date
) -> Repeated:
    if accept := accepting(accepts, error, job=job, worker=worker, today=today):
        return replace(error, accepted=_until(accept))
    over = [accept for accept in accepts if accept.names(error, job, worker)]
    return replace(error, ran_out=_until(max(over, key=lambda accept: accept.until))) if over else error


def _until(accept: Accept) -> str:
    return f"until {accept.until.isoformat()}: {excerpt(accept.reason, _MOST_REASON)}"


def accept_lines(error: Repeated, worker: str, today: date) -> str:
    """Return the lines of policy.toml that would accept this error: one to paste, with its reason to be filled in."""
    until = date.fromordinal(min(today.toordinal() + 30, date.max.toordinal()))
    of = f'worker = "{worker}"\n' if worker and worker.isprintable() and not set(worker) & set('"\\') else ""
    return f'[[accept]]\n{of}error = "{error.identity}"\nreason = "WHY"\nuntil = {until.isoformat()}'
