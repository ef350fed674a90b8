"""Which jobs a build's steps deploy."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.execution import JobName
from verifier.history.deployed_jobs import deployed_jobs

JOB = JobName("", "us-central1", "worker")
SDK = "gcr.io/google.com/cloudsdktool/cloud-sdk:slim"


def jobs(*steps: dict[str, Any], **fields: Any) -> tuple[JobName, ...]:
    return deployed_jobs({"projectId": "vividly-dev", "steps": list(steps), **fields})


@pytest.mark.parametrize(
    "step",
    [
        {"entrypoint": "gcloud", "args": ["run", "jobs", "deploy", "worker", "--region=us-central1"]},
        {"entrypoint": "gcloud", "args": ["run", "jobs", "update", "worker", "--image=x", "--region", "us-central1"]},
        {"entrypoint": "gcloud", "args": ["beta", "run", "jobs", "create", "--region=us-central1", "worker"]},
        {"entrypoint": "bash", "args": ["-c", "set -e\ngcloud run jobs deploy worker --region us-central1 && echo ok"]},
        {"script": "#!/bin/sh\ngcloud run jobs update worker --region='us-central1'"},
        {"entrypoint": "gcloud", "args": ["run", "jobs", "deploy", "$_JOB", "--region=${_REGION}"]},
    ],
)
def test_the_job_is_read_off_the_command(step: dict[str, Any]) -> None:
    found = jobs({"name": SDK, **step}, substitutions={"_JOB": "worker", "_REGION": "us-central1"})
    assert found == (JOB,)


def test_the_project_of_the_command_is_told() -> None:
    step = {"name": SDK, "entrypoint": "gcloud"}
    args = ["run", "jobs", "deploy", "worker", "--region=us-central1", "--project=$PROJECT_ID"]
    assert jobs({**step, "args": args}) == (JobName("vividly-dev", "us-central1", "worker"),)


@pytest.mark.parametrize(
    "args",
    [
        ["run", "jobs", "deploy", "worker"],
        ["run", "jobs", "deploy", "worker", "--region=$_UNKNOWN"],
        ["run", "jobs", "execute", "worker", "--region=us-central1"],
        ["run", "deploy", "worker", "--region=us-central1"],
        ["run", "jobs", "deploy", "Not A Job", "--region=us-central1"],
        ["run", "jobs"],
    ],
)
def test_what_is_not_certain_is_left_out(args: list[str]) -> None:
    assert jobs({"name": SDK, "entrypoint": "gcloud", "args": args}) == ()


@pytest.mark.parametrize(
    "document", [{}, {"steps": 7}, {"steps": [7, {"args": 7}]}, {"steps": [{}], "substitutions": 7}]
)
def test_any_document_is_read(document: dict[str, Any]) -> None:
    assert deployed_jobs(document) == ()
