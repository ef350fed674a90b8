"""Asking Cloud Run what is deployed, and Secret Manager for what the function gets from it."""

from __future__ import annotations

from datetime import datetime

from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud import run_v2, secretmanager_v1
from google.cloud.run_v2.services.services import transports as service_transports
from google.cloud.secretmanager_v1.services.secret_manager_service import transports as secret_transports
from google.iam.v1 import iam_policy_pb2

from verifier.checks.verdict import Outcome
from verifier.doctor.calls import Caller
from verifier.doctor.function import DeployedFunction, FunctionName, renewal
from verifier.doctor.rows import Trouble

_INVOKERS = ("roles/run.invoker", "roles/run.servicesInvoker")
_VIEWER = "roles/run.viewer"


def read_deployment(you: Caller, name: FunctionName) -> DeployedFunction:
    """Return the function as Cloud Run has it. Raise Trouble."""
    client = you.client(run_v2.ServicesClient, service_transports.ServicesGrpcTransport)
    with you.asking(f"reading {name.service}", name.project, "run.services.get", _VIEWER):
        request = run_v2.GetServiceRequest(name=name.service)
        service = client.get_service(request=request, timeout=you.seconds, retry=None)
    condition = service.terminal_condition
    is_ready = condition.state == run_v2.Condition.State.CONDITION_SUCCEEDED
    environment = service.template.containers[0].env if service.template.containers else []
    return DeployedFunction(
        name=name,
        account=service.template.service_account,
        addresses=tuple(dict.fromkeys([service.uri, *service.urls, name.address])),
        audiences=tuple(service.custom_audiences),
        seconds=service.template.timeout.total_seconds() if "timeout" in service.template else 0.0,
        is_ready=is_ready,
        said="" if is_ready else condition.message or "its condition is not known",
        variables={item.name: item.value for item in environment if "value_source" not in item},
        secrets={
            item.name: _version_name(name.project, item.value_source.secret_key_ref)
            for item in environment
            if "value_source" in item
        },
        checks_callers=not service.invoker_iam_disabled,
        updated=service.update_time if "update_time" in service else None,
    )


def read_invokers(you: Caller, name: FunctionName) -> frozenset[str]:
    """Return the members that may call the function, as bound on its service itself. Raise Trouble."""
    client = you.client(run_v2.ServicesClient, service_transports.ServicesGrpcTransport)
    what = f"reading who may call {name.service}"
    with you.asking(what, name.project, "run.services.getIamPolicy", "roles/iam.securityReviewer"):
        request = iam_policy_pb2.GetIamPolicyRequest(resource=name.service)
        policy = client.get_iam_policy(request=request, timeout=you.seconds, retry=None)
    return frozenset(member for one in policy.bindings if one.role in _INVOKERS for member in one.members)


def read_secret(function: Caller, version: str, name: FunctionName) -> str:
    """Return the value of a secret's version, which is never to be shown. Raise Trouble, also where there is none."""
    project = version.split("/")[1]
    client = function.client(
        secretmanager_v1.SecretManagerServiceClient, secret_transports.SecretManagerServiceGrpcTransport
    )
    try:
        with function.asking(
            f"reading {version}", project, "secretmanager.versions.access", "roles/secretmanager.secretAccessor"
        ):
            request = secretmanager_v1.AccessSecretVersionRequest(name=version)
            answer = client.access_secret_version(request=request, timeout=function.seconds, retry=None)
    except Trouble as trouble:
        if isinstance(trouble.__cause__, NotFound):
            raise Trouble(Outcome.FAILS, f"{version} does not exist", renewal(version, name)) from trouble
        if isinstance(trouble.__cause__, FailedPrecondition):
            raise Trouble(Outcome.FAILS, f"{version} is disabled or destroyed", renewal(version, name)) from trouble
        raise
    return bytes(answer.payload.data).decode("utf-8", "replace").strip()


def version_added(you: Caller, version: str) -> datetime | None:
    """When a secret's version was added, as far as Secret Manager tells. Raise Trouble."""
    client = you.client(
        secretmanager_v1.SecretManagerServiceClient, secret_transports.SecretManagerServiceGrpcTransport
    )
    needed = "secretmanager.versions.get"
    with you.asking(f"looking at {version}", version.split("/")[1], needed, "roles/secretmanager.viewer"):
        request = secretmanager_v1.GetSecretVersionRequest(name=version)
        found = client.get_secret_version(request=request, timeout=you.seconds, retry=None)
    return found.create_time if "create_time" in found else None


def _version_name(project: str, reference: run_v2.SecretKeySelector) -> str:
    secret = reference.secret
    full = secret if "/" in secret else f"projects/{project}/secrets/{secret}"
    return f"{full}/versions/{reference.version or 'latest'}"
