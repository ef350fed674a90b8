"""Where builds are played: what happens around the stand-ins and the real function while they run."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.demo.installed import Installed
from verifier.demo.scenario import EVERY, IMAGE, SCHEDULER
from verifier.demo.threads import ThreadReply, build_messages, other_messages, thread_replies
from verifier.facts.build import Build, BuildKey, parse_build
from verifier.facts.execution import JobName
from verifier.facts.source import source_of
from verifier.reporting.wording import Told, reasons
from verifier.standin.clock import PastClock, system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.function import Function, environment
from verifier.standin.job_book import JobPath
from verifier.standin.push import Pusher
from verifier.standin.script import Script
from verifier.standin.slack import SlackStandIn
from verifier.standin.storage import StorageStandIn

_STATUSES = ("QUEUED", "WORKING")
_ASK_SECONDS = 60
_TICK_SECONDS = 0.1
_SWEEP_TICKS = 5
_A_RUN = timedelta(seconds=3)
"""From when a run is due to when its end is told."""
_IS_READ = timedelta(minutes=5, seconds=5)
"""From when a run is due to when its logs are read."""
_HASTE = timedelta(seconds=0.5)
_QUIET_SECONDS = 20.0
_MAX_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Decided:
    """What the audit trail says about a build."""

    build_id: str
    verdict: str
    """Empty for a build that did not succeed."""
    reasons: tuple[str, ...]


@dataclass
class Stage:
    """Everything that a play needs. Messages come at least twice, and in any order."""

    cloud: Cloud
    slack: SlackStandIn
    function: Function
    pusher: Pusher
    dice: random.Random
    folder: Path
    google: str
    """The address of the stand-in of Google's services."""
    storage: StorageStandIn
    clock: PastClock | None = None
    """The time that it is on the stage; None: the machine's."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The function's, as variables."""
    installed: Installed | None = None
    """What is around the function."""
    _played: dict[str, Build] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    """Executions whose end was told."""
    _publishing: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def play(self, document: Mapping[str, Any], job: tuple[JobName, Script] | None, *, announced: bool) -> None:
        """Bring a build to its end: its images are pushed, and its messages sent, if there are to be any."""
        self.cloud.put_build(document)
        build = parse_build(document)
        self._played[build.key.id] = build
        pushed = [image for image in document.get("results", {}).get("images", []) if image.get("digest")]
        for image in pushed:
            self.cloud.tag(image["name"], image["digest"])
        if job is not None and pushed:
            path, script = job
            self.cloud.jobs.images.put_script(pushed[0]["digest"], script)
            place, image = (path.project, path.location, path.job), pushed[0]["name"]
            self.cloud.put_job(*place, image=image, script=script, max_retries=_MAX_RETRIES)
        if announced:
            self.announce(document)

    def store(self, place: Mapping[str, str], content: bytes) -> None:
        """Put an archive where a build's document says that it was."""
        self.storage.put(place["bucket"], place["object"], place["generation"], content)

    def announce(self, document: Mapping[str, Any]) -> None:
        """Send the build's status messages."""
        last = str(document.get("status", ""))
        messages = [status for status in (*_STATUSES, last) for _ in range(2)]
        self.dice.shuffle(messages)
        for status in messages:
            data = json.dumps({**document, "status": status}).encode()
            attributes = {"buildId": str(document.get("id", "")), "status": status}
            self.pusher.publish("/builds", data, attributes, copies=self.dice.choice((1, 1, 2)))

    def sweep(self) -> None:
        """Send what Cloud Scheduler sends, more often than it would."""
        if self.installed is not None:
            self.installed.note_sweep(self.cloud.clock())
        self.pusher.publish("/sweep", b"{}", {})

    def decided(self) -> list[Decided]:
        """Return what was decided so far, in order."""
        entries = [entry for entry in self.cloud.audit_entries() if entry["labels"]["kind"] in _DECIDED]
        return [self._read(entry) for entry in entries]

    def _read(self, entry: Mapping[str, Any]) -> Decided:
        build_id, verdict = entry["labels"]["build"], entry["labels"]["verdict"]
        return Decided(build_id, verdict, _told(entry, self._played[build_id]) if build_id in self._played else ())

    @property
    def variables(self) -> dict[str, str]:
        """Return what commands have in their environment that are to look at this stage instead of the cloud."""
        return {"GOOGLE_CLOUD_PROJECT": next(iter(self.settings["VERIFIER_PROJECTS"].split("="))), **self.settings}

    def ask(self, *words: str) -> tuple[int, str]:
        """Run this command of ours on the stand-in: its exit code, and what it says."""
        code = str(Path(__file__).parents[2])
        ran = subprocess.run(
            [sys.executable, "-m", "verifier", *words],
            env=environment({**self.variables, "PYTHONPATH": code}),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
            check=False,
        )
        return ran.returncode, (ran.stdout + ran.stderr).strip()

    def ask_all(self, *commands: Sequence[str]) -> list[tuple[int, str]]:
        """Run these commands beside one another, and return what each says, in their order."""
        with ThreadPoolExecutor(len(commands)) as pool:
            return list(pool.map(lambda words: self.ask(*words), commands))

    def messages(self) -> list[tuple[str, str]]:
        """Return each message in Slack that is about a build: the build, and what it says by now, in order."""
        return build_messages(self.slack.messages)

    def replies(self) -> list[ThreadReply]:
        """Return what threads in Slack say beside verdicts, in order."""
        return thread_replies(self.slack.messages)

    def others(self) -> list[str]:
        """Return the messages in Slack that are about no build, in order."""
        return other_messages(self.slack.messages)

    def told(self) -> list[str]:
        """Return the build of each message in Slack that is about one, in order."""
        return [build for build, _ in self.messages()]

    def watched(self) -> list[tuple[str, str, str]]:
        """Return what the audit trail says of watches: the kind of each entry, the build and the outcome."""
        entries = [entry["labels"] for entry in self.cloud.audit_entries() if entry["labels"]["kind"] in _OF_WATCHES]
        return [(labels["kind"], labels["build"], labels["outcome"]) for labels in entries]

    def ran(self) -> list[tuple[str, str]]:
        """Return what the audit trail says of what runs: the build, and whether it began or ceased to."""
        entries = [entry["labels"] for entry in self.cloud.audit_entries() if entry["labels"]["kind"] == "running"]
        return [(labels["build"], labels["event"]) for labels in entries]

    def kinds(self) -> list[str]:
        """Return what kinds of entries the audit trail has."""
        return [entry["labels"]["kind"] for entry in self.cloud.audit_entries()]

    def schedule(self, job: JobName, first: datetime) -> None:
        """Have the scheduler run the worker's job from a moment on."""
        path = JobPath(job.project, job.location, job.job)
        place = (path.project, path.location, path.job)
        self.cloud.put_job(*place, image=f"{IMAGE}:latest", script=Script(), max_retries=_MAX_RETRIES)
        self.cloud.scheduler.put(path, every=EVERY.total_seconds(), first=first, account=SCHEDULER)

    def change_image(self, document: Mapping[str, Any], script: Script) -> None:
        """Have the runs to come of a build's image go so."""
        self.cloud.jobs.images.put_script(document["results"]["images"][0]["digest"], script)

    def move_to(self, moment: datetime) -> None:
        """Let time pass until then.

        What the scheduler runs meanwhile comes one after the other, is told of, and has its logs read when that is due.
        """
        while (due := self.cloud.scheduler.next_moment()) is not None and due < moment:
            self._pass(due + _A_RUN)
            self._pass(min(due + _IS_READ, moment))
        self._pass(moment)

    def await_run(self) -> datetime:
        """Let time pass until the scheduler has run the job once more, and return when that was."""
        due = self.cloud.scheduler.next_moment()
        if due is None:
            raise ValueError("expected a job on a schedule, got none")
        self._pass(due + _A_RUN)
        return due

    def hasten(self) -> None:
        """Let half a second pass where nothing is on its way: what is waited for is time itself."""
        if self.clock is not None and not self.pusher.outstanding:
            self.clock.move_to(self.clock() + _HASTE)

    def _pass(self, moment: datetime) -> None:
        """Move the clock when nothing is on its way, and let what it brings arrive."""
        if self.clock is not None:
            with self._publishing:
                self.pusher.drain(_QUIET_SECONDS)
                self.clock.move_to(moment)
                self._tell_ended()
                self.sweep()
            self.pusher.drain(_QUIET_SECONDS)

    def keep_going(self) -> None:
        """Send sweeps, and a completion message for every execution that has ended, until the stage is left."""
        tick = 0
        while not self._over.wait(_TICK_SECONDS):
            with self._publishing:
                self._tell_ended()
                tick += 1
                if tick % _SWEEP_TICKS == 0:
                    self.sweep()

    def _tell_ended(self) -> None:
        for name in self.cloud.finished_executions():
            if name not in self._told:
                self._told.add(name)
                entry = json.dumps(self.cloud.completion_entry(name)).encode()
                self.pusher.publish("/executions", entry, {}, copies=2)

    def leave(self) -> None:
        """Stop what `keep_going` does."""
        self._over.set()


_DECIDED = ("verdict", "build-did-not-succeed")
_OF_WATCHES = ("checkpoint", "regressed", "watch-ended")


def _told(entry: Mapping[str, Any], build: Build) -> tuple[str, ...]:
    """Return the reasons as Slack words them, from what the audit trail says."""
    payload, verdict = entry["jsonPayload"], entry["labels"]["verdict"]
    if not verdict:
        return ("It did not succeed: counted, not judged.",)
    findings = tuple(
        Finding(Check(item["check"]), Outcome(item["outcome"]), item["seen"], item["remediation"])
        for item in payload["findings"]
    )
    judgement = Judgement(Verdict(verdict), findings, system_clock(), payload.get("execution") or "")
    return tuple(reasons(Told(build, source_of(build), judgement), Verdict(verdict)))


def a_forged_message(build: BuildKey) -> dict[str, Any]:
    """Return what somebody would publish who wants a build to look successful that never was."""
    return {
        "id": build.id,
        "projectId": build.project,
        "name": build.name,
        "status": "SUCCESS",
        "sourceProvenance": {
            "resolvedGitSource": {"url": "https://github.com/vividly/content-worker", "revision": "0" * 40}
        },
    }
