"""`verifier audit --suggest-policy`: from builds to a policy that can be deployed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from tests.fixtures.builds import document
from verifier.checks.policy import BuildConfig
from verifier.checks.policy_file import read_policy
from verifier.cli import main
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn

TRIGGER = "7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee"
DEPLOY = {
    "name": "gcr.io/google.com/cloudsdktool/cloud-sdk:slim",
    "entrypoint": "gcloud",
    "args": ["run", "jobs", "deploy", "content-worker", "--region=us-central1", "--project=vividly-dev"],
}


def run(*words: str, **environment: str) -> Result:
    variables: dict[str, str | None] = {"GOOGLE_CLOUD_PROJECT": None, "CLOUDSDK_CORE_PROJECT": None}
    return CliRunner().invoke(main, ["audit", "--suggest-policy", *words], env=variables | environment)


def built(number: int) -> dict[str, Any]:
    moment = (datetime.now(UTC) - timedelta(days=number)).isoformat()
    build_id = f"{number:08x}-1b2c-4d3e-8f90-a1b2c3d4e5f6"
    return document("commit-resolved-git") | {
        "id": build_id,
        "name": f"projects/402118557731/locations/us-central1/builds/{build_id}",
        "createTime": moment,
        "buildTriggerId": TRIGGER,
        "steps": [DEPLOY],
    }


def test_what_is_suggested_from_files_can_be_deployed(tmp_path: Path) -> None:
    (tmp_path / "builds.json").write_text(json.dumps([built(number) for number in range(4)]))
    target = tmp_path / "policy.toml"
    result = run("--builds", str(tmp_path / "builds.json"), "--output", str(target))
    assert result.exit_code == 0, result.output
    policy = read_policy(target.read_bytes())
    assert policy.triggers == frozenset({TRIGGER})
    assert [job.job for job in policy.jobs] == ["content-worker"]
    assert CliRunner().invoke(main, ["policy", str(target)]).exit_code == 0


def test_a_build_that_stands_in_several_files_counts_once(tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(json.dumps([built(number) for number in range(3)]))
    assert "from 3 builds of" in run("--builds", str(tmp_path)).stdout


def test_the_cloud_is_asked_where_the_triggers_have_their_steps() -> None:
    cloud = Cloud(system_clock)
    for number in range(4):
        cloud.put_build(built(number))
    cloud.put_trigger("vividly-dev", "us-central1", {"id": TRIGGER, "filename": "cloudbuild.yaml"})
    with GoogleStandIn(cloud, Faults()) as place:
        words = ("--project=vividly-dev", "--region=us-central1")
        result = run(*words, VERIFIER_GOOGLE_ENDPOINT=place.address)
    assert result.exit_code == 0, result.output
    policy = read_policy(result.stdout.encode())
    assert policy.build_config is BuildConfig.REPOSITORY
    assert [job.job for job in policy.jobs] == ["content-worker"]


def test_of_a_part_it_is_said_that_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "builds.json").write_text(json.dumps([*(built(number) for number in range(3)), {"id": {}}]))
    result = run("--builds", str(tmp_path))
    assert result.exit_code == 2
    assert "This rests on a part of the builds: 3 could be read." in result.stderr


def test_without_builds_there_is_no_policy(tmp_path: Path) -> None:
    result = run("--builds", str(tmp_path), "--output", str(tmp_path / "policy.toml"))
    assert result.exit_code == 2
    assert "expected builds to make a policy of, found none" in result.stderr
    assert not (tmp_path / "policy.toml").exists()


def test_what_it_can_not_do_at_the_same_time_is_told() -> None:
    result = run("--format=json")
    assert result.exit_code == 2
    assert "--suggest-policy writes a policy: leave out --format, --job, --compare and --who" in result.stderr
