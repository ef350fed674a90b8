"""What is said about a build of each kind, off the wire: to the audit trail, to the topic and to Slack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.fixtures.records.live import fresh_harness
from tests.fixtures.records.states import BUILDS, noticed
from tests.story.harness import WATCHED, Harness, HarnessServices
from verifier.controller.events import Quarantined, decode
from verifier.controller.quarantine import quarantine
from verifier.services import Document


class Topic:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def publish(self, payload: Document, attributes: Mapping[str, str], *, timeout: float) -> None:
        """See `services.Announcer.publish`."""
        self.messages.append({"payload": json.loads(json.dumps(payload)), "attributes": dict(attributes)})


def quarantined(harness: Harness) -> None:
    """Deliver a message that is none."""
    hint = decode(b"no JSON", "/builds", WATCHED)
    assert isinstance(hint, Quarantined)
    quarantine(hint, harness.deployment, harness.budget())


CASES: dict[str, Callable[[Harness], object]] = {
    "local-source": BUILDS["done-local-source"][0],
    "failed": BUILDS["done-failed"][0],
    "inconclusive": BUILDS["done-inconclusive"][0],
    "exempt": BUILDS["done-exempt"][0],
    "verified": BUILDS["done-verified"][0],
    "not-built": BUILDS["done-not-built"][0],
    "unconfirmed": noticed,
    "undelivered": BUILDS["refused"][0],
    "quarantined": quarantined,
}


def said_now(case: str) -> dict[str, Any]:
    """Return all that is said in this case, as this version says it. Of Slack's messages, what finds them again."""
    topic = Topic()
    with fresh_harness() as harness:
        assert isinstance(harness.deployment.services, HarnessServices)
        harness.deployment = replace(harness.deployment, services=replace(harness.deployment.services, announcer=topic))
        CASES[case](harness)
        slack = [{"channel": each.channel, "metadata": each.metadata} for each in harness.slack.messages]
        return {
            "audit": list(map(_by_kind, harness.cloud.audit_entries())),
            "published": topic.messages,
            "slack": slack,
        }


def _by_kind(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry with as much of its id as does not come from sentences in it."""
    kind = entry["labels"]["kind"]
    return entry | {"insertId": f"{kind}-…"} if kind in ("quarantined", "undelivered") else entry
