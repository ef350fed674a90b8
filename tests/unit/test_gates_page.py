"""What docs/gates.md gives people to paste does what it says."""

from __future__ import annotations

import json
import shlex
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
import re2
import yaml

from tests.unit.builders import POLICY, logged, pushed, tried, uploaded
from verifier.checks.policy import Policy
from verifier.cli import main
from verifier.cli.fail_on import verdicts
from verifier.facts.build import Build
from verifier.facts.source import source_of
from verifier.reporting.audit_entry import announcement, verdict_entry

PAGE = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
BLOCKS: list[tuple[str, str]] = re2.findall(r"(?ms)^```(\w+)\n(.*?)^```", PAGE)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def options_of(words: list[str]) -> None:
    """Raise what click does for words that the command does not take."""
    name, *rest = words
    command = main.get_command(click.Context(main), name)
    assert command is not None, name
    command.make_context(name, rest, resilient_parsing=False)


def test_the_step_of_a_build_is_a_command_that_is_there() -> None:
    steps = {step["id"]: step for step in yaml.safe_load(blocks("yaml")[0])["steps"]}
    options_of(steps["is-it-a-commit"]["args"])
    assert list(steps) == ["build", "is-it-a-commit", "deploy"], "it asks before it deploys"


def test_the_step_of_an_action_is_a_command_that_is_there() -> None:
    runs = [step["run"] for step in yaml.safe_load(blocks("yaml")[1]) if "run" in step]
    (asked,) = [shlex.split(run) for run in runs if run.startswith("verifier ")]
    options_of(asked[1:])


def test_the_commands_before_a_deployment_are_there() -> None:
    first, second = blocks("bash")[0].splitlines()
    options_of(shlex.split(first.partition(" || ")[0])[1:])
    assert first.endswith("|| exit 1")
    assert second.startswith("gcloud run jobs deploy")


def test_every_list_of_verdicts_is_one() -> None:
    named = re2.findall(r"--fail-on=([A-Z_,]+)", PAGE)
    assert len(named) > 2
    for one in named:
        assert verdicts(one)


@contextmanager
def github() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Give the address of a server that takes statuses, and what it was sent."""
    seen: list[tuple[str, dict[str, Any]]] = []

    class StatusTaker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), StatusTaker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def published(build: Build, policy: Policy = POLICY) -> dict[str, Any]:
    payload, attributes = announcement(verdict_entry(*tried(build, logged(), policy=policy)))
    return {"data": b64encode(json.dumps(payload).encode()), "attributes": attributes}


@pytest.mark.parametrize(("build", "state"), [(pushed(), "success"), (uploaded(), None)])
def test_the_subscriber_writes_the_status_of_a_commit(
    build: Build, state: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token")
    with github() as (address, seen):
        code = blocks("python")[0].replace("https://api.github.com", address)
        names: dict[str, Any] = {}
        exec(compile(code, "gates.md", "exec"), names)
        names["on_verdict"](published(build), None)
    assert [(path, sent["state"]) for path, sent in seen] == (
        [(f"/repos/vividly/content-worker/statuses/{source_sha(build)}", state)] if state else []
    )


def source_sha(build: Build) -> str:
    return str(getattr(source_of(build), "sha", ""))
