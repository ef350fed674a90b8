"""Build documents by number, and the bodies by which Pub/Sub pushes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.story.harness import FIXED, IMAGE, NUMBER, PROJECT, REGION, TRIGGER, TRIGGER_ID
from verifier.times import show_time


def an_upload(number: int, now: datetime) -> dict[str, Any]:
    """Return a build by `gcloud builds submit` that ends now."""
    place = {"bucket": f"{PROJECT}_cloudbuild", "object": f"source/1790000000.5-{number:032x}.tgz", "generation": "1"}
    return _build(number, now, {"storageSource": place}, {"resolvedStorageSource": place})


def a_triggered_build(number: int, now: datetime) -> dict[str, Any]:
    """Return a build of a commit by the worker's trigger that ends now."""
    git = {"url": "https://github.com/vividly/content-worker.git", "revision": FIXED}
    names = {
        "COMMIT_SHA": FIXED,
        "SHORT_SHA": FIXED[:7],
        "BRANCH_NAME": "main",
        "REF_NAME": "main",
        "TRIGGER_NAME": TRIGGER,
        "REPO_FULL_NAME": "vividly/content-worker",
    }
    made = _build(number, now, {"gitSource": git}, {"resolvedGitSource": git})
    return made | {"buildTriggerId": TRIGGER_ID, "substitutions": names}


def _build(number: int, now: datetime, source: Mapping[str, Any], provenance: Mapping[str, Any]) -> dict[str, Any]:
    build_id = f"7c3e51aa-0000-4000-8000-{number:012d}"
    moment = show_time(now)
    return {
        "id": build_id,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/{build_id}",
        "projectId": PROJECT,
        "status": "SUCCESS",
        "source": source,
        "sourceProvenance": provenance,
        "createTime": moment,
        "startTime": moment,
        "finishTime": moment,
        "images": [f"{IMAGE}:latest"],
        "results": {"images": [{"name": f"{IMAGE}:latest", "digest": f"sha256:{number:064x}"}]},
    }


def pushed(document: Mapping[str, Any], message_id: str = "17", **attributes: str) -> bytes:
    """Return the body of a push with this document as its message's data."""
    return pushed_text(json.dumps(document).encode(), message_id, **attributes)


def pushed_text(data: bytes, message_id: str = "17", **attributes: str) -> bytes:
    """Return the body of a push with these data."""
    message = {"data": base64.b64encode(data).decode(), "messageId": message_id, "attributes": attributes}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()
