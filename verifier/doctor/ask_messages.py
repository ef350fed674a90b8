"""Asking Pub/Sub, Cloud Logging and Cloud Scheduler how messages come to the function."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import scheduler_v1
from google.cloud.logging_v2.services.config_service_v2 import ConfigServiceV2Client
from google.cloud.logging_v2.services.config_service_v2 import transports as config_transports
from google.cloud.logging_v2.types import GetBucketRequest, ListSinksRequest, LogBucket
from google.cloud.scheduler_v1.services.cloud_scheduler import transports as scheduler_transports
from google.iam.v1 import iam_policy_pb2
from google.pubsub_v1 import GetTopicRequest, ListSubscriptionsRequest, PublisherClient, SubscriberClient
from google.pubsub_v1 import Subscription as SubscriptionMessage
from google.pubsub_v1.services.publisher import transports as publisher_transports
from google.pubsub_v1.services.subscriber import transports as subscriber_transports
from google.rpc import code_pb2

from verifier.doctor.calls import Caller
from verifier.doctor.messages import Sink, Subscription, Ticker
from verifier.doctor.rows import Trouble

_PUBSUB = "roles/pubsub.viewer"
_LOGGING = "roles/logging.viewer"
_MORE = ("roles/pubsub.editor", "roles/pubsub.admin")


def topic_exists(you: Caller, topic: str, emulator: str = "") -> bool:
    """Whether Pub/Sub has this topic. Raise Trouble."""
    client = you.client(PublisherClient, publisher_transports.PublisherGrpcTransport, emulator)
    try:
        with you.asking(f"reading {topic}", topic.split("/")[1], "pubsub.topics.get", _PUBSUB):
            client.get_topic(request=GetTopicRequest(topic=topic), timeout=you.seconds, retry=None)
    except Trouble as trouble:
        if isinstance(trouble.__cause__, NotFound):
            return False
        raise
    return True


def read_subscriptions(you: Caller, project: str, emulator: str = "") -> list[Subscription]:
    """Every subscription of a project. Raise Trouble."""
    client = you.client(SubscriberClient, subscriber_transports.SubscriberGrpcTransport, emulator)
    request = ListSubscriptionsRequest(project=f"projects/{project}", page_size=1_000)
    with you.asking(f"listing subscriptions of {project}", project, "pubsub.subscriptions.list", _PUBSUB):
        found = list(client.list_subscriptions(request=request, timeout=you.seconds, retry=None))
    return [_subscription(message) for message in found]


def read_publishers(you: Caller, topic: str, emulator: str = "") -> frozenset[str]:
    """Return the members that may publish to a topic, as bound on the topic itself. Raise Trouble."""
    return _members(you, topic, "pubsub.topics.getIamPolicy", "roles/pubsub.publisher", emulator)


def read_subscribers(you: Caller, subscription: str, emulator: str = "") -> frozenset[str]:
    """Return the members that may take messages from a subscription, as bound on it itself. Raise Trouble."""
    return _members(you, subscription, "pubsub.subscriptions.getIamPolicy", "roles/pubsub.subscriber", emulator)


def may_publish(function: Caller, topic: str, emulator: str = "") -> bool:
    """Whether the caller may publish to a topic. Raise Trouble."""
    client = function.client(PublisherClient, publisher_transports.PublisherGrpcTransport, emulator)
    needed = "pubsub.topics.publish"
    with function.asking(f"asking for {needed} on {topic}", topic.split("/")[1], needed, "roles/pubsub.publisher"):
        request = iam_policy_pb2.TestIamPermissionsRequest(resource=topic, permissions=[needed])
        answer = client.test_iam_permissions(request=request, timeout=function.seconds, retry=None)
    return needed in answer.permissions


def read_sinks(you: Caller, project: str) -> list[Sink]:
    """Return the log sinks of a project. Raise Trouble."""
    client = you.client(ConfigServiceV2Client, config_transports.ConfigServiceV2GrpcTransport)
    request = ListSinksRequest(parent=f"projects/{project}", page_size=1_000)
    with you.asking(f"listing log sinks of {project}", project, "logging.sinks.list", _LOGGING):
        found = list(client.list_sinks(request=request, timeout=you.seconds, retry=None))
    return [
        Sink(project, sink.name, sink.destination, sink.filter, sink.writer_identity, is_disabled=sink.disabled)
        for sink in found
    ]


def read_bucket(you: Caller, bucket: str) -> tuple[int, bool]:
    """For how many days a log bucket keeps entries, and whether that is locked. Raise Trouble."""
    client = you.client(ConfigServiceV2Client, config_transports.ConfigServiceV2GrpcTransport)
    with you.asking(f"reading the log bucket {bucket}", bucket.split("/")[1], "logging.buckets.get", _LOGGING):
        found: LogBucket = client.get_bucket(request=GetBucketRequest(name=bucket), timeout=you.seconds, retry=None)
    return int(found.retention_days), bool(found.locked)


def read_tickers(you: Caller, project: str, region: str) -> list[Ticker]:
    """Return the jobs of Cloud Scheduler in a region that publish to a topic. Raise Trouble."""
    client = you.client(scheduler_v1.CloudSchedulerClient, scheduler_transports.CloudSchedulerGrpcTransport)
    request = scheduler_v1.ListJobsRequest(parent=f"projects/{project}/locations/{region}", page_size=500)
    what = f"listing Cloud Scheduler's jobs of {project} in {region}"
    with you.asking(what, project, "cloudscheduler.jobs.list", "roles/cloudscheduler.viewer"):
        found = list(client.list_jobs(request=request, timeout=you.seconds, retry=None))
    return [_ticker(job) for job in found if "pubsub_target" in job]


def _members(you: Caller, resource: str, permission: str, role: str, emulator: str) -> frozenset[str]:
    client = you.client(PublisherClient, publisher_transports.PublisherGrpcTransport, emulator)
    what = f"reading who has {role} on {resource}"
    with you.asking(what, resource.split("/")[1], permission, "roles/iam.securityReviewer"):
        request = iam_policy_pb2.GetIamPolicyRequest(resource=resource)
        policy = client.get_iam_policy(request=request, timeout=you.seconds, retry=None)
    return frozenset(member for one in policy.bindings if one.role in (role, *_MORE) for member in one.members)


def _subscription(message: SubscriptionMessage) -> Subscription:
    raw = SubscriptionMessage.pb(message)
    push, policy = raw.push_config, raw.retry_policy
    return Subscription(
        name=raw.name,
        topic=raw.topic,
        endpoint=push.push_endpoint,
        account=push.oidc_token.service_account_email,
        audience=push.oidc_token.audience,
        ack_seconds=raw.ack_deadline_seconds,
        backoff=(_seconds(policy.minimum_backoff), _seconds(policy.maximum_backoff)),
        kept_seconds=_seconds(raw.message_retention_duration),
        expires=not raw.HasField("expiration_policy") or raw.expiration_policy.HasField("ttl"),
        dead_letters=raw.dead_letter_policy.dead_letter_topic,
        attempts=raw.dead_letter_policy.max_delivery_attempts,
        filter=raw.filter,
        is_nameless=push.HasField("no_wrapper") and not push.no_wrapper.write_metadata,
        is_active=not raw.detached and raw.state in (0, SubscriptionMessage.State.ACTIVE),
    )


def _ticker(job: scheduler_v1.Job) -> Ticker:
    raw: Any = scheduler_v1.Job.pb(job)
    attempted = raw.last_attempt_time.ToDatetime(UTC) if raw.HasField("last_attempt_time") else None
    trouble = f"{code_pb2.Code.Name(raw.status.code)} {raw.status.message}".strip() if raw.status.code else ""
    return Ticker(
        name=raw.name,
        topic=raw.pubsub_target.topic_name,
        schedule=raw.schedule,
        is_enabled=raw.state == scheduler_v1.Job.State.ENABLED,
        attempted=attempted,
        trouble=trouble,
    )


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)
