"""What Slack's refusals and silences mean, and what a person does about each."""

from __future__ import annotations

import math
import re
import socket
import ssl
from urllib.error import URLError

from verifier.errors import NoSuchThread, Refused, ServiceError, Unavailable


class TooMuch(Refused):
    """Slack does not take the message as it is: too long, or blocks that it does not know."""


class NotAllowed(Refused):
    """The app lacks a scope, or is not where it would have to be."""


FIXES = {
    "access_denied": "let the app's token post to {channel}",
    "accesslimited": "allow the function's network among the workspace's approved addresses",
    "account_inactive": "the app was removed: install it again and store its new bot token",
    "action_prohibited": "allow apps to post to {channel} in the workspace's settings",
    "channel_is_archived": "unarchive {channel}, or set another channel",
    "channel_not_found": "set the channel's ID (it stands below the channel's details), and if the channel is "
    "private, invite the app there: /invite @<app>",
    "ekm_access_denied": "an administrator has suspended posting: restore the workspace's encryption key access",
    "enterprise_is_restricted": "install the app in one workspace of the organization and store that bot token",
    "invalid_auth": "store the bot token (xoxb-...) of an installed app, and allow the function's network if the "
    "app restricts addresses",
    "invalid_token": "create a new incoming webhook and store its address",
    "is_archived": "unarchive {channel}, or set another channel",
    "is_inactive": "unarchive {channel}, or set another channel",
    "missing_scope": "add the bot token scope chat:write (and channels:history, groups:history) under "
    "OAuth & Permissions, then reinstall the app",
    "no_active_hooks": "turn incoming webhooks on for the app, or store the address of another webhook",
    "no_permission": "give the app's bot token the scope chat:write, and allow it to post to {channel}",
    "no_service": "the incoming webhook was removed or disabled: create a new one and store its address",
    "no_service_id": "the webhook's address is cut short: store the whole address",
    "no_team": "the webhook's workspace does not exist: create a webhook in the right one and store its address",
    "not_allowed_token_type": "store a bot token (xoxb-...), no other kind of token",
    "not_authed": "store the bot token (xoxb-...) in the secret that the function reads",
    "not_in_channel": "invite the app: /invite @<app> in {channel}",
    "org_login_required": "the workspace is moving to an organization: wait until it has, then reinstall the app",
    "posting_to_general_channel_denied": "allow apps to post to the general channel, or set another channel",
    "restricted_action": "allow the app to post to {channel} in the workspace's posting settings",
    "restricted_action_read_only_channel": "allow the app to post to the read-only {channel}",
    "restricted_action_thread_only_channel": "set a channel that takes messages outside threads",
    "team_access_not_granted": "grant the app access to the workspace that {channel} belongs to",
    "team_disabled": "the workspace was disabled: restore it, or store a webhook of another one",
    "team_not_found": "reinstall the app in the workspace and store its new bot token",
    "token_expired": "turn token rotation off for the app, reinstall it and store its new bot token",
    "token_revoked": "reinstall the app and store its new bot token",
    "two_factor_setup_required": "whoever installed the app must set up two-factor authentication",
    "HTTP 403": "check the address that is set for Slack, and that nothing between blocks it",
    "HTTP 404": "check the address that is set for Slack",
    "HTTP 410": "the address is gone: create a new incoming webhook and store its address",
}
"""Slack's code for a refusal that lasts, and the fix."""

FIXES_OF_ONE = {
    "cannot_reply_to_message": "nothing is to be done: it is posted as a message of its own",
    "cant_update_message": "let no other app write into the message; what it was to say is posted by itself",
    "edit_window_closed": "allow apps to edit their messages at any time in the workspace's settings; what it was to "
    "say is posted by itself",
    "message_not_found": "nothing is to be done where somebody deleted it; what it was to say is posted by itself",
    "restricted_action_non_threadable_channel": "nothing is to be done: it is posted as a message of its own",
    "thread_not_found": "nothing is to be done where somebody deleted it: it is posted as a message of its own",
}
"""Slack's code for a refusal that lasts and is about one message alone, and the fix."""

_UNKNOWN_FIX = "see Slack's documentation of chat.postMessage"
_BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_TROUBLE = {
    "fatal_error",
    "internal_error",
    "request_timeout",
    "rollup_error",
    "service_unavailable",
    "team_added_to_org",
}
_TOO_MUCH = {
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "msg_blocks_too_long",
    "msg_too_long",
}
_NOT_ALLOWED = {
    "access_denied",
    "channel_not_found",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_in_channel",
}
_NO_THREAD = {"cannot_reply_to_message", "restricted_action_non_threadable_channel", "thread_not_found"}
_CODE = re.compile(r"[a-z][a-z0-9_]{0,79}")


def answered(status: int, code: object, retry_after: object, channel: str) -> ServiceError:
    """Return the meaning of an answer that is no success: its HTTP status, Slack's code and its Retry-After header."""
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    what = code or f"HTTP {status}"
    if status == 429 or code in _BUSY:
        return Unavailable(
            f"Slack asks to slow down ({what}) in {channel}: nothing was posted; try again later",
            retry_after=_seconds(retry_after),
        )
    if status >= 500 or status == 408 or code in _TROUBLE:
        return _ambiguous(what)
    if status == 200 and not code:
        return unreadable()
    if code in _TOO_MUCH:
        return TooMuch(f"Slack does not take the message for {channel}: {code}", fix="shorten it or fix its blocks")
    kind = NoSuchThread if code in _NO_THREAD else NotAllowed if code in _NOT_ALLOWED else Refused
    fix = FIXES.get(what, FIXES_OF_ONE.get(what, _UNKNOWN_FIX)).format(channel=channel)
    return kind(f"Slack refuses the call for {channel}: {what}", fix=fix, wide=what in FIXES)


def unanswered(error: Exception) -> Unavailable:
    """Return the meaning of a call that ended without an answer that can be read."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
        return Unavailable(
            f"Slack could not be reached ({type(reason).__name__}): nothing was posted; check the network and "
            "the address that is set for Slack"
        )
    return _ambiguous(type(reason).__name__)


def unreadable() -> Unavailable:
    """Return the meaning of a success that does not say what it must."""
    return _ambiguous("an answer that is not Slack's")


def _ambiguous(what: str) -> Unavailable:
    return Unavailable(
        f"expected Slack's answer, got {what}: the message may have been posted; look for it before trying again",
        ambiguous=True,
    )


def _seconds(retry_after: object) -> float | None:
    try:
        seconds = float(str(retry_after))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
