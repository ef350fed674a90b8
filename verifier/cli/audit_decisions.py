"""What a deployed function decided of builds, from its ledger: it knows how the worker fared, and an audit does not."""

from __future__ import annotations

from dataclasses import replace

from verifier.controller.ledger import BUILDS, parse_record
from verifier.errors import Malformed, ServiceError
from verifier.history.judged_build import JudgedBuild
from verifier.history.summary import Problem
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
