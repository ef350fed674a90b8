"""The bundle: what is in it, and that it does its work where nothing else is installed."""

from __future__ import annotations

import json
import subprocess
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.bundle import BUILDER, HOME, REGION, booted, imported_by, installed
from tests.busy import LONG_SECONDS
from verifier.checks.policy_file import read_policy
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.push import Pusher
from verifier.standin.script import Line, Script
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.times import show_time

WATCHED, NUMBER = "acme-dev", "402118557731"
IMAGE = f"{REGION}-docker.pkg.dev/{WATCHED}/acme/worker:latest"
MOST_BYTES = 550_000
IMPORT_ALL = """
import importlib, os, pathlib
for path in sorted(pathlib.Path("verifier").rglob("*.py")):
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    importlib.import_module(name)
    print(name)
"""


def verdicts(cloud: Cloud) -> dict[str, str]:
    """Return what the audit trail says of each build."""
    labels = [entry["labels"] for entry in cloud.audit_entries()]
    return {label["build"]: label["verdict"] for label in labels if label["kind"] == "verdict"}


def wait(ready: Callable[[], bool], *, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Wait until it is ready, which takes some seconds, and longer where the machine is busy."""
    deadline = time.monotonic() + LONG_SECONDS
    while not ready():
        assert time.monotonic() < deadline
        meanwhile()
        time.sleep(0.3)


def builds() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the build of the function itself, a local folder that was uploaded, and a commit that a trigger built."""
    now = show_time(datetime.now(UTC))
    common = {"status": "SUCCESS", "createTime": now, "startTime": now, "finishTime": now}
    own = {
        "id": "0f2c7f1e-0000-4000-8000-000000000001",
        "projectId": HOME,
        "name": f"projects/{HOME}/locations/{REGION}/builds/0f2c7f1e-0000-4000-8000-000000000001",
        "serviceAccount": f"projects/{HOME}/serviceAccounts/{BUILDER}",
        "tags": ["p-gcf", "t-function"],
    }
    place = {"bucket": f"{WATCHED}_cloudbuild", "object": f"source/1790000000.5-{'a' * 32}.tgz"}
    upload = {
        "id": "0f2c7f1e-0000-4000-8000-000000000002",
        "projectId": WATCHED,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/0f2c7f1e-0000-4000-8000-000000000002",
        "source": {"storageSource": place},
    }
    git = {"url": "https://github.com/acme/worker.git", "revision": "85cffd8" + "0" * 33}
    claims = {"TRIGGER_NAME": "worker-main", "BRANCH_NAME": "main", "REF_NAME": "main", "COMMIT_SHA": git["revision"]}
    commit = {
        "id": "0f2c7f1e-0000-4000-8000-000000000003",
        "projectId": WATCHED,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/0f2c7f1e-0000-4000-8000-000000000003",
        "source": {"gitSource": git},
        "sourceProvenance": {"resolvedGitSource": git},
        "buildTriggerId": "5b3c1a52-6a0e-4f3f-9f3b-0d5d0c6f2b11",
        "substitutions": claims,
        "images": [IMAGE],
        "results": {"images": [{"name": IMAGE, "digest": f"sha256:{'5' * 64}"}]},
    }
    return {**common, **own}, {**common, **upload}, {**common, **commit}


def test_it_holds_what_the_function_imports_and_no_more(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    size = bundle.stat().st_size
    print(f"{len(names)} files, {size} bytes zipped", *names, sep="\n")
    elsewhere = {"verifier/adapters/sqlite.py", "verifier/standin/__init__.py"}  # the ledger of a local run
    assert set(names) == imported_by("main.py") - elsewhere | {"requirements.txt", "policy.toml"}
    assert len(names) == len(set(names))
    assert size < MOST_BYTES


def test_its_policy_is_the_users_and_exempts_the_functions_own_build_alone(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        policy = read_policy(archive.read("policy.toml"))
    assert [worker.trigger for worker in policy.workers] == ["worker-main"]
    assert [exemption.service_account for exemption in policy.exemptions] == [BUILDER]


@pytest.mark.timeout(1800)
def test_it_boots_with_its_requirements_alone_and_judges_what_all_three_subscriptions_push(
    bundle: Path, environment: Path, tmp_path: Path, firestore_emulator: str, project: str
) -> None:
    workspace = tmp_path / "workspace"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(workspace)
    programs = installed(workspace, environment)
    imported = subprocess.run(
        [programs / "python", "-c", IMPORT_ALL], cwd=workspace, env={}, capture_output=True, text=True, check=False
    )
    assert imported.returncode == 0, imported.stderr

    faults, cloud = Faults(), Cloud(system_clock)
    with ExitStack() as stack:
        google = stack.enter_context(GoogleStandIn(cloud, faults))
        slack = stack.enter_context(SlackStandIn(faults, system_clock, rate_limit=False))
        settings = {
            "VERIFIER_PROJECTS": f"{WATCHED}={NUMBER},{HOME}",
            "VERIFIER_REGIONS": f"global,{REGION}",
            "VERIFIER_HOME_PROJECT": project,
            "VERIFIER_LEDGER": "firestore:build-verifier",
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_TIMEOUT": "120",
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        }
        log = tmp_path / "function.log"
        pusher = stack.enter_context(Pusher(stack.enter_context(booted(programs, workspace, settings, log))))
        own, upload, commit = builds()
        cloud.tag(IMAGE, commit["results"]["images"][0]["digest"])
        clean = Script(start_after=0.1, runs=0.2, lines=(Line(at=0.1, text="query ok"),))
        cloud.put_job(WATCHED, REGION, "worker", image=IMAGE, script=clean)

        for document in (own, upload, commit):
            cloud.put_build(document)
            attributes = {"buildId": document["id"], "status": "SUCCESS"}
            pusher.publish("/builds", json.dumps(document).encode(), attributes)
        wait(lambda: bool(cloud.finished_executions()))
        (execution,) = cloud.finished_executions()
        pusher.publish("/executions", json.dumps(cloud.completion_entry(execution)).encode(), {})
        wait(lambda: len(verdicts(cloud)) == 3, meanwhile=lambda: pusher.publish("/sweep", b"{}", {}))
        assert pusher.drain(LONG_SECONDS)

    assert verdicts(cloud) == {own["id"]: "EXEMPT", upload["id"]: "LOCAL_SOURCE", commit["id"]: "VERIFIED"}
    assert faults.calls.count("RunJob") == 1
    posted = sorted(message.text.split()[1] for message in slack.messages)
    assert posted == ["LOCAL_SOURCE", "VERIFIED"]
    lines = [json.loads(line) for line in log.read_text().splitlines()]  # whatever the framework does to them
    assert "completed" in [line.get("sweep") for line in lines]
    assert all(line["severity"] for line in lines)
    assert not [line for line in lines if "stack_trace" in line], "a slow emulator is no crash, whatever else is"
