"""How the stand-in says no, and the resource names and page tokens that it says no to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1000


class RefusalError(Exception):
    """A call that the platform would refuse: a gRPC status name and the message that goes with it.

    `reason` and `details` are the ErrorInfo that goes with it, where there is one; `retry_after` the seconds that it
    asks to wait for.
    """

    def __init__(
        self,
        status: str,
        message: str,
        *,
        reason: str = "",
        details: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.details = details or {}
        self.retry_after = retry_after


def invalid(message: str) -> RefusalError:
    """Return the refusal of a request that makes no sense."""
    return RefusalError("INVALID_ARGUMENT", message)


def not_found(message: str) -> RefusalError:
    """Return the refusal of a request for what does not exist."""
    return RefusalError("NOT_FOUND", message)


def parse_name(name: str, *collections: str) -> tuple[str, ...]:
    """Return the ids in a resource name of these collections. Raise `RefusalError` when it has another shape."""
    parts = name.split("/")
    if tuple(parts[::2]) != collections or len(parts) != 2 * len(collections) or "" in parts:
        expected = "/".join(f"{collection}/*" for collection in collections)
        raise invalid(f"Invalid resource name: expected {expected}, got {name!r}.")
    return tuple(parts[1::2])


def page_size(asked: int) -> int:
    """How many things a page of builds or executions has. Raise `RefusalError` for a negative number."""
    if asked < 0:
        raise invalid(f"Invalid page size: expected 0 or more, got {asked}.")
    return min(asked or _DEFAULT_PAGE, _LARGEST_PAGE)


def page_token(cursor: object, *question: str) -> str:
    """Return a token to go on from `cursor` (JSON values), good for this question only."""
    return base64.urlsafe_b64encode(json.dumps([_mark(question), cursor]).encode()).decode()


def page_cursor(token: str, *question: str) -> object | None:
    """Return the cursor in a token, None for no token. Raise `RefusalError` for one made for another question."""
    if not token:
        return None
    try:
        mark, cursor = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, TypeError):
        raise invalid(f"Invalid page token: {token!r} was not made by this service.") from None
    if mark != _mark(question):
        raise invalid("Invalid page token: it was made for another request; start again from the first page.")
    return cursor  # type: ignore[no-any-return]  # JSON that this module wrote


def _mark(question: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:16]
