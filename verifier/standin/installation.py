"""What an installation is made of, in the stand-in: topics, subscriptions, sinks, the function, its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.cloud import run_v2, scheduler_v1, secretmanager_v1
from google.cloud.logging_v2 import types as logging_types
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.pubsub_v1 import types as pubsub_types

from verifier.standin.cloud import Cloud
from verifier.standin.messages import Method, Pb
from verifier.standin.refusal import RefusalError, not_found, parse_name

_PUBSUB = "/google.pubsub.v1"
_IAM = "/google.iam.v1.IAMPolicy"
_RUN = "/google.cloud.run.v2"
_CONFIG = "/google.logging.v2.ConfigServiceV2"


@dataclass
class InstalledResources:
    """Everything by its resource name, as the messages of the real services. Tests change it before they ask."""

    cloud: Cloud
    topics: set[str] = field(default_factory=set)
    subscriptions: dict[str, pubsub_types.Subscription] = field(default_factory=dict)
    services: dict[str, run_v2.Service] = field(default_factory=dict)
    sinks: dict[str, logging_types.LogSink] = field(default_factory=dict)
    """By `projects/P/sinks/NAME`."""
    buckets: dict[str, logging_types.LogBucket] = field(default_factory=dict)
    secrets: dict[str, bytes | None] = field(default_factory=dict)
    """The value of each version; None: it is disabled."""
    added: dict[str, datetime] = field(default_factory=dict)
    """When a version of a secret was added; absent: it is not told."""
    tickers: dict[str, scheduler_v1.Job] = field(default_factory=dict)
    members: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Who has a role on a resource, by the resource and the role."""

    def methods(self) -> dict[str, Method]:
        """Return the methods that show it, by their full name."""
        asked, tested = iam_policy_pb2.GetIamPolicyRequest, iam_policy_pb2.TestIamPermissionsRequest
        return {
            f"{_PUBSUB}.Publisher/GetTopic": Method(pubsub_types.GetTopicRequest.pb(), self._topic),
            f"{_PUBSUB}.Subscriber/ListSubscriptions": Method(
                pubsub_types.ListSubscriptionsRequest.pb(), self._subscriptions
            ),
            f"{_IAM}/GetIamPolicy": Method(asked, self._policy),
            f"{_IAM}/TestIamPermissions": Method(tested, self._granted),
            "/google.cloud.resourcemanager.v3.Projects/GetIamPolicy": Method(asked, self._policy),
            f"{_RUN}.Services/GetService": Method(run_v2.GetServiceRequest.pb(), self._service),
            f"{_RUN}.Services/ListServices": Method(run_v2.ListServicesRequest.pb(), self._services),
            f"{_RUN}.Services/GetIamPolicy": Method(asked, self._policy),
            f"{_RUN}.Jobs/TestIamPermissions": Method(tested, self._granted),
            f"{_CONFIG}/ListSinks": Method(logging_types.ListSinksRequest.pb(), self._sinks),
            f"{_CONFIG}/GetBucket": Method(logging_types.GetBucketRequest.pb(), self._bucket),
            "/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion": Method(
                secretmanager_v1.AccessSecretVersionRequest.pb(), self._secret
            ),
            "/google.cloud.secretmanager.v1.SecretManagerService/GetSecretVersion": Method(
                secretmanager_v1.GetSecretVersionRequest.pb(), self._version
            ),
            "/google.cloud.scheduler.v1.CloudScheduler/ListJobs": Method(
                scheduler_v1.ListJobsRequest.pb(), self._tickers
            ),
        }

    def _topic(self, request: Pb) -> Pb:
        self.cloud.require("GetTopic", request.topic)
        if request.topic not in self.topics:
            raise not_found(f"Resource not found (resource={request.topic}).")
        return pubsub_types.Topic.pb()(name=request.topic)

    def _subscriptions(self, request: Pb) -> Pb:
        (project,) = parse_name(request.project, "projects")
        self.cloud.require("ListSubscriptions", request.project)
        found = [value for _, value in _below(f"projects/{project}/", self.subscriptions, request.page_token)]
        answer = pubsub_types.ListSubscriptionsResponse(subscriptions=found)
        return pubsub_types.ListSubscriptionsResponse.pb(answer)

    def _policy(self, request: Pb) -> Pb:
        kind = request.resource.split("/")[-2].removesuffix("s")
        self.cloud.require(f"GetIamPolicy of a {kind}", request.resource)
        bindings = [
            policy_pb2.Binding(role=role, members=members)
            for (resource, role), members in self.members.items()
            if resource == request.resource
        ]
        return policy_pb2.Policy(bindings=bindings)

    def _granted(self, request: Pb) -> Pb:
        granted = [permission for permission in request.permissions if self.cloud.grants(permission)]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=granted)

    def _service(self, request: Pb) -> Pb:
        self.cloud.require("GetService", request.name)
        return run_v2.Service.pb(_found(self.services, request.name))

    def _services(self, request: Pb) -> Pb:
        self.cloud.require("ListServices", request.parent)
        found = [value for _, value in _below(f"{request.parent}/", self.services, request.page_token)]
        return run_v2.ListServicesResponse.pb(run_v2.ListServicesResponse(services=found))

    def _sinks(self, request: Pb) -> Pb:
        self.cloud.require("ListSinks", request.parent)
        found = [value for _, value in _below(f"{request.parent}/", self.sinks, request.page_token)]
        return logging_types.ListSinksResponse.pb(logging_types.ListSinksResponse(sinks=found))

    def _bucket(self, request: Pb) -> Pb:
        self.cloud.require("GetBucket", request.name)
        return logging_types.LogBucket.pb(_found(self.buckets, request.name))

    def _secret(self, request: Pb) -> Pb:
        self.cloud.require("AccessSecretVersion", request.name)
        value = _found(self.secrets, request.name)
        if value is None:
            raise RefusalError("FAILED_PRECONDITION", f"Secret Version [{request.name}] is in DISABLED state.")
        answer = secretmanager_v1.AccessSecretVersionResponse(name=request.name, payload={"data": value})
        return secretmanager_v1.AccessSecretVersionResponse.pb(answer)

    def _version(self, request: Pb) -> Pb:
        self.cloud.require("GetSecretVersion", request.name)
        _found(self.secrets, request.name)
        version = secretmanager_v1.SecretVersion(name=request.name, create_time=self.added.get(request.name))
        return secretmanager_v1.SecretVersion.pb(version)

    def _tickers(self, request: Pb) -> Pb:
        self.cloud.require("ListJobs of Cloud Scheduler", request.parent)
        found = [value for _, value in _below(f"{request.parent}/", self.tickers, request.page_token)]
        return scheduler_v1.ListJobsResponse.pb(scheduler_v1.ListJobsResponse(jobs=found))


def _found(things: Mapping[str, Any], name: str) -> Any:
    if name not in things:
        raise not_found(f"Requested entity was not found: {name}.")
    return things[name]


def _below(parent: str, things: Mapping[str, Any], page_token: str) -> list[tuple[str, Any]]:
    """Return the things under a parent, all on one page."""
    if page_token:
        raise RefusalError("UNIMPLEMENTED", "Pages after the first are not known to this stand-in.")
    return [(name, thing) for name, thing in things.items() if name.startswith(parent)]
