"""The checks of a build's source with each of their answers, whole: what was seen and what to do about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.builders import SHA, TRIGGER_ID, pushed, uploaded
from tests.unit.checks.source_rows import (
    ADDRESS,
    FAILS,
    HOLDS,
    LISTED,
    NOT_APPLICABLE,
    OPEN,
    OTHER_SHA,
    OURS,
    REPO_SOURCE,
    RIGHT_COMMAND,
    UNREADABLE,
    SourceRow,
    Table,
    answers,
    by_hand,
    cases,
    commit,
    fetching,
    outcomes,
)
from verifier.checks.policy import Exemption, Policy
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.repository import Repository
from verifier.facts.source import Strength

BY_HAND = replace(LISTED, require_trigger=False)
PLACE = "gs://vividly-dev_cloudbuild/source/1795399190.512345-0123456789abcdef0123456789abcdef.tgz"
LOOK_AT_IT = "look at the build's source in Cloud Build, and build the commit again through its trigger"
A_FULL_COMMIT = "let what it fetches besides be a full commit of a repository, or a part of the repository itself"
WHO_SET_THEM = "find out who set these substitutions; build the commit again through its trigger, without them"
NO_SOURCE = pushed(source=None, sourceProvenance={}, substitutions={})
UNCLEAR = pushed(sourceProvenance={"resolvedGitSource": {"url": ADDRESS, "revision": "main"}})
RESOLVED = "sourceProvenance.resolvedGitSource.revision"
FIRST = Exemption("nobody's", bucket="another")
SECOND = Exemption("prototypes", bucket="vividly-dev_cloudbuild")
SOURCE_IS_A_COMMIT = [
    SourceRow("a resolved commit", pushed(), HOLDS, f"{RESOLVED} is {SHA} (resolved)"),
    SourceRow(
        "one that is established less firmly than policy wants",
        pushed(),
        OPEN,
        f"{RESOLVED} says {SHA}, which is only resolved",
        'compare the commit with the image\'s provenance, or accept "resolved" under `evidence` in policy.toml',
        policy=replace(LISTED, strengths=frozenset({Strength.REQUESTED})),
    ),
    SourceRow(
        "one that repoSource does not name, where only that counts",
        pushed(),
        FAILS,
        f"policy counts only repoSource's commit; {RESOLVED} says {SHA}",
        'build through repoSource, or drop evidence = "repo-source"',
        policy=replace(LISTED, repo_source_only=True),
    ),
    SourceRow(
        "one that repoSource names, where only that counts",
        REPO_SOURCE,
        HOLDS,
        f"sourceProvenance.resolvedRepoSource.commitSha is {SHA} (resolved)",
        policy=replace(LISTED, repo_source_only=True),
    ),
    SourceRow(
        "a commit beside a branch that was fetched too",
        fetching(url=ADDRESS, revision="main"),
        OPEN,
        "dependencies[1]: expected a full commit of github.com/vividly/content-worker, got 'main', and nobody wrote "
        "down what was fetched",
        A_FULL_COMMIT,
    ),
    SourceRow(
        "a commit beside another commit",
        fetching(url=ADDRESS, revision=OTHER_SHA),
        HOLDS,
        f"{RESOLVED} is {SHA} (resolved)",
    ),
    SourceRow(
        "an upload",
        uploaded(),
        FAILS,
        f"source.storageSource is {PLACE}; no commit is recorded",
        RIGHT_COMMAND,
    ),
    SourceRow("no source", NO_SOURCE, FAILS, "no source is recorded, so no commit is", RIGHT_COMMAND),
    SourceRow("an unclear source", UNCLEAR, OPEN, f"{RESOLVED}: expected a full commit, got 'main'", LOOK_AT_IT),
    SourceRow(
        "an upload that an exemption covers",
        uploaded(),
        NOT_APPLICABLE,
        "exempt: prototypes",
        policy=replace(LISTED, exemptions=(FIRST, SECOND)),
    ),
    SourceRow(
        "an upload that no exemption covers",
        uploaded(),
        FAILS,
        f"source.storageSource is {PLACE}; no commit is recorded",
        RIGHT_COMMAND,
        policy=replace(LISTED, exemptions=(FIRST, Exemption("the others'", tool="gcloud functions deploy"))),
    ),
    SourceRow(
        "no source that an exemption covers",
        pushed(source=None, sourceProvenance={}, substitutions={}, tags=["nightly"]),
        NOT_APPLICABLE,
        "exempt: scans",
        policy=replace(LISTED, exemptions=(Exemption("scans", tag="nightly"),)),
    ),
    SourceRow(
        "a commit needs no exemption",
        pushed(tags=["nightly"]),
        HOLDS,
        f"{RESOLVED} is {SHA} (resolved)",
        policy=replace(LISTED, exemptions=(Exemption("scans", tag="nightly"),)),
    ),
    SourceRow(
        "an unclear source is not exempt",
        pushed(sourceProvenance={"resolvedGitSource": {"url": ADDRESS, "revision": "main"}}, tags=["nightly"]),
        OPEN,
        f"{RESOLVED}: expected a full commit, got 'main'",
        LOOK_AT_IT,
        policy=replace(LISTED, exemptions=(Exemption("scans", tag="nightly"),)),
    ),
]
ELSEWHERE = Policy(repositories=frozenset({Repository("github.com", "vividly/catalogue")}))
BOTH = Policy(repositories=frozenset({OURS, Repository("github.com", "vividly/catalogue")}))
REPOSITORY_IS_ALLOWED = [
    SourceRow("a listed one", pushed(), HOLDS, "github.com/vividly/content-worker"),
    SourceRow(
        "one that is not listed",
        pushed(),
        FAILS,
        "github.com/vividly/content-worker is not on the policy's list",
        'build from an allowed repository, or add "github.com/vividly/content-worker" to `repositories` in policy.toml',
        policy=ELSEWHERE,
    ),
    SourceRow("no list", pushed(), NOT_APPLICABLE, "policy lists no repositories", policy=Policy()),
    SourceRow("an upload", uploaded(), NOT_APPLICABLE, "no commit, so no repository"),
    SourceRow(
        "a name that can't be read",
        UNREADABLE,
        OPEN,
        f"{RESOLVED} names no repository that can be read",
        "build through a trigger whose source names its repository, or add the repository's trigger again",
    ),
    SourceRow(
        "both that were fetched",
        fetching(url="https://github.com/vividly/catalogue", revision=SHA),
        HOLDS,
        "github.com/vividly/content-worker, github.com/vividly/catalogue",
        policy=BOTH,
    ),
    SourceRow(
        "the same one twice", fetching(url=ADDRESS, revision=OTHER_SHA), HOLDS, "github.com/vividly/content-worker"
    ),
    SourceRow(
        "a second one that is not listed",
        fetching(url="https://github.com/vividly/catalogue", revision=SHA),
        FAILS,
        "github.com/vividly/catalogue is not on the policy's list",
        'build from an allowed repository, or add "github.com/vividly/catalogue" to `repositories` in policy.toml',
    ),
]
CLAIMS_ARE_BACKED = [
    SourceRow("those that the trigger sets", pushed(), HOLDS, "no claim goes beyond the fact"),
    SourceRow(
        "another commit",
        commit(COMMIT_SHA=OTHER_SHA, BRANCH_NAME="main"),
        FAILS,
        f"contradicted by {RESOLVED}: COMMIT_SHA={OTHER_SHA}",
        WHO_SET_THEM,
    ),
    SourceRow(
        "some that nothing proves, and one that is contradicted",
        by_hand(substitutions={"SHORT_SHA": OTHER_SHA[:7], "BRANCH_NAME": "main"}),
        FAILS,
        f"contradicted by {RESOLVED}: SHORT_SHA={OTHER_SHA[:7]}, BRANCH_NAME=main",
        WHO_SET_THEM,
    ),
    SourceRow(
        "a commit that an upload names",
        uploaded(substitutions={"COMMIT_SHA": SHA, "BRANCH_NAME": "main"}),
        NOT_APPLICABLE,
        f"nothing proves that: COMMIT_SHA={SHA}, BRANCH_NAME=main",
    ),
]
BUILD_WAS_TRIGGERED = [
    SourceRow("by a trigger with a name", pushed(), HOLDS, "trigger content-worker-main"),
    SourceRow("by one without", commit(), HOLDS, f"trigger {TRIGGER_ID}"),
    SourceRow(
        "by a listed one, however its id is written",
        pushed(buildTriggerId=TRIGGER_ID.upper()),
        HOLDS,
        "trigger content-worker-main",
        policy=replace(LISTED, triggers=frozenset({TRIGGER_ID})),
    ),
    SourceRow(
        "by one that is not listed",
        pushed(),
        FAILS,
        f"trigger content-worker-main ({TRIGGER_ID}) is not on the policy's list",
        f'build through a listed trigger; or, if it is yours, add "{TRIGGER_ID}" to `triggers` in policy.toml',
        policy=replace(LISTED, triggers=frozenset({"another"})),
    ),
    SourceRow(
        "an upload's trigger needs no place on the list",
        uploaded(buildTriggerId=TRIGGER_ID),
        HOLDS,
        f"trigger {TRIGGER_ID}",
        policy=replace(LISTED, triggers=frozenset({"another"})),
    ),
    SourceRow("an upload by hand", uploaded(), NOT_APPLICABLE, "no commit that a trigger could have built"),
    SourceRow(
        "by hand, where a trigger is required",
        by_hand(),
        FAILS,
        "submitted by hand: whatever commit it names, its steps are the submitter's own",
        RIGHT_COMMAND,
    ),
    SourceRow(
        "by hand, where triggers are listed",
        by_hand(),
        FAILS,
        "submitted by hand: whatever commit it names, its steps are the submitter's own",
        RIGHT_COMMAND,
        policy=replace(BY_HAND, triggers=frozenset({TRIGGER_ID})),
    ),
    SourceRow(
        "by hand, where that is allowed",
        by_hand(),
        NOT_APPLICABLE,
        "submitted by hand, from a repository that policy lists",
        policy=BY_HAND,
    ),
    SourceRow(
        "by hand, where no repository is listed",
        by_hand(),
        FAILS,
        "submitted by hand; anybody may submit any public repository",
        f"{RIGHT_COMMAND}; or list the repository under `repositories` in policy.toml",
        policy=replace(BY_HAND, repositories=frozenset()),
    ),
]
BUILD_WAS_ANNOUNCED = [
    SourceRow("a message came", pushed(), HOLDS, "a message about it came"),
    SourceRow(
        "none came",
        pushed(),
        NOT_APPLICABLE,
        "no message came that could be read: found by listing; its notifications went elsewhere or were quarantined",
        announced=False,
    ),
]
TABLE: Table = {
    Check.SOURCE_IS_A_COMMIT: SOURCE_IS_A_COMMIT,
    Check.REPOSITORY_IS_ALLOWED: REPOSITORY_IS_ALLOWED,
    Check.CLAIMS_ARE_BACKED: CLAIMS_ARE_BACKED,
    Check.BUILD_WAS_TRIGGERED: BUILD_WAS_TRIGGERED,
    Check.BUILD_WAS_ANNOUNCED: BUILD_WAS_ANNOUNCED,
}


@pytest.mark.parametrize(("check", "row"), cases(TABLE)[0], ids=cases(TABLE)[1])
def test_a_check_answers_what_its_row_says(check: Check, row: SourceRow) -> None:
    (answer,) = (finding for finding in answers(row) if finding.check is check)
    assert answer == Finding(check, row.outcome, row.seen, row.remedy)


def test_every_answer_that_these_checks_can_give_has_a_row() -> None:
    never = {
        (Check.BUILD_WAS_ANNOUNCED, FAILS),
        (Check.BUILD_WAS_ANNOUNCED, OPEN),
        (Check.BUILD_WAS_TRIGGERED, OPEN),
        (Check.CLAIMS_ARE_BACKED, OPEN),
    }
    assert outcomes(TABLE) == {(check, outcome) for check in TABLE for outcome in Outcome} - never


@pytest.mark.parametrize(("check", "row"), cases(TABLE)[0], ids=cases(TABLE)[1])
def test_each_check_answers_once_and_in_the_order_in_which_people_read(check: Check, row: SourceRow) -> None:
    every = [finding.check for finding in answers(row)]
    assert every == [each for each in Check if each in every]
    assert check in every
