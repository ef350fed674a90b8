"""What the adapters of Google's services share: how a channel is made, and what each refusal means to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.api_core import exceptions

from verifier.errors import Denied, Missing, Refused, ServiceError, Unavailable

_PASSING = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.BadGateway,
    exceptions.GatewayTimeout,
    exceptions.Unknown,
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.RetryError,
)
"""The call may have taken effect, and may work another time."""


def loopback_channel(address: str) -> grpc.Channel:
    """A plain channel to the stand-in. Settings accept loopback addresses only."""
    return grpc.insecure_channel(address)


@contextmanager
def translated(what: str, grant: str) -> Iterator[None]:
    """Turn the library's exceptions into ours. `what` was tried; `grant` is what makes a refusal heal."""
    try:
        yield
    except exceptions.NotFound as error:
        raise Missing(f"{what}: not found ({_said(error)})") from error
    except (exceptions.PermissionDenied, exceptions.Unauthenticated) as error:
        raise Denied(f"{what}: permission denied ({_said(error)}); {grant}") from error
    except exceptions.TooManyRequests as error:
        raise Unavailable(f"{what}: quota used up ({_said(error)})", retry_after=_retry_after(error)) from error
    except _PASSING as error:
        raise Unavailable(f"{what}: no answer in time ({_said(error)})", ambiguous=True) from error
    except exceptions.GoogleAPICallError as error:
        raise Refused(f"{what}: refused ({_said(error)})") from error
    except exceptions.GoogleAPIError as error:
        raise ServiceError(f"{what}: {error}") from error


def _said(error: Exception) -> str:
    return str(getattr(error, "message", None) or error)[:300]


def _retry_after(error: exceptions.GoogleAPICallError) -> float | None:
    for detail in error.details:
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds + delay.nanos / 1e9)
    return None
