"""How the doctor asks Google's services: with whose credentials, for how long, and what a refusal means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.api_core import exceptions
from google.auth import impersonated_credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from verifier.adapters.google import connected, credentials
from verifier.checks.verdict import Outcome
from verifier.doctor.rows import AGAIN, APPLY, GRANTED, Trouble
from verifier.errors import Denied, ServiceError, Unavailable

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_STALE = "Getting metadata from plugin failed"
"""How gRPC says that there was no token to be had: the usual end of a person's credentials."""
_UNREACHABLE = "ConnectionPool"
"""How it says that nobody could be asked for a token: there is no network, or a proxy is in the way."""
_GCLOUD = "projects/764086051850"
"""Google's own project, which counts calls by a person's credentials that name no other. It has no API enabled."""
_YOU = '"user:$(gcloud config get account)"'
"""You as a member, for a shell."""
_LOGIN = "gcloud auth application-default login"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks: a person with application default credentials, or the function's own account."""

    endpoint: str = ""
    """A stand-in of Google's services on this machine; empty: the real ones."""
    account: str = ""
    """The service account; empty: whoever the credentials are of."""
    credentials: Any = None
    """None: application default credentials."""
    seconds: float = 15.0
    """The most that one call may take."""
    key_file: str = ""
    """What GOOGLE_APPLICATION_CREDENTIALS names, which goes before a person's own; empty: nothing."""

    def client(self, client: Any, transport: Any, endpoint: str = "") -> Any:
        """Return a client of this class; `endpoint` is an emulator of its own. Raise Trouble without credentials."""
        loopback = endpoint or self.endpoint
        if self.credentials is not None and not loopback:
            return client(transport=transport(channel=transport.create_channel(credentials=self.credentials)))
        try:
            return connected(client, transport, loopback)
        except (ServiceError, OSError) as error:
            raise self.no_credentials(error) from error

    def no_credentials(self, error: Exception) -> Trouble:
        """Return what it means to a person that there are none. What a file of credentials says is in no message."""
        if isinstance(error, Unavailable):
            return Trouble(Outcome.COULD_NOT_CHECK, "credentials could not be looked up in time", AGAIN)
        if not self.key_file:
            return Trouble(Outcome.COULD_NOT_CHECK, "no application default credentials", _LOGIN)
        why = "in which no credentials can be read" if Path(self.key_file).exists() else "which does not exist"
        seen = f"GOOGLE_APPLICATION_CREDENTIALS names {self.key_file}, {why}"
        return Trouble(Outcome.COULD_NOT_CHECK, seen, self._renewal)

    @property
    def _renewal(self) -> str:
        """What gives a person credentials that are accepted."""
        return "unset GOOGLE_APPLICATION_CREDENTIALS" if self.key_file else _LOGIN

    @contextmanager
    def asking(self, what: str, project: str, permission: str, role: str) -> Iterator[None]:
        """Turn what the library raises into Trouble; `what` is asked for, and needs a permission that a role has."""
        try:
            yield
        except exceptions.GoogleAPIError as error:
            raise self.trouble(error, what, project, permission, role) from error
        except GoogleAuthError as error:
            seen = f"{what}: the credentials were not accepted ({type(error).__name__})"
            raise Trouble(Outcome.COULD_NOT_CHECK, seen, self._renewal) from error

    def trouble(self, error: Exception, what: str, project: str, permission: str, role: str) -> Trouble:
        """Return what this error means to the person who reads the row."""
        said = str(getattr(error, "message", None) or error)
        if _STALE in said and _UNREACHABLE in said:
            return Trouble(Outcome.COULD_NOT_CHECK, f"{what}: Google could not be reached", AGAIN)
        if _STALE in said:
            seen = f"{what}: your credentials are not accepted any more"
            return Trouble(Outcome.COULD_NOT_CHECK, seen, self._renewal)
        if getattr(error, "reason", None) == "SERVICE_DISABLED":
            return _disabled(error, what, project)
        match error:
            case exceptions.PermissionDenied() | exceptions.Unauthenticated():
                return self._denied(what, project, permission, role)
            case exceptions.NotFound():
                return Trouble(Outcome.FAILS, f"{what}: not found", APPLY)
        status = getattr(error, "grpc_status_code", None)
        seen = f"{what}: no answer to rely on ({status.name if status else type(error).__name__}: {said})"
        return Trouble(Outcome.COULD_NOT_CHECK, seen, AGAIN)

    def _denied(self, what: str, project: str, permission: str, role: str) -> Trouble:
        if self.account:
            seen = f"{what}: {self.account} lacks {permission} in {project}, {GRANTED}"
            return Trouble(Outcome.FAILS, seen, APPLY)
        seen = f"{what}: you lack {permission} in {project}"
        # Without a word on conditions gcloud asks for one, where the project has bindings with some.
        remedy = f"gcloud projects add-iam-policy-binding {project} --member={_YOU} --role={role} --condition=None"
        return Trouble(Outcome.COULD_NOT_CHECK, seen, remedy)


def function_caller(you: Caller, account: str, source: Any = None, iam_endpoint: str = "") -> Caller:
    """Return the function's account, asked for with the credentials of a person (`source`; None: the default ones).

    Raise Trouble when that is not allowed. A stand-in has no accounts: there, the caller is the same.
    """
    if you.endpoint:
        return you
    try:
        given = source or credentials()
        impersonated: Any = impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]  # the library's
            given, account, [_SCOPE], iam_endpoint_override=iam_endpoint or None
        )
        impersonated.refresh(Request())
    except (Denied, Unavailable) as error:
        raise you.no_credentials(error) from error
    except (GoogleAuthError, OSError) as error:
        remedy = (
            f"gcloud iam service-accounts add-iam-policy-binding {account} --member={_YOU} "
            f"--role=roles/iam.serviceAccountTokenCreator --project={account.partition('@')[2].partition('.')[0]}"
        )
        seen = f"you may not ask as {account} ({type(error).__name__}), so what follows is what you may do yourself"
        raise Trouble(Outcome.COULD_NOT_CHECK, seen, remedy) from error
    return Caller(account=account, credentials=impersonated)


def _disabled(error: Any, what: str, project: str) -> Trouble:
    metadata = error.metadata or {}
    service = metadata.get("service", "the API")
    if metadata.get("consumer") == _GCLOUD:
        seen = f"{what}: your credentials name no project that calls are counted for"
        return Trouble(Outcome.COULD_NOT_CHECK, seen, f"gcloud auth application-default set-quota-project {project}")
    seen = f"{what}: {service} is not enabled in {project}"
    return Trouble(Outcome.FAILS, seen, f"gcloud services enable {service} --project={project}")
