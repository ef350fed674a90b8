"""A harness for whole stories: the real controller and adapters over the stand-in, in time that the test moves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.cloud_logging import CloudLogging
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.adapters.slack import SlackBot
from verifier.adapters.sqlite import SqliteStore
from verifier.adapters.submitters import CloudSubmitters
from verifier.adapters.triggers import CloudTriggers
from verifier.checks.policy import Policy, Worker
from verifier.config import Watched
from verifier.controller.budget import Budget, Deployment
from verifier.controller.ledger import BUILDS, Ledger, Record, parse_record
from verifier.controller.reconcile import reconcile, reconcile_running
from verifier.controller.sweep import Swept, sweep
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.facts.logs import LogRules, Pattern
from verifier.services import (
    Announcer,
    Audit,
    Builds,
    Chat,
    Jobs,
    Logs,
    Store,
    Submitters,
    Triggers,
    Uploads,
    WorkTopic,
)
from verifier.standin.clock import ManualClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.logging_filter import Regexes
from verifier.standin.script import Line, Script
from verifier.standin.slack import TOKEN, SlackStandIn
from verifier.times import show_time

PROJECT = "vividly-dev"
NUMBER = "402118557731"
REGION = "us-central1"
IMAGE = f"us-central1-docker.pkg.dev/{PROJECT}/vividly/content-worker"
TRIGGER = "content-worker-main"
TRIGGER_ID = "5b3c1a52-6a0e-4f3f-9f3b-0d5d0c6f2b11"
FIXED = "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"
JOB = JobName(PROJECT, REGION, "dev-vividly-content-worker")
LEASE = timedelta(seconds=120)
CLEAN = Script(lines=(Line(at=1.0, text="query ok"),))
WATCHED = Watched(projects={PROJECT: NUMBER}, locations=frozenset({REGION}))


@dataclass(frozen=True)
class HarnessServices:
    """The real adapters, pointed at the stand-in."""

    store: Store
    builds: Builds
    triggers: Triggers
    jobs: Jobs
    logs: Logs
    submitters: Submitters
    audit: Audit
    chat: Chat
    clock: ManualClock
    announcer: Announcer | None = None
    work_topic: WorkTopic | None = None
    uploads: Uploads | None = None

    @property
    def pause(self) -> Callable[[float], object]:
        """Moves the clock."""
        return self.clock.advance


@dataclass
class Harness:
    """What one test works with."""

    cloud: Cloud
    slack: SlackStandIn
    faults: Faults
    clock: ManualClock
    deployment: Deployment
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def upload(self, **changes: Any) -> BuildKey:
        """Return a build by `gcloud builds submit` that pushed an image."""
        name = f"source/1790000000.5-{next(self.numbers):032x}.tgz"
        place = {"bucket": f"{PROJECT}_cloudbuild", "object": name, "generation": "1790000001"}
        document = self._build({"storageSource": place}, {"resolvedStorageSource": place})
        return self.put(document | changes)

    def triggered(self, sha: str = FIXED, *, branch: str = "main", **changes: Any) -> BuildKey:
        """Return a build of a commit by the worker's trigger, which moved the image's tag."""
        git = {"url": "https://github.com/vividly/content-worker.git", "revision": sha}
        document = self._build({"gitSource": git}, {"resolvedGitSource": git})
        document["buildTriggerId"] = TRIGGER_ID
        document["substitutions"] = {
            "COMMIT_SHA": sha,
            "SHORT_SHA": sha[:7],
            "BRANCH_NAME": branch,
            "REF_NAME": branch,
            "TRIGGER_NAME": TRIGGER,
            "REPO_FULL_NAME": "vividly/content-worker",
        }
        return self.put(document | changes)

    def _build(self, source: Mapping[str, Any], provenance: Mapping[str, Any]) -> dict[str, Any]:
        number = next(self.numbers)
        build_id = f"4e841fcb-0000-4000-8000-{number:012d}"
        digest = f"sha256:{number:064x}"
        now = show_time(self.clock())
        return {
            "id": build_id,
            "name": f"projects/{NUMBER}/locations/{REGION}/builds/{build_id}",
            "projectId": PROJECT,
            "status": "SUCCESS",
            "source": source,
            "sourceProvenance": provenance,
            "createTime": now,
            "startTime": now,
            "finishTime": now,
            "images": [f"{IMAGE}:latest"],
            "results": {"images": [{"name": f"{IMAGE}:latest", "digest": digest}]},
        }

    def put(self, document: Mapping[str, Any]) -> BuildKey:
        """Let Cloud Build know a build, and its images' tags point at what it pushed."""
        self.cloud.put_build(document)
        for image in document.get("results", {}).get("images", []):
            self.cloud.tag(image["name"], image["digest"])
        return BuildKey(document["projectId"], REGION, document["id"])

    def job(self, script: Script = CLEAN, **settings: Any) -> None:
        """How the worker's next execution goes."""
        changed: dict[str, Any] = {"image": f"{IMAGE}:latest", "script": script} | settings
        self.cloud.put_job(PROJECT, REGION, JOB.job, **changed)

    def trigger(self, trigger_id: str = TRIGGER_ID, name: str = TRIGGER, **settings: Any) -> None:
        """Let there be this trigger: for pushes to the repository, whose file its steps are, or as the settings say."""
        known = {"github": {"owner": "vividly", "name": "content-worker", "push": {"branch": "^main$"}}}
        document = {"id": trigger_id, "name": name} | (settings or known | {"filename": "cloudbuild.yaml"})
        self.cloud.put_trigger(PROJECT, REGION, document)

    def budget(self) -> Budget:
        return Budget(self.clock, self.clock() + timedelta(seconds=50))

    def announce(self, key: BuildKey) -> None:
        """Deliver a status message about the build."""
        reconcile(key, self.deployment, self.budget(), only_if_due=True)

    def finish(self, key: BuildKey) -> None:
        """Deliver the message that the build's execution has finished."""
        reconcile_running(key, self.deployment, self.budget())

    def sweep(self) -> Swept | None:
        return sweep(self.deployment, WATCHED, self.budget(), LEASE)

    def live(self, minutes: int) -> None:
        """Let time pass with a sweep a minute."""
        for _ in range(minutes):
            self.clock.advance(60)
            self.sweep()

    def record(self, key: BuildKey) -> Record:
        stored = self.deployment.services.store.read(BUILDS, key.digest, timeout=5)
        assert stored is not None
        return parse_record(stored.document)

    def verdict(self, key: BuildKey) -> str | None:
        judgement = self.record(key).judgement
        return str(judgement.verdict) if judgement and judgement.verdict else None

    def findings(self, key: BuildKey) -> dict[str, str]:
        judgement = self.record(key).judgement
        assert judgement is not None
        return {str(finding.check): str(finding.outcome) for finding in judgement.findings}

    def calls(self, name: str) -> int:
        """Return how often this call arrived at the stand-in."""
        return self.faults.calls.count(name)

    def use(self, policy: Policy) -> None:
        """Go on under another policy."""
        self.deployment = replace(self.deployment, policy=policy)

    def executions(self) -> int:
        return self.calls("RunJob")


POLICY = Policy(
    workers=(
        Worker(
            TRIGGER_ID,
            JobName("", REGION, JOB.job),
            branches=("main",),
            image=IMAGE,
            logs=LogRules(expected=(Pattern("query ok", "query ok"),)),
        ),
    )
)


@contextmanager
def a_harness(store: Store, *, rate_limit: bool = False) -> Iterator[Harness]:
    """Yield a harness with nothing in it but a job. `rate_limit`: Slack takes one message a second a channel."""
    clock = ManualClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    faults, cloud, nonces = Faults(), Cloud(clock), itertools.count(1)
    with GoogleStandIn(cloud, faults) as google, SlackStandIn(faults, clock, rate_limit=rate_limit) as slack:
        logging = CloudLogging(PROJECT, google.address)
        services = HarnessServices(
            store=store,
            builds=CloudBuild(google.address),
            triggers=CloudTriggers(clock, google.address),
            jobs=CloudRunJobs(google.address),
            logs=logging,
            submitters=CloudSubmitters(google.address),
            audit=logging,
            chat=SlackBot(TOKEN, "C0BUILDS01", slack.api_url),
            clock=clock,
        )
        ledger = Ledger(store, clock, LEASE, lambda: f"nonce-{next(nonces)}")
        harness = Harness(
            cloud, slack, faults, clock, Deployment(services, POLICY, ledger, "test", "C0BUILDS01", PROJECT)
        )
        harness.job()
        harness.trigger()
        yield harness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """Yield a harness over a new ledger: see `a_harness`."""
    store = SqliteStore(tmp_path / "ledger.sqlite")
    with a_harness(store) as made:
        yield made
    store.close()


@pytest.fixture(name="harness", params=list(Regexes))
def harness_with_logs(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Harness]:
    """See `a_harness`; once for each way in which Cloud Logging may read regular expressions."""
    store = SqliteStore(tmp_path / "ledger.sqlite")
    with a_harness(store) as made:
        made.cloud.regexes = request.param
        yield made
    store.close()
