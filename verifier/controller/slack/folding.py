"""A further red message of the same kind within an hour replies to the first one, and the channel shows it as well.

Which message is the first is chosen where the channel's second is taken, in the same write: so instances agree, and a
message that is no further one costs nothing. Where that first message stands is read off its build's record.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.controller.slack.channel_state import ChannelState
from verifier.facts.build import Build
from verifier.times import parse_time, show_time

_RED = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})
_MOST_KINDS = 30
_MOST_MESSAGES = 50
_SHORT = 16


@dataclass(frozen=True, slots=True)
class RedMessages:
    """The red messages of one kind, of the last while."""

    kind: str
    since: datetime
    """When the first of them was posted."""
    builds: tuple[str, ...]
    """The names of their builds' records, in order."""


@dataclass(frozen=True, slots=True)
class FurtherRed:
    """A message that is a further one of its kind."""

    parent: str
    """The name of the first one's record."""
    count: int
    """Which one it is, from 2."""
    since: datetime
    """When the first one was posted."""


def kind_of(build: Build, judgement: Judgement, policy: Policy) -> str:
    """Return what red messages have to have in common: image, verdict, and who is called; empty where none folds."""
    verdict = judgement.verdict
    if verdict not in _RED or not policy.fold or not build.images:
        return ""
    route = policy.route(verdict, build)
    parts = (build.images[0].untagged, verdict, route.channel, route.mention)
    return sha256("\n".join(parts).encode()).hexdigest()[:_SHORT]


def entered(state: ChannelState, kind: str, build: str, now: datetime, span: timedelta) -> ChannelState:
    """Return the channel with this build's message among those of its kind; those of before are forgotten."""
    fresh = [one for one in red_messages(state) if now < one.since + span]
    mine = next((one for one in fresh if one.kind == kind), None)
    if mine is None:
        fresh.append(RedMessages(kind, now, (build,)))
    elif build not in mine.builds and len(mine.builds) < _MOST_MESSAGES:
        fresh[fresh.index(mine)] = replace(mine, builds=(*mine.builds, build))
    return replace(state, reds=_text(fresh[-_MOST_KINDS:]))


def folded(state: ChannelState, kind: str, build: str) -> FurtherRed | None:
    """Return what this build's message is a further one of; None where it is the first."""
    mine = next((one for one in red_messages(state) if one.kind == kind), None)
    if mine is None or build not in mine.builds or mine.builds[0] == build:
        return None
    return FurtherRed(mine.builds[0], mine.builds.index(build) + 1, mine.since)


def red_messages(state: ChannelState) -> list[RedMessages]:
    """Return what the channel's document says of red messages; what can't be read is as if there had been none."""
    try:
        return [
            RedMessages(str(kind), parse_time(since), tuple(map(str, builds)))
            for kind, since, builds in json.loads(state.reds or "[]")
        ]
    except (TypeError, ValueError):
        return []


def _text(messages: Sequence[RedMessages]) -> str:
    rows = [[one.kind, show_time(one.since), list(one.builds)] for one in messages]
    return json.dumps(rows, separators=(",", ":"))
