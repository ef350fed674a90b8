"""What a policy says of Slack and what needs more than one key to be read: which greens, and the line of the day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, time, tzinfo
from typing import TYPE_CHECKING

from verifier.checks.policy import Greens, Route
from verifier.checks.policy_table import Table
from verifier.checks.verdict import Verdict

if TYPE_CHECKING:
    from verifier.checks.day import Daily

CHANNEL = r"^[CDG][A-Z0-9]+$"
A_CHANNEL = "a channel's id, such as C0123456789"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_A_ZONE = "the name of a time zone, such as Europe/Berlin or UTC"


def read_greens(slack: Table, posts: Collection[Verdict], routes: Sequence[Route]) -> Greens:
    """Return which VERIFIED builds are posted, and note what contradicts it.

    | also said | with `verified` |
    |---|---|
    | `post` has VERIFIED: every one is posted | contradicts it, whatever it says |
    | `post_verified_worker = true` | is the same as "worker", and contradicts the others |
    | `post_verified_worker = false` | is the same as "none", and contradicts the others |
    | a route for VERIFIED alone | contradicts "none": nothing would go there |
    """
    chosen = slack.choice("verified", Greens)
    is_said = slack.take("post_verified_worker") is not None
    before = Greens.WORKER if slack.flag("post_verified_worker", default=True) else Greens.NONE
    if chosen is None:
        return before
    if Verdict.VERIFIED in posts:
        slack.wrong("verified", "it left out, since VERIFIED in `post` posts every one", str(chosen))
    elif is_said and before is not chosen:
        slack.wrong("verified", f'"{before}", which `post_verified_worker` says, or it alone', str(chosen))
    elif chosen is Greens.NONE and any(route.verdicts == {Verdict.VERIFIED} for route in routes):
        slack.wrong("verified", '"worker" or "changes", since a route is for VERIFIED alone', str(chosen))
    return chosen


def read_daily(slack: Table) -> Daily | None:
    """Return when and where the day before has its line; None where it has none."""
    text = slack.text("daily", _TIME, 'a time of day, such as "09:00"')
    zone = _zone(slack, slack.text("time_zone", expected=_A_ZONE))
    channel = slack.text("daily_channel", CHANNEL, A_CHANNEL)
    if slack.take("daily") is None:
        for key in ("time_zone", "daily_channel"):
            if slack.take(key) is not None:
                slack.wrong("daily", f'a time of day, such as "09:00", since `{key}` is for it', None)
        return None
    if not text:
        return None
    from verifier.checks.day import Daily  # what tells of days is loaded where they are told of

    return Daily(time.fromisoformat(text), zone, channel)


def _zone(slack: Table, name: str) -> tzinfo:
    """Return the zone of this name, UTC for none; one that nobody knows is noted."""
    if name in ("", "UTC"):
        return UTC
    from zoneinfo import ZoneInfo  # which looks for its data, a thing that few policies need

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown; no name of one; a folder of them
        slack.wrong("time_zone", _A_ZONE, name)
        return UTC
