"""What the doctor finds: a row for each thing that an installation needs. Pure.

Whoever needs an answer that could not be had says so in a row of its own: one failing never hides another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from verifier.checks.verdict import Outcome
from verifier.errors import VerifierError

APPLY = "terraform apply"
"""What fixes all that Terraform made, in the folder of the installation."""
GRANTED = "which Terraform grants in the projects and on the jobs that terraform.tfvars names"
AGAIN = "run it again in a minute; if that does not help, check the network and the proxy"
_COMMANDS = ("gcloud ", "printf ", "terraform ", "unset ")


class Need(StrEnum):
    """A statement about an installation. The order is the order in which people read them."""

    SETTINGS_ARE_SOUND = "settings_are_sound"
    POLICY_IS_READ = "policy_is_read"
    FUNCTION_IS_READY = "function_is_ready"
    FUNCTION_HAS_ITS_TIME = "function_has_its_time"
    FUNCTION_IS_PRIVATE = "function_is_private"
    FUNCTION_CAN_BE_ASKED_FOR = "function_can_be_asked_for"
    BUILDS_TOPIC_EXISTS = "builds_topic_exists"
    BUILDS_ARE_PUSHED = "builds_are_pushed"
    EXECUTIONS_ARE_ROUTED = "executions_are_routed"
    EXECUTIONS_ARE_PUSHED = "executions_are_pushed"
    SWEEPS_ARE_SENT = "sweeps_are_sent"
    SWEEPS_ARE_PUSHED = "sweeps_are_pushed"
    WORK_CAN_BE_HANDED_OUT = "work_can_be_handed_out"
    WORK_IS_PUSHED = "work_is_pushed"
    DEAD_LETTERS_ARE_KEPT = "dead_letters_are_kept"
    BUILDS_CAN_BE_LISTED = "builds_can_be_listed"
    REGIONS_COVER_THE_BUILDS = "regions_cover_the_builds"
    PROJECTS_PAY_FOR_READS = "projects_pay_for_reads"
    QUOTAS_ARE_KNOWN = "quotas_are_known"
    LEDGER_ANSWERS = "ledger_answers"
    PLACES_ARE_LISTED = "places_are_listed"
    AUDIT_CAN_BE_WRITTEN = "audit_can_be_written"
    AUDIT_IS_KEPT = "audit_is_kept"
    VERDICTS_CAN_BE_PUBLISHED = "verdicts_can_be_published"
    UPLOADS_CAN_BE_READ = "uploads_can_be_read"
    WORKER_EXISTS = "worker_exists"
    WORKER_RUNS_A_TAG = "worker_runs_a_tag"
    WORKER_CONTAINER_IS_KNOWN = "worker_container_is_known"
    WORKER_MAY_RETRY = "worker_may_retry"
    WORKER_CAN_BE_STARTED = "worker_can_be_started"
    EXECUTIONS_CAN_BE_READ = "executions_can_be_read"
    LOGS_CAN_BE_READ = "logs_can_be_read"
    LOG_WRITERS_ARE_KNOWN = "log_writers_are_known"
    TRIGGER_PUSHES_THE_IMAGE = "trigger_pushes_the_image"
    WATCHED_JOB_EXISTS = "watched_job_exists"
    WATCHED_JOB_CAN_BE_READ = "watched_job_can_be_read"
    SECRET_HAS_A_VERSION = "secret_has_a_version"  # noqa: S105 - a statement, no secret
    SLACK_TAKES_THE_TOKEN = "slack_takes_the_token"  # noqa: S105 - a statement, no secret
    SLACK_SCOPES_SUFFICE = "slack_scopes_suffice"
    BOT_IS_IN_THE_CHANNEL = "bot_is_in_the_channel"
    SAMPLES_WERE_POSTED = "samples_were_posted"


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. What is not green says what to do, or which row to fix first."""

    need: Need
    about: str
    """What it was asked of: a project, a subscription, a job."""
    outcome: Outcome
    seen: str
    remedy: str = ""
    waits_for: Need | None = None
    """What must hold before this can be asked."""

    def __post_init__(self) -> None:
        if self.is_open and not (self.remedy or self.waits_for):
            raise ValueError(f"{self.need}: a row that is not green says what to do")

    @property
    def is_open(self) -> bool:
        """Whether something is to be done: unknown is never a pass."""
        return self.outcome in (Outcome.FAILS, Outcome.COULD_NOT_CHECK)

    @property
    def is_command(self) -> bool:
        """Whether the remedy is a command, which is then the whole of it, to be pasted as it stands."""
        return self.remedy.startswith(_COMMANDS)


class Trouble(VerifierError):
    """A question that got no answer, as the row will say it."""

    def __init__(self, outcome: Outcome, seen: str, remedy: str) -> None:
        super().__init__(seen)
        self.outcome = outcome
        self.seen = seen
        self.remedy = remedy

    @staticmethod
    def of(error: Exception) -> Trouble:
        """Return the trouble that a mistake of ours is: a traceback would help nobody who waits for the other rows."""
        seen = f"the doctor stumbled over its own question ({type(error).__name__})"
        return Trouble(Outcome.COULD_NOT_CHECK, seen, "run it again; if it stays, report this line")

    def row(self, need: Need, about: str) -> Row:
        """Return the row of a check that this trouble came in the way of."""
        return Row(need, about, self.outcome, self.seen, self.remedy)


def holds(need: Need, about: str, seen: str) -> Row:
    """Return the row of what is as it must be."""
    return Row(need, about, Outcome.HOLDS, seen)


def fails(need: Need, about: str, seen: str, remedy: str) -> Row:
    """Return the row of what is not."""
    return Row(need, about, Outcome.FAILS, seen, remedy)


def unknown(need: Need, about: str, seen: str, remedy: str) -> Row:
    """Return the row of what could not be found out."""
    return Row(need, about, Outcome.COULD_NOT_CHECK, seen, remedy)


def needless(need: Need, about: str, seen: str) -> Row:
    """Return the row of what this installation has no need of, or was not asked about."""
    return Row(need, about, Outcome.NOT_APPLICABLE, seen)


def waiting(needs: Iterable[Need], about: str, first: Need) -> list[Row]:
    """Return the rows of checks that can't be made before another one holds."""
    seen = f"not asked: it depends on {first}"
    return [Row(need, about, Outcome.COULD_NOT_CHECK, seen, waits_for=first) for need in needs]


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Return the rows as people read them."""
    order = list(Need)
    return sorted(rows, key=lambda row: order.index(row.need))


def all_is_well(rows: Iterable[Row]) -> bool:
    """Whether nothing is left to do. No rows at all: something is."""
    answers = [row.is_open for row in rows]
    return bool(answers) and not any(answers)
