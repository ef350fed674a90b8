"""What a deployed function decided of builds, from its ledger: it knows how the worker fared, and an audit does not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from verifier.cli.job_ledger import watched
from verifier.controller.ledger import BUILDS, parse_record
from verifier.errors import Malformed, ServiceError
from verifier.facts.execution import JobName, parse_job_name
from verifier.history.job_lines import JobLine
from verifier.history.judged_build import JudgedBuild
from verifier.history.summary import Problem
from verifier.history.watch_status import WatchStatus
from verifier.services import Store

_SECONDS = 15.0


class FunctionDecisions:
    """Reads the record of each build that a trigger ran: a worker runs for these alone."""

    def __init__(self, function: str, store: Store) -> None:
        self._function = function
        self._store = store
        self.problems: list[Problem] = []
        """Why what was decided is not known; after a refusal nothing more is asked."""
        self._refused = False

    def decided(self, build: JudgedBuild) -> JudgedBuild:
        """Return the build with the function's verdict, or as it is where that has none."""
        if self._refused or not build.trigger_id or build.verdict is None:
            return build
        try:
            stored = self._store.read(BUILDS, build.key.digest, timeout=_SECONDS)
            judgement = parse_record(stored.document).judgement if stored else None
        except Malformed as error:
            self.problems.append(Problem(f"the record of {build.key.name}", str(error)))
            return build
        except ServiceError as error:
            self._refused = True
            self.problems.append(Problem(f"the ledger of {self._function}", str(error)))
            return build
        if judgement is None or judgement.verdict is None:
            return build
        if not judgement.findings:  # an old record, of which the verdict alone is kept
            judgement = replace(build.judgement, verdict=judgement.verdict)
        return replace(build, verdict=judgement.verdict, judgement=judgement)

    def watches(self, jobs: Sequence[JobLine]) -> dict[str, WatchStatus | None]:
        """Return how what each job runs goes, by its resource name; None where no watch of it is known."""
        found: dict[str, WatchStatus | None] = {}
        for line in jobs:
            if self._refused:
                break
            try:
                found[line.resource] = self._watch(parse_job_name(line.resource), line.digests)
            except (Malformed, ServiceError) as error:
                self._refused = isinstance(error, ServiceError)
                self.problems.append(Problem(f"the ledger of {self._function}", str(error)))
        return found

    def _watch(self, job: JobName, digests: Collection[str]) -> WatchStatus | None:
        """Return the watch of one of these digests, the images of a job's containers. Raise ServiceError."""
        each = (watched(self._store, job, digest) for digest in sorted(digests))
        return next((one for one in each if one is not None), None)
