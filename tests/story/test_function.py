"""The entry point as a process of its own: what it answers, when it starts, and what it does not load."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.busy import LONG_SECONDS
from tests.story.harness import NUMBER, PROJECT, REGION
from verifier.adapters.sqlite import SqliteStore
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Fault, Faults
from verifier.standin.function import MAIN, Function, command, environment, free_port, running_function
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.push import Pusher
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.standin.topic_service import TopicService
from verifier.times import show_time

BUILD_ID = "2d1da3a3-5b1e-4a57-9d3c-6f3f0a2b7c11"


def build(status: str = "SUCCESS", **changes: Any) -> dict[str, Any]:
    stand_ins = {"bucket": f"{PROJECT}_cloudbuild", "object": f"source/1790000000.5-{'a' * 32}.tgz"}
    return {
        "id": BUILD_ID,
        "projectId": PROJECT,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/{BUILD_ID}",
        "status": status,
        "source": {"storageSource": stand_ins},
        "finishTime": "2026-11-23T02:00:00Z",
    } | changes


def push(data: bytes, **attributes: str) -> bytes:
    message = {"data": base64.b64encode(data).decode(), "messageId": "17", "attributes": attributes}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def cloud_event(document: Mapping[str, Any]) -> bytes:
    data = json.loads(push(json.dumps(document).encode()))
    event = {
        "specversion": "1.0",
        "id": "17",
        "source": "//pubsub.googleapis.com/projects/p/topics/cloud-builds",
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
        "data": data,
    }
    return json.dumps(event).encode()


class StandIns:
    """The stand-ins, and the settings that point at them."""

    def __init__(self, google: GoogleStandIn, cloud: Cloud, slack: SlackStandIn, faults: Faults, folder: Path) -> None:
        self.cloud, self.slack, self.faults = cloud, slack, faults
        policy = folder / "policy.toml"
        policy.write_text("")
        self.settings = {
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_POLICY": str(policy),
            "VERIFIER_LEDGER": f"sqlite:{folder / 'ledger.sqlite'}",
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
        }

    def kinds(self) -> list[str]:
        return [entry["labels"]["kind"] for entry in self.cloud.audit_entries()]


@pytest.fixture
def stand_ins(tmp_path: Path) -> Iterator[StandIns]:
    faults, cloud = Faults(), Cloud(system_clock)
    with GoogleStandIn(cloud, faults) as google, SlackStandIn(faults, system_clock) as slack:
        yield StandIns(google, cloud, slack, faults, tmp_path)


@pytest.fixture
def function(stand_ins: StandIns, tmp_path: Path) -> Iterator[Function]:
    with running_function(stand_ins.settings, tmp_path) as started:
        yield started


@pytest.mark.parametrize("path", ["/builds", "/"])
@pytest.mark.parametrize("wrap", ["push", "cloud event"])
def test_a_build_message_gets_its_verdict_in_either_form_on_either_path(
    stand_ins: StandIns, function: Function, path: str, wrap: str
) -> None:
    stand_ins.cloud.put_build(build())
    body = cloud_event(build()) if wrap == "cloud event" else push(json.dumps(build()).encode(), status="SUCCESS")
    assert function.post(path, body) == 204
    assert stand_ins.kinds() == ["verdict"]
    assert "LOCAL_SOURCE" in stand_ins.slack.messages[0].text


def test_malformed_messages_are_quarantined_with_their_id_and_acknowledged(
    stand_ins: StandIns, function: Function
) -> None:
    bodies = [b"", b"{", b"[]", push(b"\xff\xfe"), push(b'{"status": NaN}'), push(b"[" * 100_000), b"x" * 1_100_000]
    assert [function.post("/builds", body) for body in bodies] == [204] * len(bodies)
    entries = stand_ins.cloud.audit_entries()
    assert {entry["labels"]["kind"] for entry in entries} == {"quarantined"}
    assert "17" in {entry["jsonPayload"]["message_id"] for entry in entries}
    assert "Traceback" not in function.log.read_text()


def test_what_cannot_be_quarantined_comes_again(stand_ins: StandIns, function: Function) -> None:
    stand_ins.faults.add(Fault("WriteLogEntries", "before"))
    assert function.post("/builds", b"{") == 503
    assert function.post("/builds", b"{") == 204
    assert stand_ins.kinds() == ["quarantined"]


def test_a_sweep_is_always_acknowledged(stand_ins: StandIns, function: Function) -> None:
    stand_ins.faults.add(Fault("*", "before", times=0))
    assert function.post("/sweep", push(b"{}")) == 204
    assert function.post("/", push(b"{}")) == 204
    assert "sweep completed" in function.log.read_text()


def test_what_a_sweep_hands_out_comes_back_by_a_push_and_is_done(stand_ins: StandIns, tmp_path: Path) -> None:
    topic, topics = "projects/vividly-ops/topics/work", TopicService(stand_ins.cloud)
    with GoogleStandIn(stand_ins.cloud, stand_ins.faults, topics.methods()) as google:
        settings = {"VERIFIER_WORK_TOPIC": topic, "PUBSUB_EMULATOR_HOST": google.address}
        with running_function(stand_ins.settings | settings, tmp_path) as function, Pusher(function.url) as pusher:
            topics.subscribe(topic, partial(pusher.publish, "/work"))
            stand_ins.faults.add(Fault("GetBuild", "before", times=1, retry_after=0.0))
            stand_ins.cloud.put_build(build())
            assert function.post("/builds", push(json.dumps(build()).encode())) == 204
            wait_for_its_due_time(tmp_path)
            assert function.post("/sweep", push(b"{}")) == 204
            assert pusher.drain(LONG_SECONDS)
            assert "2 handed out" in function.log.read_text()
            assert pusher.deliveries == 2
    assert stand_ins.kinds() == ["verdict"]


def wait_for_its_due_time(folder: Path) -> None:
    """Let the one record of the ledger be due now."""
    with closing(SqliteStore(folder / "ledger.sqlite")) as store:
        ((name, stored),) = store.due("builds", "9999", 9, timeout=LONG_SECONDS)
        document = {**stored.document, "due": show_time(system_clock())}
        assert store.replace("builds", name, document, stored.revision, timeout=LONG_SECONDS)


def test_forged_work_is_acknowledged_and_named_in_the_log(stand_ins: StandIns, function: Function) -> None:
    forged = [{"kind": "record", "name": "of-nobody"}, {"kind": "of-tomorrow", "name": "x"}, {"kind": "place"}]
    assert [function.post("/work", push(json.dumps(item).encode())) for item in forged] == [204] * 3
    said = function.log.read_text()
    assert "nothing to do: record of-nobody: expected a document of builds, got none of this name" in said
    assert "nothing to do: of-tomorrow x: expected a kind of work that this version knows" in said
    assert stand_ins.kinds() == ["quarantined"]


def test_anything_but_a_post_is_told_what_is_expected(function: Function) -> None:
    assert function.request("GET", "/builds") == 405


def test_a_ledger_that_cannot_be_reached_is_a_503_within_ten_seconds(stand_ins: StandIns, tmp_path: Path) -> None:
    settings = stand_ins.settings | {
        "VERIFIER_LEDGER": "firestore",
        "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{free_port()}",
    }
    stand_ins.cloud.put_build(build())
    with running_function(settings, tmp_path) as function:
        assert function.post("/builds", push(json.dumps(build()).encode())) == 503
    assert "not acknowledged" in function.log.read_text()
    assert not stand_ins.slack.messages


HEAVY = (
    "grpc slack_sdk google.api_core google.pubsub google.cloud.devtools google.cloud.firestore google.cloud.logging "
    "google.cloud.run verifier.standin verifier.cli verifier.adapters "
    "verifier.checks.commands verifier.checks.known_errors verifier.checks.watch.watching verifier.facts.build "
    "verifier.facts.execution verifier.facts.logs.result verifier.facts.run verifier.facts.source verifier.redact.rule"
).split()
"""What a start must not wait for: client libraries, and what judges."""


def test_a_status_that_ends_nothing_makes_no_call_and_loads_neither_a_client_library_nor_what_judges(
    stand_ins: StandIns, tmp_path: Path
) -> None:
    script = f"""
import sys
from flask import Flask, request
import main
app = Flask("test")
app.add_url_rule("/builds", view_func=lambda: main.verify(request), methods=["POST"])
answer = app.test_client().post("/builds", data={push(json.dumps(build("WORKING")).encode(), status="WORKING")!r})
assert answer.status_code == 204, answer.status_code
loaded = [name for name in sys.modules for heavy in {HEAVY!r} if name == heavy or name.startswith(heavy + ".")]
assert not loaded, loaded
"""
    ran = run([sys.executable, "-c", script], stand_ins.settings, MAIN.parent)
    assert ran.returncode == 0, ran.stderr
    assert stand_ins.faults.calls == ()


def run(words: list[str], settings: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=environment(settings), cwd=folder, capture_output=True, text=True, timeout=LONG_SECONDS, check=False
    )


def test_a_bad_deployment_does_not_start_and_names_every_problem(stand_ins: StandIns, tmp_path: Path) -> None:
    wrong = stand_ins.settings | {
        "VERIFIER_PROJECTS": "",
        "VERIFIER_TIMEOUT": "soon",
        "VERIFIER_REGION": "europe-west1",
    }
    ran = run(command(free_port()), wrong, tmp_path)
    assert ran.returncode != 0
    for name in ("VERIFIER_PROJECTS", "VERIFIER_TIMEOUT", "VERIFIER_REGIONS?"):
        assert name in ran.stderr
    assert TOKEN not in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_bad_policy_does_not_start_either(stand_ins: StandIns, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('branchs = ["main"]\nevidence = "hope"\n')
    ran = run(command(free_port()), stand_ins.settings, tmp_path)
    assert ran.returncode != 0
    assert "branches?" in ran.stderr
    assert "evidence" in ran.stderr


def test_the_start_says_which_stand_ins_are_in_use(stand_ins: StandIns, function: Function) -> None:
    first = function.log.read_text().splitlines()[0]
    assert stand_ins.settings["VERIFIER_GOOGLE_ENDPOINT"] in first
