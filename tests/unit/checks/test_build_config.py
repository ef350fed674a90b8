"""Whether a build's steps are in a commit: each answer, whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.builders import TRIGGER_ID, pushed, uploaded
from tests.unit.checks.source_rows import (
    ADDRESS,
    FAILS,
    FOR_PUSHES,
    GONE,
    HOLDS,
    LISTED,
    NOT_APPLICABLE,
    OPEN,
    UNREADABLE,
    SourceRow,
    Table,
    answers,
    by_hand,
    cases,
    outcomes,
)
from verifier.checks.policy import BuildConfig, Policy
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.trigger import InlineConfig, RepositoryConfig, UnknownConfig

COMMITTED = replace(LISTED, build_config=BuildConfig.REPOSITORY)
COMMIT_THEM = (
    "let the trigger read its steps from a file of the repository that it builds (gcloud builds triggers update: "
    "--build-config), and build again"
)
AT = ", as the trigger was at 2026-11-23 02:05 UTC"


def steps(
    name: str,
    config: RepositoryConfig | InlineConfig | UnknownConfig,
    outcome: Outcome,
    seen: str,
    remedy: str = "",
    *,
    build: Build | None = None,
    policy: Policy = COMMITTED,
) -> SourceRow:
    return SourceRow(name, build or pushed(), outcome, seen + AT, remedy, policy, replace(FOR_PUSHES, config=config))


CATALOGUE = "https://github.com/vividly/catalogue"
CONNECTION = "projects/vividly-dev/locations/us-central1/connections/github/repositories/content-worker"
LOOK_AT_TRIGGER = f"look at trigger {TRIGGER_ID} in Cloud Build; {COMMIT_THEM}"
BUILD_CONFIG_IS_COMMITTED = [
    steps("a file", RepositoryConfig("ci/build.yaml"), HOLDS, "its steps are ci/build.yaml of the commit"),
    steps(
        "whatever file there is",
        RepositoryConfig(""),
        HOLDS,
        "its steps are the file that Cloud Build finds of the commit",
    ),
    steps(
        "a file of the same repository at a branch",
        RepositoryConfig("a.yaml", ADDRESS, "refs/heads/main"),
        HOLDS,
        "its steps are a.yaml of its repository at refs/heads/main",
    ),
    steps(
        "a file of the same repository",
        RepositoryConfig("a.yaml", ADDRESS),
        HOLDS,
        "its steps are a.yaml of its repository",
    ),
    steps(
        "a file of another repository",
        RepositoryConfig("a.yaml", CATALOGUE, "main"),
        FAILS,
        "its steps are a.yaml of another repository, github.com/vividly/catalogue at main",
        COMMIT_THEM,
    ),
    steps(
        "a file of another repository, where policy does not ask",
        RepositoryConfig("a.yaml", CATALOGUE),
        NOT_APPLICABLE,
        "its steps are a.yaml of another repository, github.com/vividly/catalogue",
        policy=LISTED,
    ),
    steps(
        "a file of a connection's repository",
        RepositoryConfig("a.yaml", CONNECTION, "main"),
        OPEN,
        f"its steps are a.yaml of {CONNECTION} at main, which can't be compared with its source",
        LOOK_AT_TRIGGER,
    ),
    steps(
        "a file of a repository that can't be read",
        RepositoryConfig("a.yaml", "x?y"),
        OPEN,
        "its steps are a.yaml of x?y, which can't be compared with its source",
        LOOK_AT_TRIGGER,
    ),
    steps(
        "a file beside a source that can't be read",
        RepositoryConfig("a.yaml", ADDRESS),
        OPEN,
        f"its steps are a.yaml of {ADDRESS}, which can't be compared with its source",
        LOOK_AT_TRIGGER,
        build=UNREADABLE,
    ),
    steps(
        "in the trigger",
        InlineConfig(),
        FAILS,
        "its steps are in the trigger itself, and in no commit",
        COMMIT_THEM,
    ),
    steps(
        "of a trigger that does not say",
        UnknownConfig(),
        OPEN,
        "the trigger does not say where its steps come from",
        LOOK_AT_TRIGGER,
    ),
    SourceRow(
        "of a trigger that is not there",
        pushed(),
        OPEN,
        "where its trigger has its steps from is not known: it is gone",
        f"see that trigger {TRIGGER_ID} can be read: it takes cloudbuild.builds.get",
        policy=COMMITTED,
        trigger=GONE,
    ),
    SourceRow(
        "by hand",
        by_hand(),
        FAILS,
        "submitted by hand: its steps are the submitter's, and in no commit",
        COMMIT_THEM,
        policy=COMMITTED,
    ),
    SourceRow("an upload", uploaded(), NOT_APPLICABLE, "no commit that its steps could be in", policy=COMMITTED),
]
TABLE: Table = {Check.BUILD_CONFIG_IS_COMMITTED: BUILD_CONFIG_IS_COMMITTED}


@pytest.mark.parametrize(("check", "row"), cases(TABLE)[0], ids=cases(TABLE)[1])
def test_a_check_answers_what_its_row_says(check: Check, row: SourceRow) -> None:
    (answer,) = (finding for finding in answers(row) if finding.check is check)
    assert answer == Finding(check, row.outcome, row.seen, row.remedy)


def test_every_answer_has_a_row() -> None:
    assert outcomes(TABLE) == {(Check.BUILD_CONFIG_IS_COMMITTED, outcome) for outcome in Outcome}
