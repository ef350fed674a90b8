"""Pub/Sub: at least once, in no order. What is not acknowledged comes again, later each time."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.entry import EntryPoint
from tests.simulation.invariants import Invariants
from tests.simulation.kernel import BEGINNING, Kernel
from tests.simulation.world_model import JOB, NUMBER, PROJECT, REGION, ModelBuild
from verifier.controller.events import COMPLETION
from verifier.facts.execution import BUILD_VARIABLE
from verifier.facts.logs import EXECUTION_LABEL
from verifier.times import show_time

_REQUEST_SECONDS = 60.0
_MOST_ATTEMPTS = 100
_FIRST_BACKOFF, _LAST_BACKOFF = 10.0, 600.0


@dataclass
class SimulatedPubSub:
    """The topics and their push subscriptions."""

    kernel: Kernel
    invariants: Invariants
    entry_point: EntryPoint
    deliveries: int = 0
    acknowledged: int = 0
    dead_letters: int = 0
    on_the_way: int = 0
    """Messages, but for sweeps, that are neither acknowledged nor given up."""

    def send(self, path: str, body: bytes, about: str | None = None, delay: float = 0.0, *, once: bool = False) -> None:
        """Publish a message that becomes due after this delay. `once`: it is gone if it is not taken."""
        self.on_the_way += not once
        self.kernel.after(delay, lambda: self._push(path, body, about, 1, once=once))

    def _push(self, path: str, body: bytes, about: str | None, attempt: int, *, once: bool) -> None:
        self.deliveries += 1
        answers: list[int] = []
        over: list[bool] = []

        def handle() -> None:
            status = self.entry_point.deliver(path, body)
            if 200 <= status < 300 and not over:
                self.invariants.acknowledged(self.kernel.process(), path, about)
            answers.append(status)
            settle()

        def settle() -> None:
            if over:
                return
            over.append(True)
            if answers and 200 <= answers[0] < 300:
                self.acknowledged += 1
                self.on_the_way -= not once
            elif once or attempt >= _MOST_ATTEMPTS:
                self.dead_letters += not once
                self.on_the_way -= not once
            else:
                wait = min(_FIRST_BACKOFF * 2 ** (attempt - 1), _LAST_BACKOFF)
                self.kernel.after(wait, lambda: self._push(path, body, about, attempt + 1, once=once))

        self.kernel.spawn(f"{path}-{self.deliveries}", handle)
        self.kernel.after(_REQUEST_SECONDS, settle)


def push(data: bytes, attributes: Mapping[str, str] | None = None) -> bytes:
    """Return the body of a push."""
    message: dict[str, Any] = {"data": b64encode(data).decode(), "messageId": "7", "attributes": dict(attributes or {})}
    message["publishTime"] = show_time(BEGINNING)
    return json.dumps({"message": message, "subscription": f"projects/{PROJECT}/subscriptions/s"}).encode()


UNREADABLE = push(b'{"status": 7}')
"""A message that is none."""

UNKNOWN = push(
    json.dumps({"name": f"projects/{NUMBER}/locations/{REGION}/builds/never-made", "status": "SUCCESS"}).encode()
)
"""A message about a build that nobody ever made."""
UNKNOWN_BUILD = f"projects/{PROJECT}/locations/{REGION}/builds/never-made"

ELSEWHERE = push(
    json.dumps({"name": f"projects/{NUMBER}/locations/europe-west9/builds/elsewhere", "status": "SUCCESS"}).encode()
)
"""A message about a build in a region that nobody watches."""


def status_message(made: ModelBuild, status: str, content: Mapping[str, Any] | None = None) -> bytes:
    """Return what Cloud Build says about a build, or what somebody else says in its name: then with this content."""
    document = {name: made.document[name] for name in ("id", "projectId", "name")} | {"status": status}
    said = {**made.document, **(content or {}), **document}
    return push(json.dumps(said).encode(), {"buildId": made.key.id, "status": status})


def completion_message(build: str, execution: str) -> bytes:
    """Return what Cloud Run says when an execution for this build has ended, or what somebody else says in its name."""
    variable = {"name": BUILD_VARIABLE, "value": build}
    entry = {
        "labels": {EXECUTION_LABEL: execution.rpartition("/")[2]},
        "protoPayload": {
            "methodName": COMPLETION,
            "resourceName": f"namespaces/{PROJECT}/jobs/{JOB.job}",
            "response": {"spec": {"template": {"spec": {"containers": [{"env": [variable]}]}}}},
        },
    }
    return push(json.dumps(entry).encode())
