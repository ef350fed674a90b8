"""Slack's stand-in: its Web API and an incoming webhook over HTTP on loopback, and a page to read the messages on."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from verifier.standin import inbox
from verifier.standin.clock import Clock
from verifier.standin.faults import Fault, Faults
from verifier.standin.loopback import LoopbackServer, Reply, Request
from verifier.standin.workspace import Workspace
from verifier.standin.workspace_message import SlackMessage, SlackRefusalError

TOKEN = "xoxb-stand-in"  # noqa: S105 - opens nothing but the stand-in
CHANNELS = MappingProxyType({"C0BUILDS01": "builds"})
"""Name by ID of the channels that there are unless others are given."""

_API = "/api/"
_WEBHOOK = "/services/T0/B0/secret"
_WEBHOOK_STATUS = {
    "action_prohibited": 403,
    "channel_is_archived": 410,
    "channel_not_found": 404,
    "invalid_token": 403,
    "no_service": 404,
}
_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"

_Refuse = Callable[[SlackRefusalError], Reply]


class SlackStandIn:
    """Slack as far as the project uses it, from the start of its `with` block to the end.

    A fault's call is the method's name, such as `chat.postMessage`, or `webhook`. Its status is an HTTP status such
    as `500`, one of Slack's error codes, or `reset`, which closes the connection without an answer; `UNAVAILABLE`
    is `503`.
    """

    def __init__(
        self,
        faults: Faults,
        clock: Clock,
        *,
        channels: Mapping[str, str] = CHANNELS,
        rate_limit: bool = True,
    ) -> None:
        """`channels`: name by ID; the webhook posts to the first. `rate_limit`: one message a second a channel."""
        self._faults, self._clock = faults, clock
        self.workspace = Workspace(clock, channels, rate_limit=rate_limit)
        self._closing = threading.Event()
        self._server = LoopbackServer(self._respond)
        self.api_url = f"{self._server.address}{_API}"
        self.webhook_url = f"{self._server.address}{_WEBHOOK}"
        self.inbox_url = f"{self._server.address}/"

    @property
    def messages(self) -> tuple[SlackMessage, ...]:
        """Every message of every channel, in the order of posting."""
        return self.workspace.messages

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.__exit__(kind, error, trace)

    def _respond(self, request: Request) -> Reply | None:
        match request.verb, request.path:
            case "POST", path if path.startswith(_API):
                method = path.removeprefix(_API)
                return self._under_faults(method, _refuse_api, lambda: self._api(method, request))
            case "POST", path if path.startswith("/services/"):
                return self._under_faults("webhook", _refuse_webhook, lambda: self._hook(request))
            case "GET", "/":
                nonce = secrets.token_urlsafe(16)
                page = inbox.page(self.messages, nonce, self._clock())
                return Reply(page.encode(errors="replace"), content_type=_HTML, headers=inbox.headers(nonce))
            case "GET", "/messages.html":
                fragment = inbox.fragment(self.messages, self._clock())
                return Reply(fragment.encode(errors="replace"), content_type=_HTML)
        return _plain(HTTPStatus.NOT_FOUND)

    def _under_faults(self, call: str, refuse: _Refuse, act: Callable[[], Reply]) -> Reply | None:
        def answer() -> Reply:
            try:
                return act()
            except SlackRefusalError as refusal:
                return refuse(refusal)

        fault = self._faults.next(call)
        if fault is None:
            return answer()
        match fault.kind:
            case "slow":
                self._closing.wait(fault.seconds)
                return answer()
            case "hang":
                self._closing.wait()
                return None
            case "after":
                answer()
        return _failure(fault, refuse)

    def _api(self, method: str, request: Request) -> Reply:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if (scheme, token) != ("Bearer", TOKEN):
            raise SlackRefusalError("invalid_auth" if token else "not_authed")
        answer = _json({"ok": True, **self.workspace.call(method, _arguments(request))})
        return answer._replace(headers={"X-OAuth-Scopes": ",".join(sorted(self.workspace.scopes))})

    def _hook(self, request: Request) -> Reply:
        if request.path != _WEBHOOK:
            raise SlackRefusalError("no_service")
        try:
            payload = json.loads(request.body)
        except ValueError:
            payload = None
        if not isinstance(payload, dict):
            raise SlackRefusalError("invalid_payload")
        self.workspace.post_by_webhook(payload)
        return Reply(b"ok", content_type=_TEXT)


def _arguments(request: Request) -> dict[str, Any]:
    """Return the arguments of a method, from JSON or a form. Raise SlackRefusalError."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if not request.body:
        return {}
    try:
        if kind == "application/json":
            arguments = json.loads(request.body)
        elif kind == "application/x-www-form-urlencoded":
            arguments = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            for name in arguments.keys() & {"blocks", "metadata"}:
                arguments[name] = json.loads(arguments[name])
        else:
            raise SlackRefusalError("invalid_post_type")
    except ValueError:
        raise SlackRefusalError("invalid_json") from None
    if not isinstance(arguments, dict):
        raise SlackRefusalError("json_not_object")
    return arguments


def _refuse_api(refusal: SlackRefusalError) -> Reply:
    answer = {"ok": False, "error": refusal.code}
    if refusal.details:
        answer["response_metadata"] = {"messages": [f"[ERROR] {detail}" for detail in refusal.details]}
    if refusal.retry_after is None:
        return _json(answer)
    return _json(answer)._replace(status=429, headers=_wait(refusal.retry_after))


def _refuse_webhook(refusal: SlackRefusalError) -> Reply:
    if refusal.retry_after is not None:
        return Reply(b"rate_limited", 429, _TEXT, _wait(refusal.retry_after))
    return Reply(refusal.code.encode(), _WEBHOOK_STATUS.get(refusal.code, 400), _TEXT)


def _failure(fault: Fault, refuse: _Refuse) -> Reply | None:
    if fault.status == "reset":
        return None
    status = "503" if fault.status == "UNAVAILABLE" else fault.status
    if status.isdecimal():
        wait = {} if fault.retry_after is None else _wait(fault.retry_after)
        return _plain(HTTPStatus(int(status)))._replace(headers=wait)
    return refuse(SlackRefusalError(fault.status, retry_after=fault.retry_after))


def _wait(seconds: float) -> dict[str, str]:
    return {"Retry-After": f"{seconds:g}"}


def _json(answer: Mapping[str, Any]) -> Reply:
    return Reply(json.dumps(answer).encode())


def _plain(status: HTTPStatus) -> Reply:
    return Reply(status.phrase.encode(), status, _TEXT)
