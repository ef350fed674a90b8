"""A deployed function on the stand-in, whose ledger is a file that tests write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from google.cloud import run_v2

from verifier.adapters.sqlite import SqliteStore
from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.checks.watch.watching import Watch
from verifier.cli import main
from verifier.controller.ledger import BUILDS, Record, State, parse_record, record_document
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job
from verifier.controller.uploads import UPLOADS
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, name_of_watch, watch_document
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.standin.clock import Clock, ManualClock, system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.installation import InstalledResources
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Script
from verifier.standin.topic_service import TopicService

HOME, WATCHED, REGION = "vividly-ops", "vividly-dev", "us-central1"
FUNCTION = f"projects/{HOME}/locations/{REGION}/functions/build-verifier"
WORKER = JobName(WATCHED, REGION, "dev-vividly-content-worker")
IMAGE = f"{REGION}-docker.pkg.dev/{WATCHED}/vividly/content-worker"
BUILD = BuildKey(WATCHED, REGION, "4e841fcb-6c3f-4d47-9a1e-0c8f6ad9a001")
COMMIT = "85cffd8e0b7f4f3b2a1d9c8e7f6a5b4c3d2e1f00"
DIGEST = "sha256:" + "3b1f" * 16
TREE = "9daeafb9864cf43055ae93beb0afd6c7d144bfa4"
NOW = datetime.now(UTC).replace(microsecond=0)
WORK_TOPIC = f"projects/{HOME}/topics/build-verifier-work"


def runs_of(verdict: str = "VERIFIED", digest: str = DIGEST, **changes: Any) -> DigestRuns:
    """Return the runs of a digest that a build is known to have pushed."""
    known = DigestRuns(
        digest,
        IMAGE,
        since=NOW - timedelta(hours=11, minutes=40),
        last=NOW - timedelta(minutes=19),
        runs=24,
        failed=3,
        tie=Tie.BUILD,
        build=BUILD.name,
        commit=COMMIT if verdict == "VERIFIED" else "",
        verdict=verdict,
    )
    return replace(known, **changes)


def job_with(*digests: DigestRuns, job: JobName = WORKER, **changes: Any) -> JobRuns:
    """Return a job that runs the last of these digests."""
    known = JobRuns(job, begun=NOW - timedelta(days=3), due=NOW, digests=digests)
    if digests:
        starts = tuple(digests[-1].last - timedelta(minutes=30 * number) for number in (3, 2, 1, 0))
        known = replace(known, digest=digests[-1].digest, newest=digests[-1].last, execution="worker-x7", starts=starts)
    return replace(known, **changes)


def record_of(verdict: Verdict | None, key: BuildKey = BUILD, **changes: Any) -> Record:
    """Return a build's record that is done."""
    outcome = Outcome.HOLDS if verdict is Verdict.VERIFIED else Outcome.FAILS
    finding = Finding(Check.SOURCE_IS_A_COMMIT, outcome, f"commit {COMMIT}", "push it")
    judged = Judgement(verdict, (finding,), NOW - timedelta(days=1), policy="ab" * 32, version="0.1.0")
    known = Record(
        key,
        created=NOW - timedelta(days=1, minutes=5),
        state=State.DONE,
        fence=3,
        images=(DIGEST,),
        judgement=judged,
        recorded=True,
        published=True,
        told=True,
        channel="C0BUILDS01",
        ts="1764318000.000100",
    )
    return replace(known, **changes)


@dataclass
class DeployedTown:
    """The function, its ledger and the cloud that it is in."""

    cloud: Cloud
    made: InstalledResources
    faults: Faults
    store: SqliteStore
    environment: dict[str, str | None]
    variables: dict[str, str]
    """The function's own; `deploy` has it take them over."""

    def deploy(self) -> None:
        """Deploy the function with its variables."""
        put_service(self.made, FUNCTION.replace("functions", "services"), self.variables)

    def put_job(self, job: JobRuns, **fields: Any) -> None:
        """Store a job; fields of the document may be changed."""
        self.put(JOBS, name_of_job(job.job), {**job_document(job), **fields})

    def put_record(self, record: Record, **fields: Any) -> None:
        """Store a build's record."""
        self.put(BUILDS, record.key.digest, {**record_document(record), **fields})

    def run_worker(self, clock: ManualClock) -> None:
        """Let the worker's job run its digest for an hour. The clock is the town's."""
        self.cloud.put_job(WATCHED, REGION, WORKER.job, image=f"{IMAGE}:latest", script=Script())
        self.cloud.tag(f"{IMAGE}:latest", DIGEST)
        self.cloud.run_job(JobPath(WATCHED, REGION, WORKER.job), Overrides({}))
        clock.advance(3_600)

    def put_watch(self, one: Watch) -> None:
        """Store a watch as that of what the worker's job runs."""
        kept = KeptWatch(replace(one, job=WORKER, digest=DIGEST), due=NOW if one.ended is None else None)
        self.put(WATCHES, name_of_watch(WORKER, DIGEST), watch_document(kept))

    def put_upload(self, key: BuildKey = BUILD, tree: str = TREE) -> None:
        """Store what was read of a build's upload."""
        self.put(UPLOADS, key.digest, {"id": key.id, "due": None, "found": {"upload": {"tree": tree}}})

    def put(self, collection: str, name: str, document: dict[str, Any]) -> None:
        """Store a document that is not there yet."""
        assert self.store.create(collection, name, document, timeout=5)

    def record(self, key: BuildKey = BUILD) -> Record:
        """Return a build's record as it is stored now."""
        stored = self.store.read(BUILDS, key.digest, timeout=5)
        assert stored
        return parse_record(stored.document)

    def ask(self, *words: str, function: str = FUNCTION, **environment: str | None) -> Result:
        """Return what a person sees of a command that is asked about the function."""
        named = ["--function", function] if function else []
        return CliRunner().invoke(main, [*words, *named], env=self.environment | environment)


@contextmanager
def a_town(
    folder: Path, clock: Clock = system_clock, work: Callable[[bytes], object] = lambda _: None
) -> Iterator[DeployedTown]:
    """Yield the function with an empty ledger; `work` is called with what is published to its work topic."""
    faults, cloud, path = Faults(), Cloud(clock), folder / "ledger.sqlite"
    made, topics = InstalledResources(cloud), TopicService(cloud)
    topics.subscribe(WORK_TOPIC, lambda message, _: work(message))
    variables = {
        "VERIFIER_PROJECTS": f"{WATCHED}=4711",
        "VERIFIER_REGIONS": f"global,{REGION}",
        "VERIFIER_HOME_PROJECT": HOME,
        "VERIFIER_LEDGER": f"sqlite:{path}",
        "VERIFIER_SLACK_CHANNEL": "C0BUILDS01",
        "VERIFIER_WORK_TOPIC": WORK_TOPIC,
    }
    methods = {**made.methods(), **topics.methods()}
    with GoogleStandIn(cloud, faults, methods) as google, closing(SqliteStore(path)) as store:
        environment: dict[str, str | None] = {
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "GOOGLE_CLOUD_PROJECT": None,
            "CLOUDSDK_CORE_PROJECT": None,
            "PUBSUB_EMULATOR_HOST": google.address,
        }
        town = DeployedTown(cloud, made, faults, store, environment, variables)
        town.deploy()
        yield town


def put_service(made: InstalledResources, name: str, variables: dict[str, str] | None = None) -> None:
    """Let there be a service of Cloud Run; the function is one with variables, and with Slack's token as a secret."""
    environment = [run_v2.EnvVar(name=key, value=value) for key, value in (variables or {}).items()]
    secret = run_v2.SecretKeySelector(secret="slack", version="latest")
    token = run_v2.EnvVar(name="VERIFIER_SLACK_TOKEN", value_source=run_v2.EnvVarSource(secret_key_ref=secret))
    container = run_v2.Container(env=[*environment, *([token] if variables else [])])
    condition = run_v2.Condition(state=run_v2.Condition.State.CONDITION_SUCCEEDED)
    template = run_v2.RevisionTemplate(containers=[container], service_account=f"build-verifier@{HOME}.example")
    made.services[name] = run_v2.Service(name=name, template=template, terminal_condition=condition)
