"""The project whose past is looked at, and what is read of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from verifier.checks.verdict import Verdict
from verifier.cli.terminal import tell
from verifier.errors import Malformed
from verifier.facts.build import Build, BuildKey, checked_key
from verifier.facts.execution import JobName
from verifier.history.judged_build import Run
from verifier.history.summary import Problem

if TYPE_CHECKING:
    from verifier.adapters.patience import Patience
    from verifier.adapters.submitters import SubmitterLog

ALL = "all"
"""Among the regions: every location."""
_JOB = re.compile(r"([a-z][a-z0-9-]{1,40})/([a-z][a-z0-9-]{0,62})")
_JOB_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class AuditScope:
    """A project, its locations, and a span of time."""

    project: str
    locations: tuple[str, ...]
    since: datetime
    until: datetime
    endpoint: str
    """A stand-in on this machine; empty: Google's own services."""

    @staticmethod
    def checked(project: str, regions: Sequence[str], since: datetime, until: datetime, endpoint: str) -> AuditScope:
        """Return the place of these words; `all` among the regions is every location. Raise Malformed."""
        from verifier.adapters.build_history import LOCATIONS

        locations = tuple(dict.fromkeys(regions if ALL not in regions else LOCATIONS))
        for location in locations:
            checked_key(project, location, "any")
        return AuditScope(project, locations, since, until, endpoint)

    def builds(self, seen: Callable[[Mapping[str, Any], Build], None] | None = None) -> Iterator[Build | Problem]:
        """Return its builds, newest first. Raise ServiceError where there are no credentials.

        `seen` is told of each build's document, before the build goes by.
        """
        from verifier.adapters.build_history import BuildHistory

        history = BuildHistory(_patience(self.locations), self.endpoint, seen)
        return history.builds(self.project, self.locations, self.since, self.until)

    def submitters(self) -> SubmitterLog:
        """Return who submitted them. Raise ServiceError where there are no credentials."""
        from verifier.adapters.submitters import CloudSubmitters, SubmitterLog

        return SubmitterLog(CloudSubmitters(self.endpoint), _patience(), self.project, self.since, self.until)

    def runs(self, job: JobName, makers: Mapping[str, tuple[BuildKey, Verdict | None]]) -> Sequence[Run]:
        """Return what the job ran; `makers` are the builds by the digests that they pushed. Raise ServiceError."""
        from verifier.adapters.job_history import list_runs

        return list_runs(job, self.since, self.until, makers, endpoint=self.endpoint, timeout=_JOB_SECONDS)


def job_name(text: str, project: str) -> JobName:
    """Return the job that `REGION/JOB` names. Raise Malformed."""
    match = _JOB.fullmatch(text)
    if not match:
        raise Malformed(f"--job: expected REGION/JOB as in us-central1/content-worker, got {text[:120]!r}")
    return JobName(project, match[1], match[2])


def _patience(locations: Sequence[str] = ()) -> Patience:
    """Return what tells the person of each wait; of locations that wait for the same, in the words of the first."""
    from verifier.adapters.patience import Patience

    any_location = re.compile(rf"\b({'|'.join(map(re.escape, locations))})(?![\w-])")
    told = dict[str, str]()

    def tell_once(line: str) -> None:
        # The locations are listed by several threads: of equal lines exactly one finds itself in its place.
        if len(locations) < 2 or told.setdefault(any_location.sub("*", line), line) is line:
            tell(line)

    return Patience(tell_once)
