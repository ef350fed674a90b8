"""Two hours of an installation that watches two teams: builds, their messages, a sweep a minute, and what is printed.

The real entry point and the real adapters over the stand-in, on a clock that the play moves.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

from werkzeug.datastructures import Headers

from tests.push_request import PushRequest
from tests.simulation.entry import loaded
from tests.story.harness import JOB, NUMBER, PROJECT, REGION, Harness, HarnessServices, a_harness
from verifier.adapters.sqlite import SqliteStore
from verifier.facts.build import BuildKey
from verifier.standin.job_book import JobPath, Overrides

OTHER_PROJECT = "other-team"
MINUTES = 120
_BUILD_EVERY = 6
_RUN_EVERY = 10
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@cache
def entry() -> ModuleType:
    """Return `main.py`, imported once, as an installation at home in the first project starts it."""
    settings = {
        "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER},{OTHER_PROJECT}=555000555000",
        "VERIFIER_REGIONS": REGION,
        "VERIFIER_SLACK_TOKEN": "xoxb-played",
        "VERIFIER_SLACK_CHANNEL": "C0BUILDS01",
    }
    return loaded("played_main", settings, "")


class Printed(NamedTuple):
    """A line of the function's own log."""

    at: datetime
    line: Mapping[str, Any]


@dataclass
class Play:
    """An installation, and what happens in it."""

    harness: Harness
    silent: set[str] = field(default_factory=set)
    """Projects whose messages about builds don't arrive."""
    has_sink: bool = True
    """Messages about ended executions arrive."""
    has_sweeps: bool = True
    minutes_late: int = 0
    """How long messages about builds take."""
    runs_by_itself: bool = False
    """The first team's job is run now and then, by nobody's build."""
    unclear: set[str] = field(default_factory=set)
    """Projects in which nobody can say what was built."""
    printed: list[Printed] = field(default_factory=list)
    _messages: list[tuple[int, str, bytes]] = field(default_factory=list)
    """What is on its way: when it is due, where it goes to, and its body."""
    _finished: set[str] = field(default_factory=set)
    _minute: int = 0

    def use(self, **services: Any) -> None:
        """Put others in the place of some services."""
        before = self.harness.deployment.services
        assert isinstance(before, HarnessServices)
        self.harness.deployment = replace(self.harness.deployment, services=replace(before, **services))

    def pass_by(self, minutes: int = MINUTES) -> None:
        """Let so many minutes pass, in which both teams build."""
        for _ in range(minutes):
            self.minute()

    def minute(self) -> None:
        """Let a minute pass: a build of each team now and then, what is on its way, and a sweep."""
        began = self.harness.clock()
        if self._minute % _BUILD_EVERY == 0:
            self._build()
        if self.runs_by_itself and self._minute % _RUN_EVERY == 0:
            self.harness.cloud.run_job(JobPath(PROJECT, REGION, JOB.job), Overrides({}))
        self._deliver()
        if self.has_sweeps:
            self.push("/sweep", {})
        self._minute += 1
        self.harness.clock.advance(max(0.0, 60 - (self.harness.clock() - began).total_seconds()))
        if self.has_sink:
            self._tell_of_ends()

    def push(self, path: str, document: Mapping[str, Any]) -> int:
        """Push a message and return the function's answer."""
        return self._post(path, _body(document))

    def _build(self) -> None:
        """Let the first team's trigger build its worker, and somebody of each team upload something."""
        self._announce(self.harness.triggered())
        self._announce(self.harness.upload(**self._words(PROJECT)))
        self._announce(self.harness.upload(**self._words(OTHER_PROJECT)))

    def _words(self, project: str) -> dict[str, Any]:
        """Return what an upload's document says otherwise, so that it is a build of this project."""
        number = next(self.harness.numbers)
        build_id = f"5f952adc-0000-4000-8000-{number:012d}"
        name = f"projects/{project}/locations/{REGION}/builds/{build_id}"
        words: dict[str, Any] = {"id": build_id, "name": name, "projectId": project, "images": [], "results": {}}
        return words | ({"source": {}, "sourceProvenance": {}} if project in self.unclear else {})

    def _announce(self, key: BuildKey) -> None:
        if key.project not in self.silent:
            document = {"name": key.name, "projectId": key.project, "id": key.id, "status": "SUCCESS"}
            self._messages.append((self._minute + self.minutes_late, "/builds", _body(document)))

    def _tell_of_ends(self) -> None:
        for name in self.harness.cloud.finished_executions():
            if name not in self._finished:
                self._finished.add(name)
                self._messages.append((0, "/executions", _body(self.harness.cloud.completion_entry(name))))

    def _deliver(self) -> None:
        """Push what is due. What is not acknowledged comes again a minute later."""
        due = [message for message in self._messages if message[0] <= self._minute]
        self._messages = [message for message in self._messages if message[0] > self._minute]
        for _, path, body in due:
            if self._post(path, body) != 204:
                self._messages.append((self._minute + 1, path, body))

    def _post(self, path: str, body: bytes) -> int:
        main, printed = entry(), io.StringIO()
        request = PushRequest(path, io.BytesIO(body), headers=Headers({"X-Cloud-Trace-Context": f"{TRACE}/7;o=1"}))
        with redirect_stdout(printed):
            _, status = main.handle(request, lambda: self.harness.deployment, main.budget_of)
        now = self.harness.clock()
        self.printed += [Printed(now, json.loads(line)) for line in printed.getvalue().splitlines()]
        return int(status)


@contextmanager
def a_play() -> Iterator[Play]:
    """Yield an installation, made a moment ago."""
    with closing(SqliteStore(":memory:")) as store, a_harness(store) as harness:
        play = Play(harness)
        play.push("/sweep", {})
        harness.clock.advance(60)
        yield play


def _body(document: Mapping[str, Any]) -> bytes:
    data = b64encode(json.dumps(document).encode()).decode()
    return json.dumps({"message": {"data": data, "messageId": "17", "attributes": {}}}).encode()
