"""Where builds are played: the stand-ins, the real function, and what happens around them while they run."""

from __future__ import annotations

import html
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.demo.installed import Installed
from verifier.demo.scenario import EVERY, IMAGE, SCHEDULER
from verifier.errors import VerifierError
from verifier.facts.build import Build, BuildKey, parse_build
from verifier.facts.execution import JobName
from verifier.facts.source import source_of
from verifier.reporting.wording import Told, reasons
from verifier.standin.clock import CLOCK_VARIABLE, PastClock, system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.function import MAIN, Function, environment, running_function
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.installation import InstalledResources
from verifier.standin.job_book import JobPath
from verifier.standin.push import Pusher
from verifier.standin.script import Script
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.standin.storage import StorageStandIn
from verifier.standin.topic_service import TopicService

_STATUSES = ("QUEUED", "WORKING")
_ASK_SECONDS = 60
_TICK_SECONDS = 0.1
_SWEEP_TICKS = 7
_A_RUN = timedelta(seconds=3)
"""From when a run is due to when its end is told."""
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
        found = []
        for message in self.slack.messages:
            key = str((message.metadata or {}).get("event_payload", {}).get("key", ""))
            if "/builds/" in key:
                found.append((key.partition("@")[0].rpartition("/builds/")[2], html.unescape(message.text)))
        return found

    def told(self) -> list[str]:
        """Return the build of each message in Slack that is about one, in order."""
        return [build for build, _ in self.messages()]

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

    def move_to(self, moment: datetime) -> None:
        """Let time pass until then: what the scheduler runs meanwhile comes one after the other, and is told of."""
        while (due := self.cloud.scheduler.next_moment()) is not None and due < moment:
            self._pass(due + _A_RUN)
        self._pass(moment)

    def await_run(self) -> datetime:
        """Let time pass until the scheduler has run the job once more, and return when that was."""
        due = self.cloud.scheduler.next_moment()
        if due is None:
            raise ValueError("expected a job on a schedule, got none")
        self._pass(due + _A_RUN)
        return due

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


@contextmanager
def a_stage(
    projects: Mapping[str, str],
    regions: Sequence[str],
    policy: bytes,
    *,
    hurried: bool,
    night: tuple[datetime, Path] | None = None,
) -> Iterator[Stage]:
    """Open a stage whose function watches these projects (ids with their numbers) and regions, under this policy.

    `hurried`: Slack takes more than a message a second. `night`: the moment in the past at which the play begins, and
    the function's code that goes by its clock; None: it plays now. The ledger is a SQLite file of its own, or Firestore
    where `FIRESTORE_EMULATOR_HOST` is set.
    Raise VerifierError when the function does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="build-verifier-")))
        clock = PastClock(folder / "clock")
        if night:
            clock.begin(night[0])
        faults, cloud = Faults(), Cloud(clock)
        ledger, watched = _ledger(folder), next(iter(projects))
        home = ledger.get("VERIFIER_HOME_PROJECT", watched)
        topics = TopicService(cloud)
        installed = Installed(InstalledResources(cloud), home, watched, projects[watched], regions[-1])
        methods = {**topics.methods(), **installed.made.methods()}
        google = stack.enter_context(GoogleStandIn(cloud, faults, methods))
        storage = stack.enter_context(StorageStandIn(faults))
        slack = stack.enter_context(SlackStandIn(faults, clock, rate_limit=not hurried))
        (folder / "policy.toml").write_bytes(policy)
        settings = {
            "VERIFIER_PROJECTS": ",".join(
                f"{project}={number}" if number else project for project, number in projects.items()
            ),
            "VERIFIER_REGIONS": ",".join(regions),
            "VERIFIER_POLICY": str(folder / "policy.toml"),
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "VERIFIER_HOME_PROJECT": home,
            "VERIFIER_WORK_TOPIC": installed.topic("work"),
            "PUBSUB_EMULATOR_HOST": google.address,
            "STORAGE_EMULATOR_HOST": storage.address,
            **ledger,
        }
        started_with = {**settings, CLOCK_VARIABLE: str(folder / "clock")}
        function = stack.enter_context(running_function(started_with, folder, night[1] if night else MAIN))
        pusher = stack.enter_context(Pusher(function.url, clock=clock))
        topics.subscribe(installed.topic("work"), partial(pusher.publish, "/work"))
        installed.furnish(function.url, settings)
        dice = random.Random(85)  # noqa: S311 - the order of a play
        stage = Stage(cloud, slack, function, pusher, dice, folder, google.address, storage, clock, settings, installed)
        around = threading.Thread(target=stage.keep_going, daemon=True)
        around.start()
        try:
            yield stage
        finally:
            stage.leave()
            around.join()


def _ledger(folder: Path) -> dict[str, str]:
    emulator = os.environ.get("FIRESTORE_EMULATOR_HOST", "")
    if not emulator:
        return {"VERIFIER_LEDGER": f"sqlite:{folder / 'ledger.sqlite'}"}
    host, _, port = emulator.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=3).close()
    except (OSError, ValueError) as error:
        problem = f"FIRESTORE_EMULATOR_HOST={emulator}: expected the Firestore emulator to listen there, got {error}"
        raise VerifierError(f"{problem}; start it, or unset the variable") from error
    # A home project of its own: what an earlier play left in the emulator is none of this one's.
    home = f"demo-{secrets.token_hex(6)}"
    return {"VERIFIER_LEDGER": "firestore", "FIRESTORE_EMULATOR_HOST": emulator, "VERIFIER_HOME_PROJECT": home}


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
