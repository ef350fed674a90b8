"""What the functions are sent: builds, and Pub/Sub's push messages about them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.benchmarks.client import post

PROJECT = "vividly-dev"
NUMBER = "402118557731"
REGION = "us-central1"
BUILD_BYTES = 11_000
"""A build of some steps with their timings and digests; 11 KB is usual for one."""


def build(number: int, status: str = "SUCCESS", **changes: Any) -> dict[str, Any]:
    """Return a build by `gcloud builds submit`, of `BUILD_BYTES` or a little more."""
    build_id = f"7c2e9d10-0000-4000-8000-{number:012d}"
    place = {"bucket": f"{PROJECT}_cloudbuild", "object": f"source/1790000000.5-{number:032x}.tgz"}
    document: dict[str, Any] = {
        "id": build_id,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/{build_id}",
        "projectId": PROJECT,
        "status": status,
        "source": {"storageSource": place},
        "finishTime": "2026-11-23T02:00:00Z",
        "steps": [],
    } | changes
    while len(json.dumps(document)) < BUILD_BYTES:
        document["steps"].append(_step(len(document["steps"])))
    return document


def _step(number: int) -> dict[str, Any]:
    span = {"startTime": f"2026-11-23T01:{number:02d}:00.123456789Z", "endTime": f"2026-11-23T01:{number:02d}:59Z"}
    return {
        "name": "gcr.io/cloud-builders/docker",
        "args": ["build", "--cache-from", "us-docker.pkg.dev/vividly-dev/images/worker:latest", "-t", f"part-{number}"],
        "env": [f"PART={number}", "DOCKER_BUILDKIT=1"],
        "timing": span,
        "pullTiming": span,
        "status": "SUCCESS",
    }


def announced(document: Mapping[str, Any]) -> bytes:
    """Return the request that tells of a build, as a push subscription on `cloud-builds` sends it."""
    attributes = {"buildId": document["id"], "status": document["status"]}
    return _pushed("/builds", document, attributes)


def completed(entry: Mapping[str, Any]) -> bytes:
    """Return the request that tells of an execution's end."""
    return _pushed("/executions", entry, {})


def _pushed(path: str, data: Mapping[str, Any], attributes: Mapping[str, str]) -> bytes:
    message = {
        "data": base64.b64encode(json.dumps(data).encode()).decode(),
        "attributes": attributes,
        "messageId": "1790000000000017",
        "publishTime": "2026-11-23T02:00:01Z",
    }
    subscription = "projects/vividly-dev/subscriptions/build-verifier"
    return post(path, json.dumps({"message": message, "subscription": subscription}).encode())
