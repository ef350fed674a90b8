"""Reading the trigger that ran a build, where a command asks the cloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from verifier.checks.policy import BuildConfig, Policy
from verifier.cli.surroundings import stand_in_address
from verifier.errors import Malformed, ServiceError
from verifier.facts.build import Build
from verifier.facts.trigger import OFFLINE, Trigger, Unread

if TYPE_CHECKING:
    from verifier.adapters.triggers import CloudTriggers

_SECONDS = 15.0


def trigger_reader(policy: Policy) -> Callable[[Build], Trigger | Unread]:
    """Return what reads a build's trigger where its verdict rests on it; it raises nothing.

    Nothing is connected before there is a trigger to read: a build's file can be judged without credentials.
    """
    connected: list[CloudTriggers] = []

    def read(build: Build) -> Trigger | Unread:
        if not build.trigger_id or not (build.pull_request or policy.build_config is BuildConfig.REPOSITORY):
            return OFFLINE
        try:
            if not connected:
                connected.append(_connected())
            return connected[0].read(build.key.project, build.key.location, build.trigger_id, timeout=_SECONDS)
        except (ServiceError, Malformed) as error:
            return Unread(str(error))

    return read


def _connected() -> CloudTriggers:
    from verifier.adapters.triggers import CloudTriggers

    return CloudTriggers(lambda: datetime.now(UTC), stand_in_address())
