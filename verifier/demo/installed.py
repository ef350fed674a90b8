"""What Terraform makes around a function, in the stand-in: so that `verifier doctor` can look at the demo's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from google.cloud import run_v2, scheduler_v1
from google.cloud.logging_v2.types import LogBucket, LogSink
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1 import types as pubsub

from verifier.standin.installation import InstalledResources

_NAME = "build-verifier"
_TOKEN_VARIABLE = "VERIFIER_SLACK_TOKEN"  # noqa: S105 - a variable's name
_DAY = 24 * 3600
_FILTER = 'NOT (attributes.status = "QUEUED" OR attributes.status = "WORKING")'


@dataclass(frozen=True, slots=True)
class Installed:
    """A function's surroundings in its own project."""

    made: InstalledResources
    project: str
    watched: str
    """The project whose builds it looks at."""
    number: str
    """That project's."""
    region: str

    @property
    def function(self) -> str:
        """The function's full name."""
        return f"projects/{self.project}/locations/{self.region}/functions/{_NAME}"

    def topic(self, name: str) -> str:
        """Return the full name of one of its topics."""
        return f"projects/{self.project}/topics/{_NAME}-{name}"

    def furnish(self, url: str, settings: Mapping[str, str]) -> None:
        """Make everything around the function that listens at `url` with these settings."""
        made, project = self.made, self.project
        topics = {name: self.topic(name) for name in ("executions", "sweep", "work")}
        topics["builds"] = f"projects/{self.watched}/topics/cloud-builds"
        made.topics |= {*topics.values(), self.topic("dead-letters")}
        for name, topic in topics.items():
            full = f"projects/{project}/subscriptions/{_NAME}-{name}"
            made.subscriptions[full] = self._subscription(full, topic, url, name)
        kept = f"projects/{project}/subscriptions/{_NAME}-dead-letters"
        made.subscriptions[kept] = pubsub.Subscription(name=kept, topic=self.topic("dead-letters"))
        self._add_sinks(topics["executions"])
        self._add_service(url, settings)
        for name in ("builds", "executions"):
            subscription = f"projects/{project}/subscriptions/{_NAME}-{name}"
            made.members[subscription, "roles/pubsub.subscriber"] = [self._agent("pubsub")]
        made.members[self.topic("dead-letters"), "roles/pubsub.publisher"] = [self._agent("pubsub")]

    def note_sweep(self, now: datetime) -> None:
        """Let the scheduler have sent a sweep now."""
        name = f"projects/{self.project}/locations/{self.region}/jobs/{_NAME}-sweep"
        self.made.tickers[name] = scheduler_v1.Job(
            name=name,
            pubsub_target=scheduler_v1.PubsubTarget(topic_name=self.topic("sweep"), data=b"{}"),
            schedule="* * * * *",
            state=scheduler_v1.Job.State.ENABLED,
            last_attempt_time=now,
        )

    def _add_sinks(self, executions: str) -> None:
        made, project = self.made, self.project
        bucket = f"projects/{project}/locations/{self.region}/buckets/{_NAME}"
        made.buckets[bucket] = LogBucket(name=bucket, retention_days=400)
        made.sinks[f"projects/{project}/sinks/{_NAME}-audit"] = LogSink(
            name=f"{_NAME}-audit",
            destination=f"logging.googleapis.com/{bucket}",
            filter=f'logName="projects/{project}/logs/{_NAME}"',
        )
        made.sinks[f"projects/{self.watched}/sinks/{_NAME}-executions"] = LogSink(
            name=f"{_NAME}-executions",
            destination=f"pubsub.googleapis.com/{executions}",
            filter='resource.type="cloud_run_job" AND protoPayload.methodName="/Jobs.RunJob"',
            writer_identity=self._agent("logging"),
        )
        made.members[executions, "roles/pubsub.publisher"] = [self._agent("logging")]

    def _add_service(self, url: str, settings: Mapping[str, str]) -> None:
        made, service = self.made, self.function.replace("/functions/", "/services/")
        plain = {name: value for name, value in settings.items() if name != _TOKEN_VARIABLE}
        env = [run_v2.EnvVar(name=name, value=value) for name, value in plain.items()]
        secret = run_v2.SecretKeySelector(secret=f"{_NAME}-slack", version="latest")
        env.append(run_v2.EnvVar(name=_TOKEN_VARIABLE, value_source=run_v2.EnvVarSource(secret_key_ref=secret)))
        made.secrets[f"projects/{self.project}/secrets/{_NAME}-slack/versions/latest"] = settings[
            _TOKEN_VARIABLE
        ].encode()
        made.services[service] = run_v2.Service(
            name=service,
            uri=url,
            template=run_v2.RevisionTemplate(
                service_account=self._account(_NAME),
                timeout=Duration(seconds=int(settings.get("VERIFIER_TIMEOUT", "60"))),
                containers=[run_v2.Container(env=env)],
            ),
            terminal_condition=run_v2.Condition(type_="Ready", state=run_v2.Condition.State.CONDITION_SUCCEEDED),
        )
        made.members[service, "roles/run.invoker"] = [f"serviceAccount:{self._account(f'{_NAME}-push')}"]
        made.members[f"projects/{self.watched}", "roles/owner"] = ["user:ana@vividly.example"]

    def _subscription(self, full: str, topic: str, url: str, name: str) -> pubsub.Subscription:
        token = pubsub.PushConfig.OidcToken(service_account_email=self._account(f"{_NAME}-push"), audience=url)
        passing = name in ("sweep", "work")
        dead = pubsub.DeadLetterPolicy(dead_letter_topic=self.topic("dead-letters"), max_delivery_attempts=100)
        return pubsub.Subscription(
            name=full,
            topic=topic,
            push_config=pubsub.PushConfig(push_endpoint=f"{url}/{name}", oidc_token=token),
            ack_deadline_seconds=600,
            filter=_FILTER if name == "builds" else "",
            message_retention_duration=Duration(seconds=600 if passing else 7 * _DAY),
            expiration_policy=pubsub.ExpirationPolicy(),
            retry_policy=pubsub.RetryPolicy(
                minimum_backoff=Duration(seconds=10), maximum_backoff=Duration(seconds=600)
            ),
            dead_letter_policy=None if passing else dead,
            state=pubsub.Subscription.State.ACTIVE,
        )

    def _account(self, name: str) -> str:
        return f"{name}@{self.project}.iam.gserviceaccount.com"

    def _agent(self, service: str) -> str:
        return f"serviceAccount:service-{self.number}@gcp-sa-{service}.iam.gserviceaccount.com"
