"""The jobs whose runs are seen: each is there, may be looked at, and is let through by the sink. None is started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.installation import JOB, REGION, WATCHED, StandInInstallation, an_installation
from tests.doctor.pasting import problems_of
from verifier.standin.script import Script

WATCH = f"""
[watch]
jobs = ["{REGION}/report"]
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[StandInInstallation]:
    with an_installation(tmp_path) as made:
        made.policy.write_text(made.policy.read_text() + WATCH)
        made.cloud.put_job(WATCHED, REGION, "report", image="gcr.io/acme/report:latest", script=Script())
        yield made


def rows(installation: StandInInstallation, need: str) -> dict[str, dict[str, Any]]:
    return {check["about"]: check for check in installation.checks() if check["check"] == need}


def sink(installation: StandInInstallation) -> Any:
    return installation.made.sinks[f"projects/{WATCHED}/sinks/build-verifier-executions"]


def test_a_workers_job_and_a_named_one_are_looked_at(installation: StandInInstallation) -> None:
    assert not installation.open_checks()
    assert rows(installation, "watched_job_exists").keys() == {"report"}
    found = rows(installation, "watched_job_can_be_read")
    assert {job: check["seen"] for job, check in found.items()} == {
        JOB: "it has not run yet",
        "report": "it has not run yet",
    }


def test_looking_at_a_job_asks_for_nothing_that_starts_it(installation: StandInInstallation) -> None:
    installation.policy.write_text(WATCH)
    installation.cloud.deny("RunJob")
    installation.cloud.deny("RunJob with overrides")
    assert not installation.open_checks()
    assert installation.faults.calls.count("TestIamPermissions") == len(["the work topic", "the topic for verdicts"])
    assert "RunJob" not in installation.faults.calls


def test_a_named_job_that_is_not_there_is_told_with_the_command_that_lists_them(
    installation: StandInInstallation,
) -> None:
    installation.policy.write_text(WATCH.replace("report", "rapport"))
    found = installation.open_checks()
    assert set(found) == {"watched_job_exists", "watched_job_can_be_read"}
    assert found["watched_job_exists"]["remedy"] == f"gcloud run jobs list --project={WATCHED}"
    assert found["watched_job_can_be_read"]["waits_for"] == "watched_job_exists"
    assert problems_of(found["watched_job_exists"]["remedy"]) == []


def test_a_job_that_is_named_with_its_project_is_looked_for_there(installation: StandInInstallation) -> None:
    installation.policy.write_text(WATCH.replace(f"{REGION}/", f"{WATCHED}/{REGION}/"))
    assert not installation.open_checks()
    assert rows(installation, "watched_job_exists")["report"]["seen"] == f"in {REGION} of {WATCHED}"


def test_a_job_in_a_project_that_is_not_watched_is_told(installation: StandInInstallation) -> None:
    installation.policy.write_text(WATCH.replace(f"{REGION}/", f"acme-prod/{REGION}/"))
    found = installation.open_checks()["watched_job_exists"]
    assert found["seen"] == "its runs are not seen: acme-prod is not watched"
    assert found["remedy"].startswith("let acme-prod be watched in terraform.tfvars and apply, or take the job out")


def test_a_worker_in_a_project_that_is_not_watched_is_none_the_worse(installation: StandInInstallation) -> None:
    worker = installation.policy.read_text().replace(WATCH, "").replace(f"{REGION}/", f"acme-prod/{REGION}/")
    installation.policy.write_text(worker)
    (found,) = rows(installation, "watched_job_can_be_read").values()
    assert (found["outcome"], found["seen"]) == ("not-applicable", "its runs are not seen: acme-prod is not watched")


@pytest.mark.parametrize("call", ["GetJob", "ListExecutions"])
def test_a_job_that_may_not_be_looked_at_is_told_with_the_role(installation: StandInInstallation, call: str) -> None:
    installation.policy.write_text(WATCH)
    installation.cloud.deny(call)
    denied = [check for check in installation.checks() if check["about"] == "report" and check["remedy"]]
    assert denied
    for check in denied:
        assert "--role=roles/run.viewer" in check["remedy"]
        assert problems_of(check["remedy"]) == []


def test_a_sink_that_does_not_name_a_job_is_told_with_what_to_add(installation: StandInInstallation) -> None:
    sink(installation).filter += f' AND resource.labels.job_name=("{JOB}")'
    (found,) = installation.open_checks().values()
    assert found["check"] == "executions_are_routed"
    assert "does not name report" in found["seen"]
    assert f'add "{REGION}/report" to {WATCHED} in terraform.tfvars and apply' in found["remedy"]
    sink(installation).filter = sink(installation).filter.replace(f'("{JOB}")', f'("{JOB}" OR "report")')
    assert not installation.open_checks()


def test_a_policy_that_only_watches_needs_the_word_of_executions(installation: StandInInstallation) -> None:
    installation.policy.write_text(WATCH)
    for need in ("executions_are_pushed", "executions_are_routed"):
        assert [check["outcome"] for check in rows(installation, need).values()] == ["holds"]


def test_where_no_job_is_watched_nothing_is_asked(installation: StandInInstallation) -> None:
    installation.policy.write_text(
        installation.policy.read_text().replace(WATCH, "").replace("[[slack", "watch = false\n[[slack")
    )
    for need in ("watched_job_exists", "watched_job_can_be_read"):
        assert [check["outcome"] for check in rows(installation, need).values()] == ["not-applicable"]


def test_without_a_policy_no_watched_job_is_taken_for_granted(installation: StandInInstallation) -> None:
    installation.policy.unlink()
    assert installation.open_checks()["watched_job_exists"]["waits_for"] == "policy_is_read"
