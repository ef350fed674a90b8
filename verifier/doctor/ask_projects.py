"""Asking the Resource Manager who may do what in a project: one call, for which a client library would be too much."""

from __future__ import annotations

from typing import Any

from google.api_core import grpc_helpers
from google.iam.v1 import iam_policy_pb2, policy_pb2

from verifier.doctor.calls import Caller
from verifier.doctor.log_writers import Binding

_HOST = "cloudresourcemanager.googleapis.com:443"
_METHOD = "/google.cloud.resourcemanager.v3.Projects/GetIamPolicy"
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_WITH_CONDITIONS = 3
"""The version of a policy that shows conditional bindings as what they are."""


def read_bindings(you: Caller, project: str) -> list[Binding]:
    """Return the bindings of a project's own policy. Raise Trouble."""
    client = you.client(_Projects, _Transport)
    what = f"reading who may do what in {project}"
    with you.asking(what, project, "resourcemanager.projects.getIamPolicy", "roles/iam.securityReviewer"):
        policy = client.get_iam_policy(project, timeout=you.seconds)
    return [
        Binding(one.role, frozenset(one.members), is_conditional=one.HasField("condition")) for one in policy.bindings
    ]


class _Transport:
    """A channel to the Resource Manager, made as the transports of the client libraries are."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    @staticmethod
    def create_channel(credentials: Any, **settings: Any) -> Any:
        return grpc_helpers.create_channel(_HOST, credentials=credentials, scopes=_SCOPES, **settings)


class _Projects:
    """The one method that is needed. Raise GoogleAPICallError as the client libraries do."""

    def __init__(self, transport: _Transport) -> None:
        self._call: Any = grpc_helpers.wrap_errors(  # type: ignore[no-untyped-call]  # the library's
            transport.channel.unary_unary(
                _METHOD,
                request_serializer=iam_policy_pb2.GetIamPolicyRequest.SerializeToString,
                response_deserializer=policy_pb2.Policy.FromString,
            )
        )

    def get_iam_policy(self, project: str, timeout: float) -> Any:
        request = iam_policy_pb2.GetIamPolicyRequest(resource=f"projects/{project}")
        request.options.requested_policy_version = _WITH_CONDITIONS
        return self._call(
            request, timeout=timeout, metadata=[("x-goog-request-params", f"resource={request.resource}")]
        )
