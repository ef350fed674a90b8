"""The faults, and what an adapter makes of each fault of each call: the table of the fault grid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.calls import WRITES
from verifier.errors import Denied, Missing, RateLimited, Refused, ServiceError, Unavailable, VerifierError

ASKED_SECONDS = 90.0
"""What a service asks to wait where it does say so: longer than any call may take."""


class FaultKind(StrEnum):
    """What can happen to a call."""

    TIMEOUT = "timeout"
    """It never arrives, and no answer ever comes."""
    RESET = "reset"
    """It takes effect; then the connection is reset."""
    BUSY_FOR = "429 with Retry-After"
    BUSY = "429"
    BROKEN = "500"
    DOWN = "503"
    FORBIDDEN = "403"
    ABSENT = "404"
    MALFORMED = "malformed"
    """It takes effect; the answer is no message of the protocol."""
    TRUNCATED = "truncated"
    """It takes effect; the connection ends in the midst of the answer."""
    SLOW = "slow"
    """It takes effect and is answered, after the caller has given up."""
    TRICKLE = "trickle"
    """It takes effect; the answer comes a byte at a time and would take far longer than the caller may wait."""
    EMPTY = "empty"
    """It takes effect; the answer is a success that says nothing."""


TAKES_EFFECT = frozenset(
    {FaultKind.RESET, FaultKind.MALFORMED, FaultKind.TRUNCATED, FaultKind.SLOW, FaultKind.TRICKLE, FaultKind.EMPTY},
)
"""The faults of calls that took effect all the same."""
TIMES_OUT = frozenset({FaultKind.TIMEOUT, FaultKind.SLOW, FaultKind.TRICKLE})
"""The faults that take all the time that the call has."""


@dataclass(frozen=True, slots=True)
class AdapterOutcome:
    """What an adapter makes of a fault."""

    error: type[VerifierError] | None = None
    """None: it takes it for an answer."""
    ambiguous: bool | None = None
    """Whether it says that the call may have taken effect; None where that does not matter."""
    retry_after: float | None = None
    says: str = ""
    """What the message contains: the remedy."""

    def raised(self, call: str) -> VerifierError | None:
        """Return the error that a simulation raises."""
        said, fix = f"{call}: expected an answer, got trouble", self.says or "try again later"
        if self.error is RateLimited:
            return RateLimited(said, fix=fix, retry_after=self.retry_after)
        if self.error is Unavailable:
            return Unavailable(said, fix=fix, ambiguous=bool(self.ambiguous), retry_after=self.retry_after)
        if self.error and issubclass(self.error, ServiceError):
            return self.error(said, fix=fix)
        return self.error(f"{said}; {fix}") if self.error else None


_BUILDS_ROLE, _LOGS_ROLE, _RUN_ROLE = "roles/cloudbuild.builds.viewer", "roles/logging.viewer", "roles/run.viewer"
ROLES = {
    "store": "roles/datastore.user",
    "builds.fetch": _BUILDS_ROLE,
    "triggers": _BUILDS_ROLE,
    "builds.finished": _BUILDS_ROLE,
    "builds.created": _BUILDS_ROLE,
    "jobs.start": "roles/run.jobsExecutorWithOverrides",
    "jobs.started_for": _RUN_ROLE,
    "jobs.observe": _RUN_ROLE,
    "jobs.describe": _RUN_ROLE,
    "jobs.listed": _RUN_ROLE,
    "logs.read": _LOGS_ROLE,
    "submitters.submitter": _LOGS_ROLE,
    "audit.write": "roles/logging.logWriter",
    "uploads.list_files": "roles/storage.objectViewer",
    "announcer.publish": "roles/pubsub.publisher",
    "work_topic.hand_out": "roles/pubsub.publisher",
}
"""What a refusal names, by service or call."""
_DATABASE = "gcloud firestore databases create"
_ADDRESS = "check the address that is set for Slack"

ANSWERED = AdapterOutcome()
_SPECIAL = {
    ("store.replace", FaultKind.ABSENT): ANSWERED,  # the document is gone: somebody else's write came first
    ("store.due", FaultKind.EMPTY): ANSWERED,  # nothing is due
    ("store.holding", FaultKind.EMPTY): ANSWERED,  # there is none
    ("builds.fetch", FaultKind.EMPTY): ANSWERED,  # a build without a name: the story compares it with what it asked for
    ("builds.finished", FaultKind.EMPTY): ANSWERED,  # no build finished
    ("builds.created", FaultKind.EMPTY): ANSWERED,  # no build was created
    ("store.holders", FaultKind.EMPTY): ANSWERED,  # there are none
    ("jobs.started_for", FaultKind.EMPTY): ANSWERED,  # none was started
    ("jobs.listed", FaultKind.EMPTY): ANSWERED,  # none was created
    ("logs.read", FaultKind.EMPTY): ANSWERED,  # no entry matches
    ("submitters.submitter", FaultKind.EMPTY): ANSWERED,  # nobody knows
    ("audit.write", FaultKind.EMPTY): ANSWERED,  # Cloud Logging never says more
    ("announcer.publish", FaultKind.EMPTY): ANSWERED,  # only the message's id is missing
    ("work_topic.hand_out", FaultKind.EMPTY): ANSWERED,  # only the messages' ids are missing
}


def _busy(service: str) -> type[VerifierError]:
    """Return what 429 is: a pause like any other, or a quota that is counted."""
    return Unavailable if service in ("chat", "store", "uploads") else RateLimited


def adapter_outcome(call: str, fault: FaultKind) -> AdapterOutcome:
    """Return what the adapter makes of this fault of this call."""
    special = _SPECIAL.get((call, fault))
    if special is not None:
        return special
    service = call.partition(".")[0]
    match fault:
        case FaultKind.BUSY_FOR:
            return AdapterOutcome(_busy(service), ambiguous=False, retry_after=ASKED_SECONDS)
        case FaultKind.BUSY:
            return AdapterOutcome(_busy(service), ambiguous=False)
        case FaultKind.FORBIDDEN:
            role = ROLES.get(call) or ROLES.get(service)
            return AdapterOutcome(Denied, says=role) if role else AdapterOutcome(Refused, says=_ADDRESS)
        case FaultKind.ABSENT if service == "store":
            return AdapterOutcome(Refused, says=_DATABASE)
        case FaultKind.ABSENT:
            return AdapterOutcome(Refused, says=_ADDRESS) if service == "chat" else AdapterOutcome(Missing)
    return AdapterOutcome(Unavailable, ambiguous=True if call in WRITES else None)
