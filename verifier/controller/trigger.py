"""The trigger that ran a build, read where its verdict may rest on it."""

from __future__ import annotations

from verifier.checks.policy import BuildConfig
from verifier.controller.attempt import Attempt
from verifier.controller.budget import CALL_SECONDS
from verifier.errors import Denied, Malformed, Missing, RateLimited, Refused, Unavailable
from verifier.facts.build import Build
from verifier.facts.source import Commit, Source
from verifier.facts.trigger import Trigger, Unread

_MOST_ATTEMPTS = 5
"""How often a verdict waits for a trigger that can't be read now, and that it rests on."""


def trigger_of(attempt: Attempt, build: Build, source: Source) -> Trigger | Unread:
    """Return the trigger that ran this build of a commit, or why it was not read. Raise Unavailable to wait for it."""
    if not build.trigger_id:
        return Unread("no trigger ran it")
    if not isinstance(source, Commit):
        return Unread("its source is no commit")
    key = build.key
    try:
        timeout = attempt.budget.seconds(CALL_SECONDS)
        return attempt.services.triggers.read(key.project, key.location, build.trigger_id, timeout=timeout)
    except (Missing, Denied, Refused, Malformed) as error:
        return Unread(str(error))
    except Unavailable as error:
        matters = build.pull_request or attempt.deployment.policy.build_config is BuildConfig.REPOSITORY
        if matters and (isinstance(error, RateLimited) or attempt.record.attempts < _MOST_ATTEMPTS):
            raise
        return Unread(str(error))
