"""The verdict on a build: the worst thing that its findings say. Pure, free of order, and never improved by bad news.

Precedence, worst first, decided by `decide`:

1. LOCAL_SOURCE  the check that the source is a commit fails
2. FAILED        any other check fails
3. INCONCLUSIVE  a check could not be made, or a required one has no answer, or there are no findings at all
4. EXEMPT        policy names a reason why this build needs no commit, and nothing above applies
5. VERIFIED      every required check holds or does not apply, and the source's holds
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from verifier.redact import excerpt

_MOST_TEXT = 1_000


class Check(StrEnum):
    """A statement about a build. The order is the order in which people read them."""

    SOURCE_IS_A_COMMIT = "source_is_a_commit"
    REPOSITORY_IS_ALLOWED = "repository_is_allowed"
    BRANCH_IS_ALLOWED = "branch_is_allowed"
    CLAIMS_ARE_BACKED = "claims_are_backed"
    BUILD_WAS_TRIGGERED = "build_was_triggered"
    BUILD_CONFIG_IS_COMMITTED = "build_config_is_committed"
    WORKER_STARTED = "worker_started"
    WORKER_SUCCEEDED = "worker_succeeded"
    WORKER_RAN_THE_BUILT_IMAGE = "worker_ran_the_built_image"
    LOGS_ARE_COMPLETE = "logs_are_complete"
    LOGS_HAVE_NO_ERRORS = "logs_have_no_errors"
    EXPECTED_LINES_WERE_SEEN = "expected_lines_were_seen"
    BUILD_WAS_ANNOUNCED = "build_was_announced"


SOURCE_CHECKS = frozenset(
    {
        Check.SOURCE_IS_A_COMMIT,
        Check.REPOSITORY_IS_ALLOWED,
        Check.BRANCH_IS_ALLOWED,
        Check.CLAIMS_ARE_BACKED,
        Check.BUILD_WAS_TRIGGERED,
        Check.BUILD_CONFIG_IS_COMMITTED,
    }
)
"""Required of every build."""

WORKER_CHECKS = frozenset(
    {
        Check.WORKER_STARTED,
        Check.WORKER_SUCCEEDED,
        Check.WORKER_RAN_THE_BUILT_IMAGE,
        Check.LOGS_ARE_COMPLETE,
        Check.LOGS_HAVE_NO_ERRORS,
        Check.EXPECTED_LINES_WERE_SEEN,
    }
)
"""Required as well when the build's trigger has a worker that must run."""


class Outcome(StrEnum):
    """What came of a check."""

    HOLDS = "holds"
    FAILS = "fails"
    COULD_NOT_CHECK = "could-not-check"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer."""

    check: Check
    outcome: Outcome
    seen: str
    """What was seen, as a sentence or a part of one, without a full stop; of a long text, its beginning."""
    remedy: str = ""
    """What to do about it. Never empty where the check fails or could not be made."""

    def __post_init__(self) -> None:
        if self.outcome in (Outcome.FAILS, Outcome.COULD_NOT_CHECK) and not self.remedy:
            raise ValueError(f"{self.check}: a finding that is not green says what to do")
        # Cut here, and not only where it is shown: much of it is somebody else's, and all of it is stored.
        if len(self.seen) > _MOST_TEXT:
            object.__setattr__(self, "seen", excerpt(self.seen, _MOST_TEXT) or "…")
        if len(self.remedy) > _MOST_TEXT:
            from verifier.checks.commands import told  # few remedies are so long, and a policy is read without it

            object.__setattr__(self, "remedy", told(self.remedy, _MOST_TEXT, excerpt) or "…")


@lru_cache(maxsize=256)
def recurring(check: Check, outcome: Outcome, seen: str) -> Finding:
    """Return a finding in words that recur from build to build: it is made once."""
    return Finding(check, outcome, seen)


class Verdict(StrEnum):
    """The one word on a build, worst first."""

    LOCAL_SOURCE = "LOCAL_SOURCE"
    FAILED = "FAILED"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXEMPT = "EXEMPT"
    VERIFIED = "VERIFIED"


SEVERITY = tuple(Verdict)
"""The verdicts, worst first."""


def decide(findings: Iterable[Finding], required: AbstractSet[Check]) -> Verdict:
    """Return the verdict that these findings give when these checks are required of the build."""
    answers = {(finding.check, finding.outcome) for finding in findings}
    outcomes = {outcome for _, outcome in answers}
    if (Check.SOURCE_IS_A_COMMIT, Outcome.FAILS) in answers:
        return Verdict.LOCAL_SOURCE
    if Outcome.FAILS in outcomes:
        return Verdict.FAILED
    unanswered = (required | {Check.SOURCE_IS_A_COMMIT}) - {check for check, _ in answers}
    if Outcome.COULD_NOT_CHECK in outcomes or unanswered:
        return Verdict.INCONCLUSIVE
    if (Check.SOURCE_IS_A_COMMIT, Outcome.NOT_APPLICABLE) in answers:
        return Verdict.EXEMPT
    return Verdict.VERIFIED
