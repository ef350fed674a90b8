"""What Slack says of the bot's token and of the channels, and what must hold of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verifier.adapters.slack_errors import FIXES
from verifier.checks.policy import Policy
from verifier.doctor.rows import Need, Row, fails, holds, unknown

_HISTORY = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})
_REINSTALL = "under OAuth & Permissions, then reinstall the app and store its new token"


@dataclass(frozen=True, slots=True)
class Bot:
    """Whose token it is."""

    team: str
    user: str
    scopes: frozenset[str]
    """What the token is good for; empty where Slack did not say."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, as the bot sees it."""

    identifier: str
    refusal: str
    """Slack's word for why its history can't be read; empty when it can."""
    is_member: bool | None = None
    """None: Slack does not tell the bot."""
    is_archived: bool | None = None


def channels_of(policy: Policy | None, default: str) -> list[str]:
    """Return the channels that anything goes to, the default one first."""
    routed = [route.channel for route in policy.routes] if policy else []
    daily = policy.daily.channel if policy and policy.daily else ""
    return list(dict.fromkeys(filter(None, [default, *routed, daily])))


def token_rows(bot: Bot) -> Iterator[Row]:
    """Return what a valid token must be good for."""
    yield holds(Need.SLACK_TAKES_THE_TOKEN, bot.team, f"it is the token of the bot {bot.user}")
    need, about = Need.SLACK_SCOPES_SUFFICE, bot.user
    if not bot.scopes:
        remedy = f"look for chat:write and channels:history {_REINSTALL}"
        yield unknown(need, about, "Slack did not say what the token is good for", remedy)
    elif "chat:write" not in bot.scopes:
        yield fails(need, about, "the token lacks chat:write", f"add chat:write {_REINSTALL}")
    elif not bot.scopes & _HISTORY:
        seen = "the token lacks channels:history, so a message may be posted twice after a crash"
        yield fails(need, about, seen, f"add channels:history (or groups:history) {_REINSTALL}")
    else:
        yield holds(need, about, ", ".join(sorted(bot.scopes & (_HISTORY | {"chat:write"}))))


def no_token_row(code: str, renewal: str) -> Row:
    """Return the row where Slack refuses the token."""
    seen = f"Slack refuses the token ({code}): {_fix(code, 'the channel', '@<app>')}"
    return fails(Need.SLACK_TAKES_THE_TOKEN, "", seen, renewal)


def channel_row(channel: Channel, bot: Bot) -> Row:
    """Whether the bot can post to a channel and find what it posted."""
    need, about, name = Need.BOT_IS_IN_THE_CHANNEL, channel.identifier, f"@{bot.user or '<app>'}"
    if channel.is_archived:
        return fails(need, about, "it is archived", _fix("is_archived", about, name))
    if channel.is_member is False or channel.refusal == "not_in_channel":
        return fails(need, about, "the bot is not a member", _fix("not_in_channel", about, name))
    if channel.refusal == "missing_scope":
        return unknown(need, about, "its history can't be read for want of a scope", f"fix {Need.SLACK_SCOPES_SUFFICE}")
    if channel.refusal:
        return fails(need, about, f"Slack refuses it: {channel.refusal}", _fix(channel.refusal, about, name))
    return holds(need, about, "the bot is a member, and can find what it posted")


def _fix(code: str, channel: str, bot: str) -> str:
    fix = FIXES.get(code, "see Slack's documentation of this error")
    return fix.format(channel=channel).replace("@<app>", bot)
