"""Asking Service Usage for quotas, and Cloud Build whether a project pays for what is read in it.

Documentation: "Service Usage API", services.consumerQuotaMetrics.list (v1beta1).
"""

from __future__ import annotations

import json
from typing import Any

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.cloud.devtools import cloudbuild_v1
from google.cloud.devtools.cloudbuild_v1.services.cloud_build import transports

from verifier.adapters.billing import payer_metadata
from verifier.adapters.google import credentials
from verifier.checks.verdict import Outcome
from verifier.doctor.calls import Caller
from verifier.doctor.quotas import QuotaKind, effective_limit
from verifier.doctor.rows import AGAIN, Trouble
from verifier.errors import ServiceError

_SERVICE_USAGE = "https://serviceusage.googleapis.com"


def read_limit(you: Caller, project: str, kind: QuotaKind, place: str = _SERVICE_USAGE) -> int | None:
    """Return how many calls a minute a project has, or None where that is not told. Raise Trouble."""
    address = f"{place}/v1beta1/projects/{project}/services/{kind.service}/consumerQuotaMetrics?pageSize=500"
    try:
        session: Any = AuthorizedSession(you.credentials or credentials())  # type: ignore[no-untyped-call]  # the library's
        answer = session.get(address, timeout=you.seconds, allow_redirects=False)
    except (GoogleAuthError, ServiceError) as error:
        raise Trouble(Outcome.COULD_NOT_CHECK, "your credentials were not accepted", AGAIN) from error
    except OSError as error:
        raise Trouble(Outcome.COULD_NOT_CHECK, "Service Usage could not be reached", AGAIN) from error
    if answer.status_code != 200:
        seen = f"Service Usage answers {answer.status_code}; it takes serviceusage.quotas.get"
        raise Trouble(Outcome.COULD_NOT_CHECK, seen, AGAIN)
    try:
        return effective_limit(json.loads(answer.content), kind)
    except ValueError:
        return None


def why_not_paying(function: Caller, project: str, location: str) -> str | None:
    """Return why a project does not pay for a list of its builds, None where it does. Raise Trouble."""
    client = function.client(cloudbuild_v1.CloudBuildClient, transports.CloudBuildGrpcTransport)
    request = cloudbuild_v1.ListBuildsRequest(
        parent=f"projects/{project}/locations/{location}", project_id=project, page_size=1
    )
    what = f"listing builds of {project} in {location}"
    with function.asking(what, project, "cloudbuild.builds.list", "roles/cloudbuild.builds.viewer"):
        try:
            client.list_builds(request=request, timeout=function.seconds, retry=None, metadata=payer_metadata(project))
        except exceptions.PermissionDenied as error:
            client.list_builds(request=request, timeout=function.seconds, retry=None)  # is it about who pays?
            return error.reason or "PERMISSION_DENIED"
    return None
