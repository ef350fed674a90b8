"""What Slack's stand-in takes and refuses, asked over plain HTTP as any client could."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from verifier.standin.clock import ManualClock
from verifier.standin.faults import Fault, Faults
from verifier.standin.slack import TOKEN, SlackStandIn

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
CHANNEL = "C0BUILDS01"


class RawReply(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class RawSlack(NamedTuple):
    standin: SlackStandIn
    faults: Faults
    clock: ManualClock

    def request(self, verb: str, url: str, body: str = "", **headers: str) -> RawReply:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        connection.request(verb, parts.path, body.encode(), {n.replace("_", "-"): v for n, v in headers.items()})
        response = connection.getresponse()
        reply = RawReply(response.status, dict(response.getheaders()), response.read().decode())
        connection.close()
        return reply

    def call(self, method: str, token: str = TOKEN, **arguments: Any) -> RawReply:
        return self.request(
            "POST",
            self.standin.api_url + method,
            json.dumps(arguments),
            Authorization=f"Bearer {token}",
            Content_Type="application/json;charset=utf-8",
        )

    def form(self, method: str, **arguments: str) -> RawReply:
        return self.request(
            "POST",
            self.standin.api_url + method,
            urlencode(arguments),
            Authorization=f"Bearer {TOKEN}",
            Content_Type="application/x-www-form-urlencoded",
        )


@contextmanager
def slack_with(*, rate_limit: bool) -> Iterator[RawSlack]:
    faults, clock = Faults(), ManualClock(START)
    with SlackStandIn(
        faults, clock, channels={CHANNEL: "builds", "C0OTHER001": "other"}, rate_limit=rate_limit
    ) as standin:
        yield RawSlack(standin, faults, clock)


@pytest.fixture
def slack() -> Iterator[RawSlack]:
    with slack_with(rate_limit=False) as running:
        yield running


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def section(text: str = "x") -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def button(text: str = "Logs", url: str = "https://example.com/") -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "url": url}


def test_a_message_is_kept_as_it_was_posted(slack: RawSlack) -> None:
    blocks = [section("hello")]
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    answer = slack.call("chat.postMessage", channel="#builds", text="hi", blocks=blocks, metadata=metadata).json
    (message,) = slack.standin.messages
    assert answer["ok"] is True
    assert (answer["channel"], answer["ts"]) == (message.channel, message.ts) == (CHANNEL, "1772625600.000000")
    assert (message.channel_name, message.text, message.time) == ("builds", "hi", START)
    assert (list(message.blocks), message.metadata, message.edited) == (blocks, metadata, False)


@pytest.mark.parametrize("channel", [CHANNEL, "builds", "#builds"])
def test_a_message_may_name_its_channel_or_give_its_id(slack: RawSlack, channel: str) -> None:
    assert slack.call("chat.postMessage", channel=channel, text="x").json["channel"] == CHANNEL


def test_messages_of_one_moment_have_different_times_in_order(slack: RawSlack) -> None:
    for _ in range(3):
        slack.call("chat.postMessage", channel=CHANNEL, text="x")
    assert [message.ts[-7:] for message in slack.standin.messages] == [".000000", ".000001", ".000002"]


def test_a_form_says_the_same_as_json(slack: RawSlack) -> None:
    blocks = [section("hello")]
    answer = slack.form("chat.postMessage", channel=CHANNEL, text="a & b", blocks=json.dumps(blocks)).json
    assert answer["ok"] is True
    (message,) = slack.standin.messages
    assert (message.text, list(message.blocks)) == ("a & b", blocks)


def test_auth_test_says_who_the_token_is(slack: RawSlack) -> None:
    assert slack.call("auth.test").json["user"] == "build-verifier"


REFUSED_CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "unknown method": ("chat.scheduleMessage", {}, "unknown_method"),
    "unknown argument": ("chat.postMessage", {"channel": CHANNEL, "text": "x", "as_user": True}, "invalid_arguments"),
    "unknown channel": ("chat.postMessage", {"channel": "#nowhere", "text": "x"}, "channel_not_found"),
    "no channel": ("chat.postMessage", {"text": "x"}, "channel_not_found"),
    "no text": ("chat.postMessage", {"channel": CHANNEL}, "no_text"),
    "empty text": ("chat.postMessage", {"channel": CHANNEL, "text": "", "blocks": []}, "no_text"),
    "long text": ("chat.postMessage", {"channel": CHANNEL, "text": "x" * 40_001}, "msg_too_long"),
    "bad metadata": (
        "chat.postMessage",
        {"channel": CHANNEL, "text": "x", "metadata": {"key": "k"}},
        "invalid_metadata_format",
    ),
    "update of no message": (
        "chat.update",
        {"channel": CHANNEL, "ts": "1.000000", "text": "x"},
        "message_not_found",
    ),
    "reply to no message": (
        "chat.postMessage",
        {"channel": CHANNEL, "text": "x", "thread_ts": "1.000000"},
        "thread_not_found",
    ),
    "replies to no message": ("conversations.replies", {"channel": CHANNEL, "ts": "1.000000"}, "thread_not_found"),
    "replies by name": ("conversations.replies", {"channel": "builds", "ts": "1.000000"}, "channel_not_found"),
    "update by name": ("chat.update", {"channel": "builds", "ts": "1.0", "text": "x"}, "channel_not_found"),
    "history by name": ("conversations.history", {"channel": "#builds"}, "channel_not_found"),
    "history of zero": ("conversations.history", {"channel": CHANNEL, "limit": 0}, "invalid_limit"),
    "history of too many": ("conversations.history", {"channel": CHANNEL, "limit": 1000}, "invalid_limit"),
    "history of nonsense": ("conversations.history", {"channel": CHANNEL, "limit": "many"}, "invalid_limit"),
    "history since no time": ("conversations.history", {"channel": CHANNEL, "oldest": "nan"}, "invalid_ts_oldest"),
    "foreign cursor": ("conversations.history", {"channel": CHANNEL, "cursor": "eA=="}, "invalid_cursor"),
    "broken cursor": ("conversations.history", {"channel": CHANNEL, "cursor": "?"}, "invalid_cursor"),
}


@pytest.mark.parametrize("case", REFUSED_CALLS)
def test_a_call_that_slack_would_refuse_is_refused(slack: RawSlack, case: str) -> None:
    method, arguments, code = REFUSED_CALLS[case]
    answer = slack.call(method, **arguments).json
    assert (answer["ok"], answer["error"]) == (False, code)
    assert slack.standin.messages == ()


@pytest.mark.parametrize(("token", "code"), [("xoxb-another", "invalid_auth"), ("", "not_authed")])
def test_only_its_own_token_opens_it(slack: RawSlack, token: str, code: str) -> None:
    assert slack.call("chat.postMessage", token, channel=CHANNEL, text="x").json["error"] == code


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("{", "application/json", "invalid_json"),
        ("[1]", "application/json", "json_not_object"),
        ("blocks=%5B", "application/x-www-form-urlencoded", "invalid_json"),
        ("x", "text/plain", "invalid_post_type"),
    ],
)
def test_a_body_that_can_not_be_read_is_refused(slack: RawSlack, body: str, kind: str, code: str) -> None:
    url = slack.standin.api_url + "chat.postMessage"
    reply = slack.request("POST", url, body, Authorization=f"Bearer {TOKEN}", Content_Type=kind)
    assert reply.json == {"ok": False, "error": code}


ACCEPTED_BLOCKS: dict[str, list[Any]] = {
    "fifty blocks": [{"type": "divider"}] * 50,
    "longest section": [section("x" * 3_000)],
    "verbatim section": [{"type": "section", "text": {**mrkdwn("x"), "verbatim": True}}],
    "ten fields": [{"type": "section", "fields": [mrkdwn("x" * 2_000)] * 10}],
    "longest header": [{"type": "header", "text": plain("x" * 150)}],
    "ten context elements": [{"type": "context", "elements": [mrkdwn("x"), plain("x")] * 5}],
    "most actions": [{"type": "actions", "elements": [button("x" * 75)] * 25}],
    "longest address": [{"type": "actions", "elements": [button(url="https://e.com/".ljust(3_000, "x"))]}],
    "named block": [{"type": "divider", "block_id": "x" * 255}],
}
REFUSED_BLOCKS: dict[str, Any] = {
    "no list": {"type": "divider"},
    "too many blocks": [{"type": "divider"}] * 51,
    "no object": ["divider"],
    "unknown type": [{"type": "carousel"}],
    "no type": [{"text": mrkdwn("x")}],
    "type of another type": [{"type": ["section"]}],
    "unknown property": [{**section(), "colour": "red"}],
    "long block id": [{"type": "divider", "block_id": "x" * 256}],
    "empty section": [{"type": "section"}],
    "section without characters": [section("")],
    "long section": [section("x" * 3_001)],
    "section of html": [{"type": "section", "text": {"type": "html", "text": "x"}}],
    "text of another property": [{"type": "section", "text": {**plain("x"), "verbatim": True}}],
    "eleven fields": [{"type": "section", "fields": [mrkdwn("x")] * 11}],
    "long field": [{"type": "section", "fields": [mrkdwn("x" * 2_001)]}],
    "header in mrkdwn": [{"type": "header", "text": mrkdwn("x")}],
    "long header": [{"type": "header", "text": plain("x" * 151)}],
    "no context elements": [{"type": "context", "elements": []}],
    "eleven context elements": [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    "too many actions": [{"type": "actions", "elements": [button()] * 26}],
    "unknown action": [{"type": "actions", "elements": [{"type": "datepicker"}]}],
    "long button": [{"type": "actions", "elements": [button("x" * 76)]}],
    "long address": [{"type": "actions", "elements": [button(url="https://e.com/".ljust(3_001, "x"))]}],
    "unknown style": [{"type": "actions", "elements": [{**button(), "style": "loud"}]}],
}


@pytest.mark.parametrize("case", ACCEPTED_BLOCKS)
def test_blocks_within_the_limits_are_taken(slack: RawSlack, case: str) -> None:
    assert slack.call("chat.postMessage", channel=CHANNEL, blocks=ACCEPTED_BLOCKS[case]).json["ok"] is True


@pytest.mark.parametrize("case", REFUSED_BLOCKS)
def test_blocks_beyond_the_limits_are_refused_with_their_place(slack: RawSlack, case: str) -> None:
    answer = slack.call("chat.postMessage", channel=CHANNEL, text="x", blocks=REFUSED_BLOCKS[case]).json
    assert (answer["ok"], answer["error"]) == (False, "invalid_blocks")
    assert "[/blocks" in answer["response_metadata"]["messages"][0]
    assert slack.standin.messages == ()


def test_an_update_changes_the_message_in_place_and_marks_it(slack: RawSlack) -> None:
    ts = slack.call("chat.postMessage", channel=CHANNEL, text="old").json["ts"]
    slack.call("chat.postMessage", channel=CHANNEL, text="another")
    assert slack.call("chat.update", channel=CHANNEL, ts=ts, text="new").json["ok"] is True
    assert [(m.text, m.edited) for m in slack.standin.messages] == [("new", True), ("another", False)]


def test_an_update_of_somebody_elses_message_is_refused(slack: RawSlack) -> None:
    slack.standin.workspace.post_as({"user": "U0MALLORY"}, CHANNEL, {"text": "mine"})
    (message,) = slack.standin.messages
    answer = slack.call("chat.update", channel=CHANNEL, ts=message.ts, text="x").json
    assert (answer["ok"], answer["error"]) == (False, "cant_update_message")
    assert [m.text for m in slack.standin.messages] == ["mine"]


def test_a_thread_is_shown_from_its_first_message_on_and_the_channel_without_its_replies(slack: RawSlack) -> None:
    parent = slack.call("chat.postMessage", channel=CHANNEL, text="parent").json["ts"]
    slack.call("chat.postMessage", channel=CHANNEL, text="quiet", thread_ts=parent)
    slack.call("chat.postMessage", channel=CHANNEL, text="loud", thread_ts=parent, reply_broadcast=True)
    slack.call("chat.postMessage", channel=CHANNEL, text="other")
    replies = slack.form("conversations.replies", channel=CHANNEL, ts=parent).json["messages"]
    assert [(m["text"], m.get("thread_ts"), m.get("subtype")) for m in replies] == [
        ("parent", None, None),
        ("quiet", parent, None),
        ("loud", parent, "thread_broadcast"),
    ]
    history = slack.form("conversations.history", channel=CHANNEL).json["messages"]
    assert [m["text"] for m in history] == ["other", "loud", "parent"]


def test_a_thread_comes_in_pages(slack: RawSlack) -> None:
    parent = slack.call("chat.postMessage", channel=CHANNEL, text="a").json["ts"]
    for text in "bcde":
        slack.call("chat.postMessage", channel=CHANNEL, text=text, thread_ts=parent)
    seen, cursor = [], ""
    while True:
        page = slack.form("conversations.replies", channel=CHANNEL, ts=parent, limit="2", cursor=cursor).json
        seen.append("".join(m["text"] for m in page["messages"]))
        cursor = page["response_metadata"]["next_cursor"]
        if not page["has_more"]:
            break
    assert seen == ["ab", "cd", "e"]


def test_history_is_the_channels_newest_first_and_since_a_time(slack: RawSlack) -> None:
    for text in ("a", "b", "c"):
        slack.call("chat.postMessage", channel=CHANNEL, text=text)
        slack.call("chat.postMessage", channel="other", text="elsewhere")
        slack.clock.advance(10)
    since = slack.standin.messages[0].ts
    answer = slack.form("conversations.history", channel=CHANNEL, oldest=since).json
    assert [message["text"] for message in answer["messages"]] == ["c", "b"]
    assert (answer["has_more"], answer["response_metadata"]["next_cursor"]) == (False, "")


def test_history_comes_in_pages(slack: RawSlack) -> None:
    for text in "abcde":
        slack.call("chat.postMessage", channel=CHANNEL, text=text)
    seen, cursor = [], ""
    for _ in range(3):
        page = slack.form("conversations.history", channel=CHANNEL, limit="2", cursor=cursor).json
        seen.append([message["text"] for message in page["messages"]])
        cursor = page["response_metadata"]["next_cursor"]
    assert (seen, cursor) == ([["e", "d"], ["c", "b"], ["a"]], "")


def test_history_shows_metadata_only_when_asked_to(slack: RawSlack) -> None:
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    slack.call("chat.postMessage", channel=CHANNEL, text="x", metadata=metadata)
    without = slack.form("conversations.history", channel=CHANNEL).json["messages"]
    asked = slack.form("conversations.history", channel=CHANNEL, include_all_metadata="1").json["messages"]
    assert ["metadata" in message for message in without] == [False]
    assert [message["metadata"] for message in asked] == [metadata]


def test_a_channel_takes_one_message_a_second() -> None:
    with slack_with(rate_limit=True) as slack:
        replies = [slack.call("chat.postMessage", channel=CHANNEL, text="x") for _ in range(2)]
        elsewhere = slack.call("chat.postMessage", channel="other", text="x")
        slack.clock.advance(1)
        later = slack.call("chat.postMessage", channel=CHANNEL, text="x")
        hooked = slack.request("POST", slack.standin.webhook_url, '{"text": "x"}')
    assert [reply.status for reply in replies] == [200, 429]
    assert replies[1].headers["Retry-After"] == "1"
    assert replies[1].json["error"] == "ratelimited"
    assert (elsewhere.status, later.status) == (200, 200)
    assert (hooked.status, hooked.headers["Retry-After"]) == (429, "1")
    assert len(slack.standin.messages) == 3


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("", '{"text": "x"}', 200, "ok"),
        ("", "{", 400, "invalid_payload"),
        ("", "[]", 400, "invalid_payload"),
        ("", "{}", 400, "no_text"),
        ("", '{"blocks": [{"type": "carousel"}]}', 400, "invalid_blocks"),
        ("/more", '{"text": "x"}', 404, "no_service"),
    ],
)
def test_the_webhook_answers_in_words(slack: RawSlack, path: str, body: str, status: int, text: str) -> None:
    reply = slack.request("POST", slack.standin.webhook_url + path, body)
    assert (reply.status, reply.text) == (status, text)
    assert len(slack.standin.messages) == (status == 200)


@pytest.mark.parametrize(
    ("status", "answer"), [("500", "Internal Server Error"), ("UNAVAILABLE", "Service Unavailable")]
)
def test_a_fault_before_has_no_effect(slack: RawSlack, status: str, answer: str) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", status))
    assert slack.call("chat.postMessage", channel=CHANNEL, text="first").text == answer
    assert slack.call("chat.postMessage", channel=CHANNEL, text="second").json["ok"] is True
    assert [message.text for message in slack.standin.messages] == ["second"]


def test_a_fault_after_answers_with_its_code_when_the_message_stands(slack: RawSlack) -> None:
    slack.faults.add(Fault("chat.postMessage", "after", "fatal_error"))
    assert slack.call("chat.postMessage", channel=CHANNEL, text="x").json == {"ok": False, "error": "fatal_error"}
    assert len(slack.standin.messages) == 1


def test_a_reset_closes_the_connection_without_an_answer(slack: RawSlack) -> None:
    slack.faults.add(Fault("*", "after", "reset"))
    with pytest.raises(http.client.RemoteDisconnected):
        slack.call("chat.postMessage", channel=CHANNEL, text="x")
    assert len(slack.standin.messages) == 1


def test_a_hanging_call_is_let_go_when_the_stand_in_closes() -> None:
    with slack_with(rate_limit=False) as slack:
        slack.faults.add(Fault("chat.postMessage", "hang"))
        parts = urlsplit(slack.standin.api_url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        connection.request("POST", parts.path + "chat.postMessage", b"{}")
        while not slack.faults.calls:
            time.sleep(0.005)
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()


def test_the_calls_are_on_record(slack: RawSlack) -> None:
    slack.call("chat.postMessage", channel=CHANNEL, text="x")
    slack.request("POST", slack.standin.webhook_url, '{"text": "x"}')
    slack.request("GET", slack.standin.inbox_url)
    assert slack.faults.calls == ("chat.postMessage", "webhook")


def test_the_inbox_shows_the_messages_and_loads_nothing_from_elsewhere(slack: RawSlack) -> None:
    slack.call("chat.postMessage", channel=CHANNEL, text="a *bold* claim \ud800")
    page = slack.request("GET", slack.standin.inbox_url)
    fragment = slack.request("GET", slack.standin.inbox_url + "messages.html")
    assert "a <strong>bold</strong> claim ?" in fragment.text
    assert fragment.text in page.text
    assert page.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; connect-src 'self'; script-src 'nonce-"
    )
    assert slack.request("GET", slack.standin.inbox_url + "favicon.ico").status == 404
