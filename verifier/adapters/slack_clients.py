"""Slack's own clients, made such that a call which was given up can't be heard of any more.

Their time-out bounds each wait of the network, but neither the name server's nor the sum of them all; and an instance
may be frozen between two requests, in the midst of a call that nobody waits for, to go on with it when it is thawed.
Each of them opens its connection in one method, which is replaced here: the client library has no other place for it.
"""

from __future__ import annotations

import logging
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from time import monotonic
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from slack_sdk.web import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

_SILENT = logging.Logger("slack_sdk", logging.CRITICAL)  # noqa: LOG001 - no configuration may wake it
"""At DEBUG the client would log the webhook's secret address; what fails is raised anyway."""


class TimelyWebClient(WebClient):
    """A `WebClient` that tries once, and sends nothing after a moment of `time.monotonic`."""

    def __init__(self, token: str, base_url: str, until: float) -> None:
        super().__init__(token, base_url=base_url, timeout=_seconds(until), retry_handlers=[], logger=_SILENT)
        self._until = until

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:  # noqa: ARG002 - the base's
        answer, body = _answer(req, self._until, self.proxy, self.timeout)
        return {"status": answer.status, "headers": answer.headers, "body": body}


class TimelyWebhookClient(WebhookClient):
    """A `WebhookClient` that tries once, and sends nothing after a moment of `time.monotonic`."""

    def __init__(self, url: str, until: float) -> None:
        super().__init__(url, timeout=_seconds(until), retry_handlers=[], logger=_SILENT)
        self._until = until

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        answer, body = _answer(req, self._until, self.proxy, self.timeout)
        return WebhookResponse(url=url, status_code=answer.status, body=body, headers=dict(answer.headers))


def timely_opener(until: float, proxy: str | None = None) -> OpenerDirector:
    """Open addresses, but raise URLError instead of sending anything after that moment of `time.monotonic`."""
    through = [ProxyHandler({"http": proxy, "https": proxy})] if proxy else []
    return build_opener(_Http(until), _Https(until), *through)


class _Timely(HTTPConnection):
    """A connection over which nothing is sent any more once its time is up."""

    def __init__(self, *place: Any, until: float, **settings: Any) -> None:
        super().__init__(*place, **settings)
        self._until = until

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # Only now: to find the address, to connect and to agree on a cipher may have taken any time.
        if monotonic() >= self._until:
            raise TimeoutError("the time for this call was up before it was sent")
        super().send(data)


class _TimelyTls(_Timely, HTTPSConnection):
    """The same with TLS."""


class _Http(HTTPHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_Timely, until=self._until), req)


class _Https(HTTPSHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_TimelyTls, until=self._until), req)


def _answer(request: Request, until: float, proxy: str | None, timeout: float) -> tuple[HTTPResponse, str]:
    answer: HTTPResponse = timely_opener(until, proxy).open(request, timeout=timeout)
    return answer, answer.read().decode(answer.headers.get_content_charset() or "utf-8")


def _seconds(until: float) -> int:
    """Return the whole seconds that are left; the clients take no parts of one."""
    return max(1, int(until - monotonic()))
