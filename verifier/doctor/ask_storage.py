"""Asking Cloud Storage whether the function may read the buckets that gcloud uploads to. Nothing of them is read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests.exceptions import RequestException

from verifier.adapters.google import credentials
from verifier.checks.verdict import Outcome
from verifier.doctor.calls import Caller
from verifier.doctor.rows import AGAIN, Trouble
from verifier.errors import ServiceError

_SERVICE = "https://storage.googleapis.com"
_READ = "storage.objects.get"


def may_read(caller: Caller, bucket: str, emulator: str) -> bool | None:
    """Return whether objects of this bucket may be read; None: there is no such bucket. Raise Trouble."""
    what = f"asking what is allowed in gs://{bucket}"
    session = _session(caller, emulator)
    service = f"http://{emulator}" if emulator else _SERVICE
    try:
        response = session.get(
            f"{service}/storage/v1/b/{quote(bucket, safe='')}/iam/testPermissions",
            params={"permissions": _READ},
            timeout=caller.seconds,
            allow_redirects=False,
        )
        if response.status_code == 404:
            return None
        if response.status_code == 403:
            return False
        response.raise_for_status()
        return _READ in response.json().get("permissions", [])
    except (RequestException, GoogleAuthError, ValueError, AttributeError) as error:
        seen = f"{what}: no answer to rely on ({type(error).__name__})"
        raise Trouble(Outcome.COULD_NOT_CHECK, seen, AGAIN) from error


def _session(caller: Caller, emulator: str) -> Any:
    if emulator:
        session: Any = AuthorizedSession(AnonymousCredentials())  # type: ignore[no-untyped-call]
        session.trust_env = False
        return session
    try:
        known = caller.credentials or credentials()
    except ServiceError as error:
        raise caller.no_credentials(error) from error
    return AuthorizedSession(known)  # type: ignore[no-untyped-call]
