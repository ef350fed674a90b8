"""`verifier status`: what a person and a script read, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import re2

from tests.unit.cli.ledger import (
    BUILD,
    COMMIT,
    DIGEST,
    HOME,
    IMAGE,
    NOW,
    REGION,
    TREE,
    WATCHED,
    WORKER,
    DeployedTown,
    a_town,
    job_with,
    put_service,
    record_of,
    runs_of,
)
from verifier import __version__
from verifier.checks.job_runs import NewerBuild, Tie
from verifier.checks.verdict import Verdict
from verifier.cli.job_ledger import JobStatus, MadeBy
from verifier.cli.status_text import status_lines, usual_pause
from verifier.controller.ledger import State
from verifier.facts.execution import JobName

WHY = "no build of the last 90 days pushed it: it may be one platform's image of an index"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[DeployedTown]:
    with a_town(tmp_path) as town:
        yield town


def other(number: int) -> JobName:
    return JobName(WATCHED, REGION, f"other-{number:03}")


def test_a_block_says_what_runs_from_which_build_and_how_often() -> None:
    made_by = MadeBy(Verdict.VERIFIED, COMMIT)
    lines = list(status_lines(JobStatus(job_with(runs_of(apart=2)), made_by), NOW))
    since, last = NOW - timedelta(hours=11, minutes=40), NOW - timedelta(minutes=19)
    assert lines == [
        "VERIFIED  us-central1/dev-vividly-content-worker in vividly-dev",
        "  code   build 4e841fcb of commit 85cffd8, VERIFIED",
        f"  image  {IMAGE}",
        f"  digest {DIGEST}",
        f"  since  {since:%Y-%m-%d %H:%M} UTC, 11 h 40 min ago",
        "  runs   24, of which 3 failed; 2 more not counted (tried by this verifier, or",
        "         with other arguments)",
        f"  last   {last:%Y-%m-%d %H:%M} UTC, 19 min ago; usually every 30 min",
    ]


def test_no_line_is_longer_than_80_characters_or_shows_what_can_not_be_seen() -> None:
    long = job_with(
        runs_of("", repository="r" * 200, tie=Tie.NONE, build="", why=WHY * 3),
        job=JobName(WATCHED, REGION, "j" * 90),
        problem="no\u202e permission " * 20,
    )
    lines = list(status_lines(JobStatus(long, None), NOW))
    assert max(map(len, lines)) <= 80
    assert "\u202e" not in "".join(lines)
    assert any("which no build that we know pushed" in line for line in lines)


def test_verified_code_alone_is_0(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_record(record_of(Verdict.VERIFIED))
    result = town.ask("status")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("VERIFIED  us-central1/dev-vividly-content-worker in vividly-dev\n")


@pytest.mark.parametrize(
    ("verdict", "code"), [("LOCAL_SOURCE", 3), ("FAILED", 3), ("EXEMPT", 3), ("INCONCLUSIVE", 4), ("", 4), ("NEW", 4)]
)
def test_any_other_code_is_3_and_what_is_not_certain_4(town: DeployedTown, verdict: str, code: int) -> None:
    town.put_job(job_with(runs_of()))
    town.put_job(job_with(runs_of(verdict), job=other(1)))
    assert town.ask("status").exit_code == code


def test_the_builds_own_record_knows_the_verdict_better_than_the_job(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of("INCONCLUSIVE")))
    town.put_record(record_of(Verdict.VERIFIED))
    assert town.ask("status").exit_code == 0


def test_a_build_that_is_being_judged_can_not_be_told(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_record(record_of(None, state=State.OPEN, judgement=None))
    result = town.ask("status")
    assert result.exit_code == 4
    assert "of commit 85cffd8, not judged yet\n" in result.stdout


def test_a_record_of_a_later_version_leaves_what_the_job_says(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_record(record_of(Verdict.FAILED), version=2)
    assert town.ask("status").exit_code == 0


def test_an_upload_that_was_read_shows_its_tree(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of("LOCAL_SOURCE")))
    town.put_upload()
    result = town.ask("status")
    assert result.exit_code == 3
    assert f"  tree   {TREE}, which" in result.stdout


def test_an_exempt_build_shows_the_reason(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of("EXEMPT")))
    exempt = record_of(Verdict.EXEMPT)
    assert exempt.judgement
    (finding,) = exempt.judgement.findings
    judged = replace(exempt.judgement, findings=(replace(finding, seen="exempt: seeded by the platform team"),))
    town.put_record(replace(exempt, judgement=judged))
    assert "  why    exempt: seeded by the platform team" in town.ask("status").stdout


def test_scripts_get_a_line_for_each_job_with_the_words_of_the_documentation(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_job(job_with(job=other(1)))
    first, second = map(json.loads, town.ask("status", "--json").stdout.splitlines())
    assert first.pop("origin") | {"generated": ""} == {
        "generated": "",
        "version": __version__,
        "policy": None,
        "scope": f"the ledger of build-verifier, in project {HOME}",
        "problems": [],
    }
    assert first == {
        "job": WORKER.resource,
        "image": IMAGE,
        "digest": DIGEST,
        "build": BUILD.name,
        "commit": COMMIT,
        "verdict": "VERIFIED",
        "since": f"{NOW - timedelta(hours=11, minutes=40):%Y-%m-%dT%H:%M:%S.000000Z}",
        "runs": 24,
        "failed": 3,
        "watch": None,
        "errors": None,
        "unread": 0,
        "next_checkpoint": None,
        "new_errors": None,
    }
    assert list(second) == [*first, "origin"]
    assert (second["job"], second["digest"], second["verdict"]) == (other(1).resource, None, None)


def test_a_job_that_never_ran_says_so_and_can_not_be_told(town: DeployedTown) -> None:
    town.put_job(job_with())
    result = town.ask("status")
    assert result.exit_code == 4
    assert result.stdout.startswith("NOT RUN  us-central1/")
    assert "nothing yet that ended" in result.stdout


def test_an_empty_ledger_says_what_to_do(town: DeployedTown) -> None:
    result = town.ask("status")
    assert result.exit_code == 4
    assert result.stderr.startswith("? expected watched jobs in the ledger, found none yet")


def test_every_page_of_jobs_is_read_once(town: DeployedTown) -> None:
    for number in range(205):
        town.put_job(job_with(runs_of(), job=other(number)))
    lines = town.ask("status", "--json").stdout.splitlines()
    assert [json.loads(line)["job"] for line in lines] == [other(number).resource for number in range(205)]


def test_one_job_can_be_asked_for(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_job(job_with(runs_of("FAILED"), job=other(1)))
    assert town.ask("status", "--job", f"{REGION}/{WORKER.job}").exit_code == 0
    result = town.ask("status", "--job", f"{REGION}/unheard-of")
    assert result.exit_code == 2
    assert f"({REGION}/{WORKER.job}, {REGION}/other-001), got 'us-central1/unheard-of'" in result.stderr


def test_a_job_of_a_later_version_is_told_and_hides_no_other(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    town.put_job(job_with(runs_of(), job=other(1)), version=2)
    result = town.ask("status")
    assert result.exit_code == 4
    assert result.stdout.startswith("VERIFIED ")
    assert "CAN'T TELL  us-central1/other-001 in vividly-dev" in result.stdout
    assert "other-001: expected a job of version 1" in town.ask("status", "--json").stderr


def test_what_is_not_watched_is_counted_where_that_is_permitted(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    for name in ("api", "web"):
        put_service(town.made, f"projects/{WATCHED}/locations/{REGION}/services/{name}")
    assert town.ask("status").stdout.endswith("\n2 services: not watched in this version.\n")
    town.cloud.deny("ListServices")
    assert town.ask("status").stdout.endswith("\nServices of Cloud Run: not watched in this version.\n")


def test_a_function_that_can_not_be_read_names_the_role(town: DeployedTown) -> None:
    town.cloud.deny("GetService")
    result = town.ask("status")
    assert result.exit_code == 2
    assert f"you lack run.services.get in {HOME}" in result.stderr


def test_a_short_name_needs_its_place(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of()))
    result = town.ask("status", function="build-verifier")
    assert result.exit_code == 2
    assert "or its region beside its short name, got 'build-verifier' alone\n" in result.stderr
    placed = town.ask("status", "--project", HOME, "--region", REGION, function="build-verifier")
    assert placed.exit_code == 0


def test_without_a_function_the_settings_are_those_of_the_environment(town: DeployedTown, tmp_path: Path) -> None:
    town.put_job(job_with(runs_of()))
    settings: dict[str, str | None] = {
        "VERIFIER_PROJECTS": WATCHED,
        "VERIFIER_REGIONS": REGION,
        "VERIFIER_LEDGER": f"sqlite:{tmp_path / 'ledger.sqlite'}",
        "VERIFIER_SLACK_TOKEN": "xoxb-1",
        "VERIFIER_SLACK_CHANNEL": "C0BUILDS01",
    }
    assert town.ask("status", function="", **settings).exit_code == 0
    settings["VERIFIER_LEDGER"] = f"sqlite:{tmp_path / 'gone.sqlite'}"
    result = town.ask("status", function="", **settings)
    assert result.exit_code == 2
    assert "gone.sqlite, which VERIFIER_LEDGER names, got none there" in result.stderr
    assert not (tmp_path / "gone.sqlite").exists()


def test_the_usual_time_between_runs_is_their_median_and_not_known_of_two() -> None:
    starts = [NOW + timedelta(minutes=minute) for minute in (0, 30, 60, 200)]
    assert usual_pause(starts) == timedelta(minutes=30)
    assert usual_pause(starts[:2]) is None


def test_a_verified_build_that_is_newer_and_does_not_run_is_named(town: DeployedTown) -> None:
    newer = NewerBuild(f"projects/{WATCHED}/locations/global/builds/71a0c2d4-1", COMMIT, "sha256:newer", NOW)
    town.put_job(job_with(runs_of(begun=NOW - timedelta(hours=2), ended=NOW - timedelta(hours=3)), newer=newer))
    shown = town.ask("status").stdout
    assert "  newer  build 71a0c2d4 of commit 85cffd8 is VERIFIED, and does not run\n" in shown
    assert re2.search(r"UTC, 2 h( \d+ min)? ago\n", shown)


def test_a_verified_build_that_runs_is_not_called_newer(town: DeployedTown) -> None:
    newer = NewerBuild(f"projects/{WATCHED}/locations/global/builds/71a0c2d4-1", COMMIT, DIGEST, NOW)
    town.put_job(job_with(runs_of(begun=NOW - timedelta(hours=2), ended=NOW - timedelta(hours=3)), newer=newer))
    assert "newer" not in town.ask("status").stdout


def test_a_build_without_a_readable_name_is_shown_as_far_as_it_goes(town: DeployedTown) -> None:
    town.put_job(job_with(runs_of(build="builds/x")))
    result = town.ask("status")
    assert result.exit_code == 0
    assert "  code   build x of commit" in result.stdout
