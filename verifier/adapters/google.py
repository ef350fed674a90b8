"""What the adapters of Google's services share: how a client is made, how time runs out, what each refusal means."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import Any

import google.auth
import grpc
from google.api_core import exceptions
from google.auth import compute_engine
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from verifier.adapters.within import within
from verifier.errors import Denied, Missing, RateLimited, Refused, ServiceError, Unavailable

_PASSING = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.BadGateway,
    exceptions.GatewayTimeout,
    exceptions.Unknown,
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.DataLoss,
)
"""The call may have taken effect, and may work another time."""
_OPTIONS = [
    # A frozen instance wakes up with dead connections, and gRPC's own pause between attempts grows to two minutes.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A page of log entries may be larger than the 4 MB that gRPC takes by itself.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
]
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_LOOK_UP_SECONDS = 4.0
"""For credentials. The library itself may take three quarters of a minute when a metadata server hangs."""
_LOG_IN = "on a workstation run: gcloud auth application-default login"
_LATER = "try again later"
_MOST_DIGITS = 7
"""Of a number that a service tells: longer ones mean nothing."""
_NO_PROXY = ("grpc.enable_http_proxy", 0)


def connected(client: Any, transport: Any, loopback: str) -> Any:
    """Return a client of this class for Google's own service or, given an address, for what stands in for it there.

    Settings accept loopback addresses only. Nothing is sent yet. Raise as `credentials` does.
    """
    if loopback:
        return client(transport=transport(channel=grpc.insecure_channel(loopback, [*_OPTIONS, _NO_PROXY])))
    return client(transport=transport(channel=transport.create_channel(credentials=credentials(), options=_OPTIONS)))


@cache
def credentials() -> Any:
    """Return the credentials of this process, looked up once: all its clients share them, and so each token.

    Raise Denied where there are none, and Unavailable where that could not be found out in time.
    """
    try:
        return within(_LOOK_UP_SECONDS, _look_up)
    except DefaultCredentialsError as error:
        raise Denied(
            # The library's own words may quote the file, which is a secret: only the kind of the trouble is told.
            f"expected Google credentials, got {type(error).__name__}; look at GOOGLE_APPLICATION_CREDENTIALS, "
            f"or {_LOG_IN}"
        ) from error
    except (GoogleAuthError, TimeoutError) as error:
        raise Unavailable(
            f"expected Google credentials within {_LOOK_UP_SECONDS:g} s, got {type(error).__name__}; try again later, "
            f"or {_LOG_IN}"
        ) from error


def _look_up() -> Any:
    """In Cloud Run, where every service has an account, that of the service: to ask whether it has one could only fail.

    The variable is named in Cloud Run's documentation, "Container runtime contract".
    """
    if os.environ.get("K_SERVICE") and not os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return compute_engine.Credentials(scopes=[_SCOPE])  # type: ignore[no-untyped-call]  # the library's
    return google.auth.default(scopes=[_SCOPE])[0]


def needs(permissions: str, on: str, role: str) -> str:
    """Return what fixes a refusal: the permissions, on what, and the smallest predefined role that has them."""
    return f"needs {permissions} on {on} (it is in {role})"


def countdown(timeout: float, what: str) -> Callable[[], float]:
    """Return a function that says how many of these seconds are left. It raises Unavailable when none is."""
    until = monotonic() + timeout

    def left() -> float:
        seconds = until - monotonic()
        if seconds <= 0:
            raise Unavailable(f"{what}: expected to be done within {timeout:g} s, was not", fix=_LATER)
        return seconds

    return left


@contextmanager
def translated(what: str, grant: str) -> Iterator[None]:
    """Turn the library's exceptions into ours. `what` was tried; `grant` is what fixes a refusal."""
    try:
        yield
    except exceptions.NotFound as error:
        raise Missing(f"{what}: not found ({_said(error)})") from error
    except (exceptions.PermissionDenied, exceptions.Unauthenticated) as error:
        raise Denied(f"{what}: permission denied ({_said(error)})", fix=grant) from error
    except exceptions.TooManyRequests as error:
        said = f"{what}: quota used up ({_said(error)})"
        raise RateLimited(said, fix=_LATER, retry_after=retry_after(error), limit=told_limit(error)) from error
    except _PASSING as error:
        said = f"{what}: expected an answer, got none to rely on ({_said(error)})"
        raise Unavailable(said, fix=_LATER, ambiguous=True, retry_after=retry_after(error)) from error
    except exceptions.GoogleAPICallError as error:
        raise Refused(f"{what}: refused ({_said(error)})") from error
    except exceptions.GoogleAPIError as error:
        raise ServiceError(f"{what}: {error}") from error


def _said(error: Exception) -> str:
    return str(getattr(error, "message", None) or error)[:300]


def retry_after(error: exceptions.GoogleAPICallError) -> float | None:
    """Return the seconds that the service asks to wait, or None where it does not say.

    It says so in a detail of its answer (`google.rpc.RetryInfo`), or as HTTP does, in the metadata that end the answer.
    """
    for detail in error.details:
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds + delay.nanos / 1e9)
    for name, value in _metadata(error):
        if name == "retry-after" and isinstance(value, str) and value.isdecimal() and len(value) < _MOST_DIGITS:
            return float(value)
    return None


def told_limit(error: exceptions.GoogleAPICallError) -> int | None:
    """Return how many calls a minute the service says it takes, or None where it does not say.

    Service Infrastructure's refusals tell it in `google.rpc.ErrorInfo`, as `quota_limit_value`.
    """
    told = (error.metadata or {}).get("quota_limit_value", "")
    return int(told) if isinstance(told, str) and told.isdecimal() and len(told) < _MOST_DIGITS else None


def _metadata(error: exceptions.GoogleAPICallError) -> Iterable[tuple[str, str | bytes]]:
    """Return what came with the end of the answer; nothing where the call ended without one."""
    return (error.response.trailing_metadata() or ()) if isinstance(error.response, grpc.Call) else ()
