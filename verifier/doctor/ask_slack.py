"""Asking Slack about the bot and its channels. The token is in no message."""

from __future__ import annotations

import logging
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient

from verifier.adapters.slack import API_URL
from verifier.checks.verdict import Outcome
from verifier.doctor.rows import AGAIN, Trouble
from verifier.doctor.slack import Bot, Channel

_SECONDS = 15
_SILENT = logging.Logger("slack_sdk", logging.CRITICAL)  # noqa: LOG001 - no configuration may wake it


class Refusal(Exception):
    """Slack's word for why it refuses a call."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_bot(token: str, api_url: str) -> Bot:
    """Whose token it is. Raise Refusal when Slack does not take it, and Trouble without an answer."""
    answer = _call(token, api_url, "auth.test", {})
    scopes = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), "")
    granted = frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
    return Bot(str(answer.get("team", "")), str(answer.get("user", "")), granted)


def read_channel(token: str, api_url: str, channel: str) -> Channel:
    """Return a channel as the bot sees it. Raise Trouble without an answer."""
    member: bool | None = None
    archived: bool | None = None
    try:
        found: Any = _call(token, api_url, "conversations.info", {"channel": channel}).get("channel") or {}
        member, archived = found.get("is_member"), found.get("is_archived")
    except Refusal as refusal:
        if refusal.code != "missing_scope":  # the verifier itself never needs channels:read
            return Channel(channel, refusal.code)
    try:
        _call(token, api_url, "conversations.history", {"channel": channel, "limit": 1})
    except Refusal as refusal:
        return Channel(channel, refusal.code, member, archived)
    return Channel(channel, "", member, archived)


def _call(token: str, api_url: str, method: str, arguments: dict[str, Any]) -> SlackResponse:
    client = WebClient(token, base_url=api_url or API_URL, timeout=_SECONDS, retry_handlers=[], logger=_SILENT)
    try:
        return client.api_call(method, params=arguments)
    except SlackApiError as error:
        data = error.response.data
        code = data.get("error") if isinstance(data, dict) else None
        if isinstance(code, str) and code not in ("ratelimited", "internal_error", "service_unavailable"):
            raise Refusal(code) from error
        seen = f"{method}: no answer to rely on ({code or error.response.status_code})"
        raise Trouble(Outcome.COULD_NOT_CHECK, seen, AGAIN) from error
    except (SlackClientError, OSError, HTTPException, ValueError, LookupError, AttributeError) as error:
        seen = f"{method}: Slack could not be reached ({type(error).__name__})"
        raise Trouble(Outcome.COULD_NOT_CHECK, seen, AGAIN) from error
