"""Step 4 of the story: the build as Cloud Build has it, and patience with one that can't be read."""

from __future__ import annotations

from datetime import timedelta

from verifier.controller.attempt import Attempt, GiveUp, RequeueAt
from verifier.controller.budget import CALL_SECONDS
from verifier.controller.notify import write_audit
from verifier.controller.signals import build_unread
from verifier.controller.unconfirmed import count_unconfirmed
from verifier.errors import Denied, Malformed, Missing, RateLimited, Refused, Unavailable
from verifier.facts.build import TERMINAL, Build, parse_build
from verifier.facts.build_document import is_whole
from verifier.reporting.audit_entry import unconfirmed_entry

_PATIENCE = timedelta(minutes=15)
"""For how long a build that Cloud Build does not know may be one that it will know soon."""
_GIVE_UP = timedelta(days=7)
"""For how long a build that we may not read is asked for every hour; then once a day."""
_AT_LAST_SECONDS = 86_400.0
_ASK_AGAIN_SECONDS = 60.0
_MOST_ASK_AGAIN_SECONDS = 3600.0
_MOST_EARLY_SECONDS = 600.0
"""For a build that goes on: its record keeps the listing from finding it, so nobody else may hear of its end."""


def fetch_build(attempt: Attempt) -> Build | RequeueAt | GiveUp:
    """Return the build as Cloud Build has it, which a record keeps once it is terminal; or what is to be done instead.

    Raises ServiceError when Cloud Build can't be asked.
    """
    kept = attempt.record.build
    if kept is not None and (is_whole(kept) or attempt.record.judgement):
        # What 0.1.0 kept is not enough to judge a build by today's rules: that one is fetched again.
        return parse_build(kept)
    try:
        build = _asked_for(attempt)
    except (Missing, Denied, Refused, Malformed) as error:
        return _unconfirmed(attempt, error)
    except RateLimited as error:
        return attempt.rate_limited(error, missing=None)
    except Unavailable as error:
        attempt.note(missing=None)
        _warn(attempt, error)
        raise
    if build.status not in TERMINAL:
        age = (attempt.now() - attempt.record.created).total_seconds()
        return attempt.requeue(min(max(_ASK_AGAIN_SECONDS, age / 2), _MOST_EARLY_SECONDS), missing=None)
    return build


def _asked_for(attempt: Attempt) -> Build:
    """Return Cloud Build's answer. Raises ServiceError, and Malformed for the answer to another question."""
    try:
        build = attempt.services.builds.fetch(attempt.key, timeout=attempt.budget.seconds(CALL_SECONDS))
    except (Denied, Unavailable) as error:
        attempt.deployment.signal(build_unread(attempt.record, attempt.now(), error))
        raise
    if build.key != attempt.key:
        raise Malformed(f"expected build {attempt.key.name}, got {build.key.name}")
    return build


def _unconfirmed(attempt: Attempt, error: Exception) -> RequeueAt | GiveUp:
    """Return how long to wait for a build that can't be read. Patience first; then the audit trail hears of it, once.

    One that could not be asked for, or was there, may be missing once: only what stays missing is given up.
    """
    _warn(attempt, error)
    missing = (attempt.record.missing or attempt.now()) if isinstance(error, Missing) else None
    age = attempt.now() - (missing or attempt.record.created)
    if missing and age >= _PATIENCE:
        return GiveUp()
    most = _MOST_ASK_AGAIN_SECONDS if age < _GIVE_UP else _AT_LAST_SECONDS
    seconds = min(max(_ASK_AGAIN_SECONDS, age.total_seconds()), most)
    return attempt.requeue(seconds, error=str(error), missing=missing)


def _warn(attempt: Attempt, error: Exception) -> None:
    """Tell the audit trail once that this build can't be read, when it could not for long. Raises ServiceError."""
    if attempt.record.warned or attempt.now() - attempt.record.created < _PATIENCE:
        return
    entry = unconfirmed_entry(attempt.key, str(error), attempt.record.created + _PATIENCE)
    write_audit(attempt.deployment, entry, attempt.budget.seconds(CALL_SECONDS))
    count_unconfirmed(attempt.services.store, attempt.key, str(error), attempt.now(), attempt.budget)
    attempt.note(warned=True)
