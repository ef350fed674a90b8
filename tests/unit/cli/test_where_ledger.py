"""`verifier where --function`: the same answers, from what the ledger knows of a job's runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.cli.ledger import (
    BUILD,
    COMMIT,
    DIGEST,
    NOW,
    REGION,
    TREE,
    WATCHED,
    WORKER,
    DeployedTown,
    a_town,
    job_with,
    record_of,
    runs_of,
)
from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.verdict import Verdict
from verifier.cli.job_ledger import MadeBy
from verifier.cli.where_ledger import deployed_by_ledger
from verifier.history.deployed import Answer, Deployed

ASKED = "aa" * 20
NEWER = "bb" * 20
OLDER = "cc" * 20
ORDER = (OLDER, ASKED, NEWER)
HOUR = timedelta(hours=1)


def contains(descendant: str, commit: str) -> bool | str:
    if not {descendant, commit} <= set(ORDER):
        return "the clone does not have it"
    return ORDER.index(descendant) >= ORDER.index(commit)


def ran(commit: str, first: int, last: int, verdict: str = "VERIFIED") -> DigestRuns:
    """Return runs of a commit's image, from so many hours ago to so many."""
    digest = f"sha256:{commit or verdict}"
    return runs_of(verdict, digest, commit=commit, since=NOW - first * HOUR, last=NOW - last * HOUR)


def asked(*digests: DigestRuns, certain: bool = True) -> Deployed:
    made = {
        runs.digest: MadeBy(Verdict(runs.verdict) if runs.verdict else None, runs.commit, is_certain=certain)
        for runs in digests
        if runs.tie is Tie.BUILD
    }
    return deployed_by_ledger(ASKED, job_with(*digests), made, contains)


def moment(hours: int) -> str:
    return f"{NOW - hours * HOUR:%Y-%m-%d %H:%M} UTC"


def test_yes_since_the_first_run_of_the_first_image_that_contains_it() -> None:
    found = asked(ran(OLDER, 30, 21), ran(ASKED, 20, 11), ran(NEWER, 10, 1))
    assert (found.answer, found.since, found.since_is_exact) == (Answer.YES, NOW - 20 * HOUR, True)
    assert found.text == f"Yes, since {moment(20)}: build 4e841fcb runs"
    assert found.evidence[-1] == f"before, until {moment(21)}: build 4e841fcb of commit ccccccc, VERIFIED"
    assert (found.build, found.execution) == (BUILD, "worker-x7")


def test_an_image_that_ran_before_and_again_makes_the_moment_uncertain() -> None:
    found = asked(ran(ASKED, 30, 1), ran(OLDER, 20, 10))
    assert found.answer is Answer.NO
    back = replace(job_with(ran(OLDER, 20, 10), ran(ASKED, 30, 1)), digest=f"sha256:{ASKED}")
    made: dict[str, MadeBy | None] = {
        runs.digest: MadeBy(Verdict.VERIFIED, runs.commit, is_certain=True) for runs in back.digests
    }
    found = deployed_by_ledger(ASKED, back, made, contains)
    assert (found.answer, found.since, found.since_is_exact) == (Answer.YES, NOW - HOUR, False)
    assert found.text.startswith("Yes, at least since ")


def test_what_ran_before_it_was_watched_is_not_known() -> None:
    found = asked(ran(ASKED, 20, 1))
    assert (found.since, found.since_is_exact) == (NOW - 20 * HOUR, False)
    assert found.evidence[-1].startswith("it is watched since ")


@pytest.mark.parametrize(
    ("newest", "text"),
    [
        (ran(OLDER, 2, 1), "No: it runs build 4e841fcb, which is an older commit (ccccccc)"),
        (ran("", 2, 1, "LOCAL_SOURCE"), "No: it runs build 4e841fcb, which was made of no commit"),
        (ran("", 2, 1, "EXEMPT"), "No: it runs build 4e841fcb, which was made of no commit"),
    ],
)
def test_no_names_what_runs_instead(newest: DigestRuns, text: str) -> None:
    found = asked(ran(ASKED, 20, 10), newest)
    assert (found.answer, found.text) == (Answer.NO, text)


@pytest.mark.parametrize(
    ("newest", "certain", "text"),
    [
        (replace(ran(ASKED, 2, 1), tie=Tie.OPEN), True, "whose build is looked for"),
        (replace(ran(ASKED, 2, 1), tie=Tie.NONE, why="docker push"), True, "no build that we know pushed: docker push"),
        (ran("", 2, 1, "INCONCLUSIVE"), True, "which is INCONCLUSIVE, is not certain to be a commit"),
        (ran(ASKED, 2, 1, "FAILED"), False, "which is FAILED, is not certain to be a commit"),
        (ran("dd" * 20, 2, 1), True, "the clone does not have it"),
    ],
)
def test_what_is_not_certain_can_not_be_told(newest: DigestRuns, text: str, *, certain: bool) -> None:
    found = asked(newest, certain=certain)
    assert found.answer is Answer.UNKNOWN
    assert text in found.text


def test_a_job_that_never_ran_can_not_be_told() -> None:
    found = deployed_by_ledger(ASKED, JobRuns(WORKER, begun=NOW), {}, contains)
    assert (found.answer, found.text) == (
        Answer.UNKNOWN,
        f"Can't tell: no run has ended since the job is watched ({moment(0)})",
    )


# the command


@pytest.fixture
def town(tmp_path: Path) -> Iterator[DeployedTown]:
    with a_town(tmp_path) as town:
        yield town


JOB = ("--job", f"{REGION}/{WORKER.job}")


def test_the_command_asks_the_ledger_alone(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_record(record_of(Verdict.VERIFIED))
    result = town.ask("where", COMMIT, *JOB)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Yes, at least since ")
    assert {"ListExecutions", "ListBuilds"} & set(town.faults.calls) == set()
    document = json.loads(town.ask("where", COMMIT, *JOB, "--json", "--project", WATCHED).stdout)
    assert (document["job"], document["answer"], document["build"]) == (WORKER.resource, "yes", BUILD.name)


def test_an_upload_shows_its_tree(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of("LOCAL_SOURCE")))
    town.put_upload()
    result = town.ask("where", COMMIT, *JOB)
    assert result.exit_code == 3
    assert f"tree of the uploaded files {TREE}: compare it with git rev-parse COMMIT:FOLDER" in result.stdout
    assert f"image us-central1-docker.pkg.dev/vividly-dev/vividly/content-worker@{DIGEST[:19]}" in result.stdout


def test_a_job_that_the_ledger_does_not_know_is_an_error(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    for words in (("--job", "us-central1/x"), (*JOB, "--project", "another")):
        result = town.ask("where", COMMIT, *words)
        assert result.exit_code == 2
        assert "--job: expected a job that the ledger knows" in result.stderr


def test_a_job_of_two_projects_is_asked_for_by_its_project(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_job(job_with(runs_of("FAILED"), job=replace(WORKER, project="vividly-prod")))
    result = town.ask("where", COMMIT, *JOB)
    assert result.exit_code == 2
    assert "which 2 projects have" in result.stderr
    assert town.ask("where", COMMIT, *JOB, "--project", WATCHED).exit_code == 0


def test_a_job_of_a_later_version_is_an_error(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()), version=2)
    for words in ((), ("--project", WATCHED)):
        result = town.ask("where", COMMIT, *JOB, *words)
        assert result.exit_code == 2
        assert "expected a job of version 1, got version 2" in result.stderr
