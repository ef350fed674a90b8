"""How what a job runs goes, as the ledger has it: in words, and for scripts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.checks.watch.watching import Watch, WatchOutcome
from verifier.redact import excerpt
from verifier.times import show_time

_MOST_NAME = 300


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """How the digest that a job runs goes."""

    watch: Watch
    gone: tuple[str, ...] = ()
    """The names of errors that were there before it and that have most likely gone."""
    due: datetime | None = None
    """When it is looked at next."""

    @property
    def outcome(self) -> WatchOutcome:
        """Return what came of it, or has so far: what got worse is REGRESSED, also while it is watched on."""
        return WatchOutcome.REGRESSED if self.watch.is_regressed else self.watch.outcome

    @property
    def new_errors(self) -> list[str]:
        """Return the names of the errors that are new."""
        return [excerpt(error.name, _MOST_NAME) for error in self.watch.new]

    @property
    def text(self) -> str:
        """Return it in words."""
        watch = self.watch
        goes_on = f", {watch.outcome}" if self.outcome is not watch.outcome else ""
        span = f"since {_moment(watch.since)}" + (f" until {_moment(watch.ended)}" if watch.ended else "")
        runs = f"{_counted(watch.runs)}, {watch.failed or 'none'} failed, {watch.unread or 'none'} not read"
        errors = f"errors: {len(watch.new):,} new, {len(watch.known):,} known, {len(self.gone):,} gone"
        after = f"; next checkpoint {_moment(self.due)}" if self.due else ""
        return f"{self.outcome}{goes_on} {span}: {runs}; {errors}{after}"

    def counts(self) -> dict[str, int]:
        """Return how many errors are new, known and gone, for scripts."""
        return {"new": len(self.watch.new), "known": len(self.watch.known), "gone": len(self.gone)}

    def document(self) -> dict[str, Any]:
        """Return it as JSON values, for a place where nothing else says what is watched."""
        watch = self.watch
        return {
            "digest": excerpt(watch.digest, _MOST_NAME),
            "outcome": str(self.outcome),
            "since": show_time(watch.since),
            "ended": show_time(watch.ended) if watch.ended else None,
            "runs": watch.runs,
            "failed": watch.failed,
            "unread": watch.unread,
            "errors": self.counts(),
            "new_errors": self.new_errors,
            "next_checkpoint": show_time(self.due) if self.due else None,
        }


def _counted(runs: int) -> str:
    return f"{runs:,} run{'' if runs == 1 else 's'}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
