"""What the function's own log says of a sweep and of trouble, and what a filter finds of all that is logged."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from tests.fixtures.records.states import CURSOR
from tests.story.harness import NUMBER, PROJECT, REGION
from verifier.adapters.sqlite import SqliteStore
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Fault, Faults
from verifier.standin.function import Function, running_function
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.log_book import LogBook
from verifier.standin.logging_filter import compile_log_filter
from verifier.standin.messages import LogEntry
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.times import show_time

_BUILD_ID = "2d1da3a3-5b1e-4a57-9d3c-6f3f0a2b7c11"
_BUILD = {
    "id": _BUILD_ID,
    "projectId": PROJECT,
    "name": f"projects/{NUMBER}/locations/{REGION}/builds/{_BUILD_ID}",
    "status": "SUCCESS",
}
_PORT = re.compile(r"\b127\.0\.0\.1:\d+")


@dataclass(frozen=True, slots=True)
class Running:
    """The function, its ledger, and the trouble that it can meet."""

    function: Function
    faults: Faults
    cloud: Cloud
    store: SqliteStore

    def line(self, path: str, body: bytes) -> dict[str, Any]:
        """Post this, and return the last line that the function prints of it."""
        before = len(self.function.log.read_bytes())
        self.function.post(path, body)
        return _structured(self.function.log.read_bytes()[before:])[-1]

    def sweep(self) -> dict[str, Any]:
        """Return the line of a sweep."""
        return self.line("/sweep", _push({}))


def lines_now(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the lines that this version prints, by the words that they begin with; the start's is named `start`."""
    with _running(folder) as running:
        [start] = _structured(running.function.log.read_bytes())
        return {
            "start": start,
            "sweep incomplete": _incomplete(running),
            "sweep completed": running.sweep(),
            "sweep skipped": _skipped(running),
            "quarantined": running.line("/builds", b"no message"),
            "not acknowledged": _not_acknowledged(running),
            "due again": _due_again(running),
        }


def found(filter_text: str, entries: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the names of the entries that a filter finds."""
    matches = compile_log_filter(filter_text)
    names = set[str]()
    for name, entry in entries.items():
        book = LogBook()
        book.put([(0, json_format.ParseDict(dict(entry), LogEntry()))])
        if book.page(PROJECT, matches, None, 1, 0, newest_first=False)[0]:
            names.add(name)
    return names


def as_entry(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the log entry that Cloud Run makes of a structured line."""
    return {
        "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "build-verifier"}},
        "severity": line["severity"],
        "jsonPayload": {name: value for name, value in line.items() if name != "severity"},
        "insertId": "1",
        "timestamp": "2026-11-23T02:00:00Z",
    }


def _incomplete(running: Running) -> dict[str, Any]:
    """Return the lines of a sweep that can't list builds."""
    running.cloud.deny("cloudbuild.builds.list")
    line = running.sweep()
    running.cloud.allow("cloudbuild.builds.list")
    return line


def _skipped(running: Running) -> dict[str, Any]:
    """Return another one is running."""
    held = running.store.read("marks", "sweep", timeout=5)
    assert held is not None
    until = {"until": show_time(system_clock() + timedelta(minutes=2)), "owner": "another"}
    assert running.store.replace("marks", "sweep", until, held.revision, timeout=5)
    return running.sweep()


def _not_acknowledged(running: Running) -> dict[str, Any]:
    running.faults.add(Fault("WriteLogEntries", "before"))
    return running.line("/builds", b"no message either")


def _due_again(running: Running) -> dict[str, Any]:
    running.faults.add(Fault("GetBuild", "before"))
    return running.line("/builds", _push(_BUILD, status="SUCCESS"))


@contextmanager
def _running(folder: Path) -> Iterator[Running]:
    """Yield a function that was installed an hour ago."""
    (folder / "policy.toml").write_text("")
    cloud, faults = Cloud(system_clock), Faults()
    with (
        GoogleStandIn(cloud, faults) as google,
        SlackStandIn(faults, system_clock) as slack,
        closing(SqliteStore(folder / "ledger.sqlite")) as store,
    ):
        hour_ago = show_time(system_clock() - timedelta(hours=1))
        cursor = {"project": PROJECT, "location": REGION, "installed": hour_ago, "since": hour_ago, "page": ""}
        store.create("marks", CURSOR, cursor | {"until": None}, timeout=5)
        settings = {
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_POLICY": str(folder / "policy.toml"),
            "VERIFIER_LEDGER": f"sqlite:{folder / 'ledger.sqlite'}",
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
        }
        with running_function(settings, folder) as function:
            yield Running(function, faults, cloud, store)


def _push(document: Mapping[str, Any], **attributes: str) -> bytes:
    data = base64.b64encode(json.dumps(document).encode()).decode()
    return json.dumps({"message": {"data": data, "messageId": "17", "attributes": attributes}}).encode()


def _structured(printed: bytes) -> list[dict[str, Any]]:
    """Return the lines that are JSON: what each says, without ports, and of each problem its place alone."""
    lines = [json.loads(line) for line in _PORT.sub("127.0.0.1:PORT", printed.decode()).splitlines() if line[:1] == "{"]
    for line in lines:
        if "problems" in line:
            line["problems"] = [problem.partition(":")[0] for problem in line["problems"]]
    return lines
