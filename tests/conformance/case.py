"""One row of a table: a build, a policy, the trigger that ran it, and what must come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.conformance.builds import (
    CONNECTED,
    IMAGE,
    LINKED,
    PROJECT,
    TRIGGER,
    TRIGGER_ID,
    Change,
    Document,
)
from verifier.checks.verdict import Check, Verdict
from verifier.facts.trigger import OFFLINE, Trigger, Unread, parse_trigger

LOCAL, FAILED, OPEN, EXEMPT, VERIFIED = (
    Verdict.LOCAL_SOURCE,
    Verdict.FAILED,
    Verdict.INCONCLUSIVE,
    Verdict.EXEMPT,
    Verdict.VERIFIED,
)
SOURCE, REPOSITORY, BRANCH, CLAIMS, TRIGGERED, CONFIG, WORKER = (
    Check.SOURCE_IS_A_COMMIT,
    Check.REPOSITORY_IS_ALLOWED,
    Check.BRANCH_IS_ALLOWED,
    Check.CLAIMS_ARE_BACKED,
    Check.BUILD_WAS_TRIGGERED,
    Check.BUILD_CONFIG_IS_COMMITTED,
    Check.WORKER_STARTED,
)
READ_AT = datetime(2026, 10, 5, 8, 4, tzinfo=UTC)

EMPTY = ""
ORCHARD = f"""
repositories = [
  "github.com/orchard/press",
  "source.developers.google.com/p/{PROJECT}/r/github_orchard_press",
  "{CONNECTED}",
  "{LINKED}",
]
branches = ["main", "release/*"]
tags = ["v*"]
"""
ANY_BRANCH = "repositories = [" + ORCHARD.partition("[")[2].partition("]")[0] + "]\n"
LENIENT = f"require_trigger = false\n{ANY_BRANCH}"
LISTED = f'triggers = ["{TRIGGER_ID}"]\n{ORCHARD}'
COMMITTED = f'build_config = "repository"\n{ORCHARD}'
BY_NAME = f"""{ORCHARD}
[[worker]]
trigger = "{TRIGGER}"
job = "europe-west4/press"
image = "{IMAGE}"
"""
BY_ID = BY_NAME.replace(f'"{TRIGGER}"', f'"{TRIGGER_ID}"')


def trigger(**parts: object) -> Trigger:
    """Return a trigger as it was read: the worker's own for pushes, but for these parts."""
    document = {"id": TRIGGER_ID, "name": TRIGGER, "filename": "cloudbuild.yaml", "github": {"push": {"branch": "."}}}
    return parse_trigger({name: part for name, part in (document | parts).items() if part is not None}, READ_AT)


@dataclass(frozen=True, slots=True)
class Case:
    """A row."""

    name: str
    rule: str
    document: Document
    policy: str
    verdict: Verdict | None
    """None: the build is not judged."""
    check: Check
    """The check that decides it."""
    reason: str
    """A part of what that check saw; for a build that is not judged, the kind of its source."""
    slack: bool
    trigger: Trigger | Unread = OFFLINE


@dataclass(frozen=True, slots=True)
class Spec:
    """One line of a table; what is None is as the table says."""

    name: str
    change: Change
    verdict: Verdict | None
    reason: str
    policy: str | None = None
    build: Callable[[], Document] | None = None
    check: Check | None = None
    trigger: Trigger | Unread = OFFLINE
    slack: bool | None = None
    """None: Slack hears of all verdicts but EXEMPT and VERIFIED, and of no build that is not judged."""


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Rows about one rule: each begins with the same build and is judged by the same policy."""

    rule: str
    build: Callable[[], Document]
    policy: str
    check: Check
    rows: tuple[Spec, ...]

    def cases(self) -> Iterator[Case]:
        """Yield its rows as cases."""
        for row in self.rows:
            document = (row.build or self.build)()
            row.change(document)
            policy = self.policy if row.policy is None else row.policy
            slack = row.verdict in (LOCAL, FAILED, OPEN) if row.slack is None else row.slack
            check, name = row.check or self.check, f"{self.rule}: {row.name}"
            yield Case(name, self.rule, document, policy, row.verdict, check, row.reason, slack, row.trigger)
