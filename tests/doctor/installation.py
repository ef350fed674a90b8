"""A whole installation on the stand-in, in order until a test breaks something."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from google.cloud import run_v2, scheduler_v1
from google.cloud.logging_v2.types import LogBucket, LogSink
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1 import types as pubsub

from verifier.cli import main
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.function import free_port
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.installation import InstalledResources
from verifier.standin.script import Script
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.standin.storage import StorageStandIn
from verifier.times import show_time

HOME, WATCHED, REGION = "acme-home", "acme-dev", "us-central1"
FUNCTION = f"projects/{HOME}/locations/{REGION}/functions/build-verifier"
SERVICE = FUNCTION.replace("functions", "services")
URL = "https://build-verifier-x7f3-uc.a.run.app"
ACCOUNT = f"build-verifier@{HOME}.iam.gserviceaccount.com"
PUSHER = f"build-verifier-push@{HOME}.iam.gserviceaccount.com"
PUBSUB_ACCOUNT = "serviceAccount:service-402118557731@gcp-sa-pubsub.iam.gserviceaccount.com"
WRITER = "serviceAccount:service-402118557731@gcp-sa-logging.iam.gserviceaccount.com"
CHANNEL = next(iter(CHANNELS))
IMAGE = f"us-central1-docker.pkg.dev/{WATCHED}/acme/worker"
JOB = "worker"
SECRET = f"projects/{HOME}/secrets/build-verifier-slack/versions/latest"
BUCKET = f"projects/{HOME}/locations/{REGION}/buckets/build-verifier"
BUILDS_TOPIC = f"projects/{WATCHED}/topics/cloud-builds"
EXECUTIONS_TOPIC = f"projects/{HOME}/topics/build-verifier-executions"
SWEEP_TOPIC = f"projects/{HOME}/topics/build-verifier-sweep"
WORK_TOPIC = f"projects/{HOME}/topics/build-verifier-work"
DEAD_TOPIC = f"projects/{HOME}/topics/build-verifier-dead-letters"
VERDICTS_TOPIC = f"projects/{HOME}/topics/build-verifier-verdicts"
FROM_THE_LEDGER = ("ledger_answers", "places_are_listed")
FILTER = 'NOT (attributes.status = "QUEUED" OR attributes.status = "WORKING")'
POLICY = f"""
[[worker]]
trigger = "worker-main"
job = "{REGION}/{JOB}"

[[slack.route]]
verdicts = ["LOCAL_SOURCE"]
channel = "{CHANNEL}"
mention = "here"
"""


@dataclass
class StandInInstallation:
    """What there is, and how it is looked at."""

    cloud: Cloud
    faults: Faults
    made: InstalledResources
    slack: SlackStandIn
    storage: StorageStandIn
    policy: Path
    environment: dict[str, str | None]

    def doctor(self, *words: str, function: str = FUNCTION, **environment: str) -> Result:
        """Return what a person sees."""
        named = ["--function", function] if function else []
        arguments = ["doctor", *named, "--policy", str(self.policy), *words]
        return CliRunner().invoke(main, arguments, env=self.environment | environment)

    def checks(self, *words: str, **environment: str) -> list[dict[str, Any]]:
        """Return what a script sees."""
        found: list[dict[str, Any]] = json.loads(self.doctor("--json", *words, **environment).stdout)["checks"]
        return found

    def open_checks(self, *words: str, **environment: str) -> dict[str, dict[str, Any]]:
        """Return what is to do, the last of each kind, but for the ledger, which answers in tests of its own only."""
        return {
            check["check"]: check
            for check in self.checks(*words, **environment)
            if check["outcome"] in ("fails", "could-not-check") and check["check"] not in FROM_THE_LEDGER
        }

    def subscription(self, name: str) -> Any:
        """Return one of the subscriptions, to be changed."""
        return self.made.subscriptions[f"projects/{HOME}/subscriptions/build-verifier-{name}"]

    @property
    def service(self) -> Any:
        """The function, to be changed."""
        return self.made.services[SERVICE]


@contextmanager
def an_installation(folder: Path, **variables: str) -> Iterator[StandInInstallation]:
    """Yield an installation where everything is in order but the ledger, at whose address nobody listens."""
    faults, cloud = Faults(), Cloud(system_clock)
    made = InstalledResources(cloud)
    furnish(made, {**SETTINGS, **variables})
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    with (
        GoogleStandIn(cloud, faults, made.methods()) as google,
        SlackStandIn(faults, system_clock, rate_limit=False) as slack,
        StorageStandIn(faults) as storage,
    ):
        environment: dict[str, str | None] = {
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{free_port()}",
            "PUBSUB_EMULATOR_HOST": None,
            "STORAGE_EMULATOR_HOST": storage.address,
        }
        yield StandInInstallation(cloud, faults, made, slack, storage, policy, environment)


SETTINGS = {
    "VERIFIER_PROJECTS": f"{WATCHED}=402118557731",
    "VERIFIER_REGIONS": f"global,{REGION}",
    "VERIFIER_HOME_PROJECT": HOME,
    "VERIFIER_SLACK_CHANNEL": CHANNEL,
    "VERIFIER_TOPIC": VERDICTS_TOPIC,
    "VERIFIER_WORK_TOPIC": WORK_TOPIC,
    "VERIFIER_TIMEOUT": "120",
    "LOG_EXECUTION_ID": "true",
}


def furnish(made: InstalledResources, variables: dict[str, str]) -> None:
    """Make everything that Terraform makes, a build, and the job that policy names."""
    made.topics |= {BUILDS_TOPIC, EXECUTIONS_TOPIC, SWEEP_TOPIC, WORK_TOPIC, DEAD_TOPIC, VERDICTS_TOPIC}
    made.services[SERVICE] = a_service(variables)
    topics = {"builds": BUILDS_TOPIC, "executions": EXECUTIONS_TOPIC, "sweep": SWEEP_TOPIC, "work": WORK_TOPIC}
    for name, topic in topics.items():
        full = f"projects/{HOME}/subscriptions/build-verifier-{name}"
        made.subscriptions[full] = a_subscription(full, topic, f"{URL}/{name}")
    for name in ("sweep", "work"):
        passing: Any = made.subscriptions[f"projects/{HOME}/subscriptions/build-verifier-{name}"]
        passing.dead_letter_policy = None
        passing.message_retention_duration = Duration(seconds=600)
    kept = f"projects/{HOME}/subscriptions/build-verifier-dead-letters"
    made.subscriptions[kept] = pubsub.Subscription(name=kept, topic=DEAD_TOPIC)
    made.sinks[f"projects/{WATCHED}/sinks/build-verifier-executions"] = LogSink(
        name="build-verifier-executions",
        destination=f"pubsub.googleapis.com/{EXECUTIONS_TOPIC}",
        filter='resource.type="cloud_run_job" AND protoPayload.methodName="/Jobs.RunJob"',
        writer_identity=WRITER,
    )
    made.sinks[f"projects/{HOME}/sinks/build-verifier-audit"] = LogSink(
        name="build-verifier-audit",
        destination=f"logging.googleapis.com/{BUCKET}",
        filter=f'logName="projects/{HOME}/logs/build-verifier"',
    )
    made.buckets[BUCKET] = LogBucket(name=BUCKET, retention_days=400)
    made.secrets[SECRET] = f"{TOKEN}\n".encode()
    ticker = f"projects/{HOME}/locations/{REGION}/jobs/build-verifier-sweep"
    made.tickers[ticker] = scheduler_v1.Job(
        name=ticker,
        pubsub_target=scheduler_v1.PubsubTarget(topic_name=SWEEP_TOPIC, data=b"{}"),
        schedule="* * * * *",
        state=scheduler_v1.Job.State.ENABLED,
        last_attempt_time=datetime.now(UTC) - timedelta(seconds=40),
    )
    made.members[EXECUTIONS_TOPIC, "roles/pubsub.publisher"] = [WRITER]
    made.members[DEAD_TOPIC, "roles/pubsub.publisher"] = [PUBSUB_ACCOUNT]
    for name in ("builds", "executions"):
        subscription = f"projects/{HOME}/subscriptions/build-verifier-{name}"
        made.members[subscription, "roles/pubsub.subscriber"] = [PUBSUB_ACCOUNT]
    made.members[SERVICE, "roles/run.invoker"] = [f"serviceAccount:{PUSHER}"]
    made.cloud.put_job(WATCHED, REGION, JOB, image=f"{IMAGE}:latest", script=Script(), max_retries=3)
    made.cloud.put_build(a_build())
    made.members[f"projects/{WATCHED}", "roles/owner"] = ["user:ada@acme.example"]


def a_service(variables: dict[str, str]) -> run_v2.Service:
    """Return the function as Cloud Run shows it."""
    env = [run_v2.EnvVar(name=name, value=value) for name, value in variables.items()]
    reference = run_v2.SecretKeySelector(secret="build-verifier-slack", version="latest")
    source = run_v2.EnvVarSource(secret_key_ref=reference)
    env.append(run_v2.EnvVar(name="VERIFIER_SLACK_TOKEN", value_source=source))
    template = run_v2.RevisionTemplate(
        service_account=ACCOUNT, timeout=Duration(seconds=120), containers=[run_v2.Container(env=env)]
    )
    condition = run_v2.Condition(type_="Ready", state=run_v2.Condition.State.CONDITION_SUCCEEDED)
    return run_v2.Service(name=SERVICE, uri=URL, template=template, terminal_condition=condition)


def a_subscription(name: str, topic: str, endpoint: str) -> pubsub.Subscription:
    """Return a push subscription with everything that it should have."""
    token = pubsub.PushConfig.OidcToken(service_account_email=PUSHER, audience=URL)
    return pubsub.Subscription(
        name=name,
        topic=topic,
        push_config=pubsub.PushConfig(push_endpoint=endpoint, oidc_token=token),
        ack_deadline_seconds=600,
        filter=FILTER if endpoint.endswith("/builds") else "",
        message_retention_duration=Duration(seconds=7 * 24 * 3600),
        expiration_policy=pubsub.ExpirationPolicy(),
        retry_policy=pubsub.RetryPolicy(minimum_backoff=Duration(seconds=10), maximum_backoff=Duration(seconds=600)),
        dead_letter_policy=pubsub.DeadLetterPolicy(dead_letter_topic=DEAD_TOPIC, max_delivery_attempts=100),
        state=pubsub.Subscription.State.ACTIVE,
    )


def a_build(region: str = REGION, **changes: Any) -> dict[str, Any]:
    """Return a build by the worker's trigger."""
    build_id = "2d1da3a3-5b1e-4a57-9d3c-6f3f0a2b7c11"
    git = {"url": "https://github.com/acme/worker.git", "revision": "85cffd8" + "0" * 33}
    now = show_time(datetime.now(UTC))
    return {
        "id": build_id,
        "projectId": WATCHED,
        "name": f"projects/402118557731/locations/{region}/builds/{build_id}",
        "status": "SUCCESS",
        "source": {"gitSource": git},
        "sourceProvenance": {"resolvedGitSource": git},
        "buildTriggerId": "5b3c1a52-6a0e-4f3f-9f3b-0d5d0c6f2b11",
        "substitutions": {"TRIGGER_NAME": "worker-main"},
        "createTime": now,
        "finishTime": now,
        "results": {"images": [{"name": f"{IMAGE}:latest", "digest": f"sha256:{'0' * 64}"}]},
    } | changes
