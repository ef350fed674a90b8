"""`verifier where`: what a person and a script read, and the exit codes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from verifier.cli.where import where
from verifier.standin.clock import ManualClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Script

IMAGE = "us-central1-docker.pkg.dev/vividly-dev/vividly/worker"
ADDRESS = "https://github.com/vividly/worker.git"
JOB = ("--job", "us-central1/worker", "--project", "vividly-dev")


@dataclass(frozen=True, slots=True)
class Town:
    """A job, a repository with two commits, and what is built and run."""

    cloud: Cloud
    clock: ManualClock
    address: str
    repo: Path

    def commit(self, message: str) -> str:
        """Make a new commit of the repository."""
        self._git(
            "-c", "user.name=Ana", "-c", "user.email=ana@vividly.example", "commit", "--allow-empty", "-m", message
        )
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        answer = subprocess.run(["git", "-C", str(self.repo), *arguments], check=True, capture_output=True, text=True)
        return answer.stdout.strip()

    def build(self, number: int, location: str = "us-central1", **fields: Any) -> None:
        """Let a build push the worker's image; then let the job run it."""
        digest = f"sha256:{number:064}"
        self.cloud.put_build(
            {
                "id": f"b{number}",
                "name": f"projects/4711/locations/{location}/builds/b{number}",
                "projectId": "vividly-dev",
                "status": "SUCCESS",
                "createTime": self.clock().isoformat(),
                "finishTime": self.clock().isoformat(),
                "results": {"images": [{"name": f"{IMAGE}:latest", "digest": digest}]},
                **fields,
            }
        )
        self.cloud.tag(f"{IMAGE}:latest", digest)
        self.cloud.run_job(JobPath("vividly-dev", "us-central1", "worker"), Overrides({}))
        self.clock.advance(300)

    def build_commit(self, number: int, sha: str, location: str = "us-central1") -> None:
        """Let a trigger build a commit."""
        git = {"url": ADDRESS, "revision": sha}
        source = {"source": {"gitSource": git}, "sourceProvenance": {"resolvedGitSource": git}}
        self.build(number, location, buildTriggerId="7d4b", **source)

    def build_upload(self, number: int) -> None:
        """Let there be a build of somebody's folder."""
        self.build(number, source={"storageSource": {"bucket": "b", "object": "o.tgz"}})

    def ask(self, commit: str, *words: str) -> Result:
        """Return the command's answer."""
        environment = {"VERIFIER_GOOGLE_ENDPOINT": self.address, "GOOGLE_CLOUD_PROJECT": None}
        return CliRunner().invoke(where, [commit, *JOB, "--repo", str(self.repo), *words], env=environment)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    clock = ManualClock(datetime.now(UTC) - timedelta(days=1))
    cloud = Cloud(clock)
    cloud.put_job("vividly-dev", "us-central1", "worker", image=f"{IMAGE}:latest", script=Script())
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(tmp_path)], check=True)
    with GoogleStandIn(cloud, Faults()) as server:
        yield Town(cloud, clock, server.address, tmp_path)


def test_yes_is_0_and_says_since_when_by_which_build_and_execution(town: Town) -> None:
    before, asked, later = town.commit("one"), town.commit("two"), town.commit("three")
    town.build_commit(1, before)
    town.build_commit(2, asked)
    town.build_commit(3, later, "global")
    result = town.ask(asked[:9])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Yes, since ")
    assert ": build b2, execution worker-" in result.stdout.splitlines()[0]
    assert f"commit {later} (resolved)" in result.stdout


def test_no_is_3_and_names_the_local_source(town: Town) -> None:
    asked = town.commit("one")
    town.build_commit(1, asked)
    town.build_upload(2)
    result = town.ask(asked)
    assert result.exit_code == 3
    assert result.stdout.startswith("No: it runs build b2, which is local source\n")


def test_an_older_commit_is_3(town: Town) -> None:
    old, asked = town.commit("one"), town.commit("two")
    town.build_commit(1, old)
    result = town.ask(asked)
    assert result.exit_code == 3
    assert result.stdout.startswith(f"No: it runs build b1, which is an older commit ({old[:7]})\n")


def test_a_commit_that_the_clone_does_not_have_is_4_and_says_fetch(town: Town) -> None:
    town.build_commit(1, town.commit("one"))
    result = town.ask("d" * 40)
    assert result.exit_code == 4
    assert result.stdout.startswith(f"Can't tell: the clone in {town.repo} does not have commit {'d' * 40}; run: git ")


def test_json_is_one_object(town: Town) -> None:
    asked = town.commit("one")
    town.build_commit(1, asked)
    result = town.ask(asked, "--json")
    said = json.loads(result.stdout)
    assert list(said) == [
        "commit",
        "job",
        "answer",
        "text",
        "since",
        "since_is_exact",
        "build",
        "execution",
        "evidence",
        "problems",
        "origin",
    ]
    assert (said["answer"], said["build"]) == ("yes", "projects/vividly-dev/locations/us-central1/builds/b1")
    assert said["problems"] == said["origin"]["problems"] == []
    assert said["origin"]["scope"].startswith(f"{said['job']}, since 20")


def test_a_commit_may_be_named_as_the_clone_names_it(town: Town) -> None:
    first = town.commit("one")
    town.commit("two")
    town.build_commit(1, first)
    assert json.loads(town.ask("HEAD~1", "--json").stdout)["commit"] == first
    assert [town.ask(name).exit_code for name in ("HEAD~1", "HEAD")] == [0, 3]


def test_a_name_without_a_clone_to_say_what_it_means_is_an_error(
    town: Town, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    result = town.ask("HEAD", "--repo", str(empty))
    assert result.exit_code == 2
    assert "name a clone with --repo" in result.stderr


def test_what_could_not_be_read_makes_not_knowing_an_error(town: Town) -> None:
    town.cloud.deny("cloudbuild.builds.list")
    town.build_commit(1, town.commit("one"))
    result = town.ask("d" * 40)
    assert result.exit_code == 2
    assert "cloudbuild.builds.list" in result.stderr
    assert result.stdout.startswith("Can't tell: none of the listed builds pushed the image")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no-such-branch",), "has no 'no-such-branch'; run: git -C "),
        (("main..v1",), "has no 'main..v1'"),
        (("a b",), "commit: expected hex digits, HEAD, a tag or a branch, got 'a b'"),
        (("85cffd8", "--job", "worker"), "--job: expected REGION/JOB as in us-central1/content-worker, got 'worker'"),
        (("85cffd8", "--job", "us-central1/nobody"), "gcloud run jobs list --project=vividly-dev"),
        (
            ("85cffd8", "--since", "soon"),
            "expected 90d, 36h or 2w, a date as 2026-08-01 or a time as 2026-08-01T12:00:00Z, got 'soon'",
        ),
        (("85cffd8", "--project", ""), "project: expected --project, or GOOGLE_CLOUD_PROJECT"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line_and_2(town: Town, words: tuple[str, ...], said: str) -> None:
    result = town.ask(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_policy_that_cannot_be_read_is_2(town: Town, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("nonsense = 1\n")
    result = town.ask("85cffd8", "--policy", str(policy))
    assert result.exit_code == 2
    assert "nonsense" in result.stderr
