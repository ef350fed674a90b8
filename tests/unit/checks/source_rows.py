"""Rows about the checks of a build's source: a build, a policy, what else is known, and one check's whole answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.unit.builders import SHA, TRIGGER_ID, pushed
from verifier.checks.policy import Policy
from verifier.checks.source import source_findings
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.repository import Repository
from verifier.facts.source import source_of
from verifier.facts.trigger import OFFLINE, RepositoryConfig, Trigger, Unread

HOLDS, FAILS, OPEN, NOT_APPLICABLE = Outcome
MOMENT = datetime(2026, 11, 23, 2, 5, tzinfo=UTC)
OURS = Repository("github.com", "vividly/content-worker")
LISTED = Policy(repositories=frozenset({OURS}), branches=("main",))
ADDRESS = "https://github.com/vividly/content-worker.git"
OTHER_SHA = "04be77d1c2a94f3e8d605b1927ce33fa41d8e690"
FOR_PUSHES = Trigger(TRIGGER_ID, "content-worker-main", RepositoryConfig("cloudbuild.yaml"), False, MOMENT)
GONE = Unread("it is gone")
RIGHT_COMMAND = (
    "gcloud builds triggers create github --name=content-worker-main --repo-owner=vividly "
    "--repo-name=content-worker --branch-pattern='^main$' --build-config=cloudbuild.yaml --region=us-central1 "
    "--project=vividly-dev"
)


def commit(**claims: str) -> Build:
    """Return the build that the trigger makes of a push, with these substitutions alone."""
    return pushed(substitutions=claims)


def fetching(**git: str) -> Build:
    """Return the build of a push that fetches another repository besides."""
    return pushed(dependencies=[{"gitSource": {"repository": {"url": git["url"]}, "revision": git["revision"]}}])


def by_hand(**fields: Any) -> Build:
    return pushed(buildTriggerId="", **fields)


UNREADABLE = pushed(
    source={"gitSource": {"url": "https://github.com/x?y", "revision": SHA}},
    sourceProvenance={"resolvedGitSource": {"url": "https://github.com/x?y", "revision": SHA}},
)
REPO_SOURCE = pushed(
    source={"repoSource": {"projectId": "vividly-dev", "repoName": "content-worker", "branchName": "main"}},
    sourceProvenance={
        "resolvedRepoSource": {"projectId": "vividly-dev", "repoName": "content-worker", "commitSha": SHA}
    },
)


@dataclass(frozen=True)
class SourceRow:
    """A build under a policy, and what one check answers."""

    name: str
    build: Build
    outcome: Outcome
    seen: str
    remedy: str = ""
    policy: Policy = LISTED
    trigger: Trigger | Unread = OFFLINE
    announced: bool = True


Table = Mapping[Check, Sequence[SourceRow]]


def answers(row: SourceRow) -> tuple[Finding, ...]:
    """Return what every check answers about the row's build."""
    source = source_of(row.build)
    return source_findings(row.build, source, row.policy, announced=row.announced, trigger=row.trigger)


def cases(table: Table) -> tuple[list[tuple[Check, SourceRow]], list[str]]:
    """Return the table's rows with their checks, and their names."""
    every = [(check, row) for check, rows in table.items() for row in rows]
    return every, [f"{check}: {row.name}" for check, row in every]


def outcomes(table: Table) -> set[tuple[Check, Outcome]]:
    """Return the answers of each check that have a row."""
    return {(check, row.outcome) for check, row in cases(table)[0]}
