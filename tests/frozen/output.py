"""What the commands print for machines about a small past: a commit, an upload, a later commit, a failure."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.frozen.compare import FROZEN
from verifier.cli import main
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.clock import ManualClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Script
from verifier.times import show_time

PROJECT, REGION = "vividly-dev", "us-central1"
IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/vividly/content-worker"
JOB = JobPath(PROJECT, REGION, "content-worker")
ADDRESS = "https://github.com/vividly/content-worker.git"
DATE = "2026-11-02T09:00:00Z"
SPAN = ("--since", "2026-11-01", "--until", "2026-11-20")
POLICY = ("--policy", str(FROZEN / "policy.toml"))
ANSWERS = ("yes", "no", "unknown")


@dataclass(frozen=True, slots=True)
class Past:
    """A project of which something can be asked."""

    cloud: Cloud
    address: str
    repo: Path
    built: str
    """The commit of the first build."""
    waiting: str
    """A commit that was never built."""

    def ask(self, *words: str) -> str:
        """Return what a command prints, whatever its exit code."""
        environment = {"VERIFIER_GOOGLE_ENDPOINT": self.address, "GOOGLE_CLOUD_PROJECT": PROJECT}
        result = CliRunner().invoke(main, words, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.stdout


@contextmanager
def a_past(folder: Path) -> Iterator[Past]:
    """Return the past; the folder is for a clone."""
    clock = ManualClock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    cloud = Cloud(clock)
    cloud.put_job(PROJECT, REGION, JOB.job, image=f"{IMAGE}:latest", script=Script())
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    first, second, third = (_commit(folder, message) for message in ("one", "two", "three"))
    _build(cloud, clock, 1, **_of_commit(first))
    cloud.put_entries([create_build_entry(PROJECT, _id(2), clock(), "ana@vividly.example", _AGENT)])
    _build(cloud, clock, 2, **_OF_UPLOAD)
    _build(cloud, clock, 3, **_of_commit(second))
    _build(cloud, clock, 4, **(_of_commit(second) | {"status": "FAILURE", "results": {}}))
    with GoogleStandIn(cloud, Faults()) as google:
        yield Past(cloud, google.address, folder, first, third)


def explained() -> list[dict[str, Any]]:
    """Return what `explain --json` prints about builds of every kind."""
    builds = (FROZEN / "builds.json").read_text()
    result = CliRunner().invoke(main, ["explain", "--json", *POLICY, "-"], input=builds)
    return [json.loads(line) for line in result.stdout.splitlines()]


def audited(past: Past) -> dict[str, Any]:
    """Return what `audit --format json` prints."""
    found: dict[str, Any] = json.loads(past.ask("audit", "--format", "json", *_ASKED))
    return found


def audited_in_vain(past: Past) -> dict[str, Any]:
    """Return what `audit --format json` prints when builds can't be listed."""
    past.cloud.deny("cloudbuild.builds.list")
    try:
        return audited(past)
    finally:
        past.cloud.allow("cloudbuild.builds.list")


def audited_as_csv(past: Past) -> list[list[str]]:
    """Return the rows that `audit --format csv` prints, the names of the columns first."""
    return list(csv.reader(io.StringIO(past.ask("audit", "--format", "csv", *_ASKED))))


def where(past: Past, answer: str) -> dict[str, Any]:
    """Return what `where --json` prints of a commit with this answer."""
    commit = {"yes": past.built, "no": past.waiting, "unknown": "d" * 40}[answer]
    words = ("--job", f"{REGION}/{JOB.job}", "--since", "2026-11-01", "--repo", str(past.repo), "--json", *POLICY)
    found: dict[str, Any] = json.loads(past.ask("where", commit, *words))
    return found


_ASKED = (*SPAN, *POLICY, "--job", f"{REGION}/{JOB.job}", "--who")
_AGENT = "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit"
_PLACE = {"bucket": f"{PROJECT}_cloudbuild", "object": f"source/1795399190.5-{'0' * 32}.tgz", "generation": "1"}
_OF_UPLOAD: dict[str, Any] = {
    "source": {"storageSource": _PLACE},
    "sourceProvenance": {"resolvedStorageSource": _PLACE},
    "substitutions": {"COMMIT_SHA": "85cffd8a90cd4b1f7e0c2d3a4b5c6d7e8f901234"},
}


def _of_commit(sha: str) -> dict[str, Any]:
    git = {"url": ADDRESS, "revision": sha}
    return {
        "source": {"gitSource": git},
        "sourceProvenance": {"resolvedGitSource": git},
        "buildTriggerId": "7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee",
        "substitutions": {
            "TRIGGER_NAME": "content-worker-main",
            "COMMIT_SHA": sha,
            "BRANCH_NAME": "main",
            "REF_NAME": "main",
        },
    }


def _id(number: int) -> str:
    return f"4e841fcb-0000-4000-8000-{number:012}"


def _build(cloud: Cloud, clock: ManualClock, number: int, **fields: Any) -> None:
    """Let a build push the worker's image, and the job run it, an hour each."""
    digest = f"sha256:{number:064}"
    document = {
        "id": _id(number),
        "name": f"projects/402118557731/locations/{REGION}/builds/{_id(number)}",
        "projectId": PROJECT,
        "status": "SUCCESS",
        "createTime": show_time(clock()),
        "finishTime": show_time(clock()),
        "results": {"images": [{"name": f"{IMAGE}:latest", "digest": digest}]},
        **fields,
    }
    cloud.put_build(document)
    if document["results"]:
        cloud.tag(f"{IMAGE}:latest", digest)
        cloud.run_job(JOB, Overrides({}))
    clock.advance(3_600)


def _commit(folder: Path, message: str) -> str:
    """Return the SHA of a commit with nothing in it, which is the same whenever and wherever it is made."""
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@vividly.example", "-c", "commit.gpgsign=false")
    git = ("git", "-C", str(folder), *who)
    dates = os.environ | {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", message], check=True, env=dates)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
