"""Our Slack adapters, through Slack's own client, against the stand-in over a socket."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.error import URLError

import pytest

from tests.busy import BUSY_SECONDS, LONG_SECONDS
from tests.contract.tls import localhost
from verifier.adapters.slack import SlackBot, SlackWebhook
from verifier.adapters.slack_clients import timely_opener
from verifier.adapters.slack_errors import FIXES, FIXES_OF_ONE, unanswered
from verifier.errors import NoSuchThread, Refused, ServiceError, SettingsError, Unavailable
from verifier.services import Message, Posted
from verifier.standin.clock import ManualClock
from verifier.standin.faults import Fault, Faults
from verifier.standin.loopback import LoopbackServer, Reply
from verifier.standin.slack import TOKEN, SlackStandIn

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
CHANNEL = "C0BUILDS01"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*VERIFIED*"}}
MESSAGE = Message(channel="", text="VERIFIED", blocks=(SECTION,), key="key-1")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    """Yield how a server on localhost identifies itself, which is trusted for so long."""
    own = localhost(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", own.certificate)
        yield context


class SlackClients(NamedTuple):
    standin: SlackStandIn
    faults: Faults
    clock: ManualClock
    bot: SlackBot
    webhook: SlackWebhook


@pytest.fixture
def slack() -> Iterator[SlackClients]:
    faults, clock = Faults(), ManualClock(START)
    channels = {CHANNEL: "builds", "C0OTHER001": "other"}
    with SlackStandIn(faults, clock, channels=channels, rate_limit=False) as standin:
        bot = SlackBot(TOKEN, CHANNEL, standin.api_url)
        yield SlackClients(standin, faults, clock, bot, SlackWebhook(standin.webhook_url))


def test_a_message_is_posted_with_its_blocks_and_its_key(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    (message,) = slack.standin.messages
    assert posted == Posted(message.channel, message.ts)
    assert (message.channel, message.text, list(message.blocks)) == (CHANNEL, "VERIFIED", [SECTION])
    assert message.metadata == {"event_type": "build_verdict", "event_payload": {"key": "key-1"}}


def test_a_message_without_blocks_is_posted_as_text(slack: SlackClients) -> None:
    slack.bot.post(MESSAGE._replace(blocks=()), timeout=5)
    assert [(m.text, m.blocks) for m in slack.standin.messages] == [("VERIFIED", ())]


@pytest.mark.parametrize("channel", ["C0OTHER001", "#other"])
def test_a_message_goes_to_the_channel_that_it_names(slack: SlackClients, channel: str) -> None:
    posted = slack.bot.post(MESSAGE._replace(channel=channel), timeout=5)
    assert posted.channel == "C0OTHER001"


@pytest.mark.parametrize("code", [code for code in FIXES if not code.startswith("HTTP")])
@pytest.mark.parametrize("face", ["chat.postMessage", "webhook"])
def test_a_refusal_that_lasts_is_raised_once_with_its_fix(slack: SlackClients, face: str, code: str) -> None:
    slack.faults.add(Fault(face, "before", code, times=0))
    chat = slack.bot if face == "chat.postMessage" else slack.webhook
    channel = CHANNEL if face == "chat.postMessage" else "the webhook's channel"
    with pytest.raises(Refused) as refusal:
        chat.post(MESSAGE, timeout=5)
    assert str(refusal.value) == f"Slack refuses the call for {channel}: {code}; " + FIXES[code].format(channel=channel)
    assert slack.faults.calls == (face,)
    assert slack.standin.messages == ()


def test_the_fix_names_the_channel(slack: SlackClients) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", "not_in_channel"))
    with pytest.raises(Refused, match=r"not_in_channel; invite the app: /invite @<app> in #other"):
        slack.bot.post(MESSAGE._replace(channel="#other"), timeout=5)


@pytest.mark.parametrize("status", ["403", "404", "410"])
@pytest.mark.parametrize("face", ["chat.postMessage", "webhook"])
def test_an_address_that_is_not_slacks_is_refused_with_the_fix(slack: SlackClients, face: str, status: str) -> None:
    slack.faults.add(Fault(face, "before", status))
    chat = slack.bot if face == "chat.postMessage" else slack.webhook
    with pytest.raises(Refused) as refusal:
        chat.post(MESSAGE, timeout=5)
    assert str(refusal.value).endswith(f"HTTP {status}; {FIXES[f'HTTP {status}']}")


def test_an_unknown_refusal_says_where_to_look(slack: SlackClients) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", "slack_is_on_holiday"))
    with pytest.raises(Refused, match=r"slack_is_on_holiday; see Slack's documentation of chat.postMessage"):
        slack.bot.post(MESSAGE, timeout=5)


def test_the_wrong_token_and_the_wrong_channel_are_refused_as_slack_does(slack: SlackClients) -> None:
    with pytest.raises(Refused, match="invalid_auth"):
        SlackBot("xoxb-wrong", CHANNEL, slack.standin.api_url).post(MESSAGE, timeout=5)
    with pytest.raises(Refused, match="channel_not_found"):
        SlackBot(TOKEN, "#nowhere", slack.standin.api_url).post(MESSAGE, timeout=5)
    with pytest.raises(Refused, match="no_service"):
        SlackWebhook(slack.standin.webhook_url + "x").post(MESSAGE, timeout=5)


@pytest.mark.parametrize("face", ["chat.postMessage", "webhook"])
def test_a_wait_within_the_budget_is_waited(slack: SlackClients, face: str) -> None:
    slack.faults.add(Fault(face, "before", "429", times=2, retry_after=0.2))
    chat = slack.bot if face == "chat.postMessage" else slack.webhook
    started = time.monotonic()
    chat.post(MESSAGE, timeout=5)
    assert time.monotonic() - started >= 0.4
    assert slack.faults.calls == (face,) * 3
    assert len(slack.standin.messages) == 1


@pytest.mark.parametrize("status", ["429", "ratelimited"])
def test_a_wait_beyond_the_budget_is_left_to_the_caller(slack: SlackClients, status: str) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", status, times=0, retry_after=30))
    with pytest.raises(Unavailable, match="nothing was posted") as busy:
        slack.bot.post(MESSAGE, timeout=5)
    assert (busy.value.retry_after, busy.value.ambiguous) == (30, False)
    assert slack.faults.calls == ("chat.postMessage",)


def test_waits_that_add_up_beyond_the_budget_are_left_to_the_caller(slack: SlackClients) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", "429", times=0, retry_after=0.4))
    started = time.monotonic()
    with pytest.raises(Unavailable) as busy:
        slack.bot.post(MESSAGE, timeout=1)
    assert time.monotonic() - started < 1 + BUSY_SECONDS
    assert (busy.value.retry_after, busy.value.ambiguous) == (0.4, False)


def test_a_429_without_a_wait_is_left_to_the_caller(slack: SlackClients) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", "429"))
    with pytest.raises(Unavailable) as busy:
        slack.bot.post(MESSAGE, timeout=5)
    assert (busy.value.retry_after, busy.value.ambiguous) == (None, False)


def test_slacks_own_limit_of_one_message_a_second_is_waited_out() -> None:
    with SlackStandIn(Faults(), lambda: datetime.now(UTC)) as standin:
        bot = SlackBot(TOKEN, CHANNEL, standin.api_url)
        bot.post(MESSAGE, timeout=5)
        bot.post(MESSAGE._replace(key="key-2"), timeout=5)
    assert len(standin.messages) == 2


AMBIGUOUS = ["500", "502", "503", "504", "408", "reset"]
AMBIGUOUS_CODES = ["fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"]


@pytest.mark.parametrize("status", [*AMBIGUOUS, *AMBIGUOUS_CODES])
def test_trouble_after_the_message_was_posted_is_ambiguous_and_not_tried_again(
    slack: SlackClients, status: str
) -> None:
    slack.faults.add(Fault("chat.postMessage", "after", status, times=0))
    with pytest.raises(Unavailable, match="may have been posted") as lost:
        slack.bot.post(MESSAGE, timeout=5)
    assert lost.value.ambiguous
    assert lost.value.__cause__ is not None
    assert slack.faults.calls == ("chat.postMessage",)
    assert len(slack.standin.messages) == 1


@pytest.mark.parametrize("status", [*AMBIGUOUS, "rollup_error"])
def test_trouble_after_the_webhook_posted_is_ambiguous_too(slack: SlackClients, status: str) -> None:
    slack.faults.add(Fault("webhook", "after", status, times=0))
    with pytest.raises(Unavailable) as lost:
        slack.webhook.post(MESSAGE, timeout=5)
    assert lost.value.ambiguous
    assert slack.faults.calls == ("webhook",)
    assert len(slack.standin.messages) == 1


@pytest.mark.parametrize("face", ["chat.postMessage", "webhook"])
def test_no_answer_within_the_timeout_is_ambiguous(slack: SlackClients, face: str) -> None:
    slack.faults.add(Fault(face, "hang"))
    chat = slack.bot if face == "chat.postMessage" else slack.webhook
    started = time.monotonic()
    with pytest.raises(Unavailable) as late:
        chat.post(MESSAGE, timeout=1.9)
    assert late.value.ambiguous
    assert 1 <= time.monotonic() - started < 1.9 + BUSY_SECONDS


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Let the name server hang until this is set."""
    real, thawed = socket.getaddrinfo, Event()

    def late(*words: Any, **named: Any) -> Any:
        thawed.wait(LONG_SECONDS)
        return real(*words, **named)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    return thawed


@pytest.mark.parametrize("face", ["chat.postMessage", "webhook"])
def test_a_call_that_was_given_up_sends_nothing_when_it_goes_on(slack: SlackClients, face: str, names: Event) -> None:
    """Whoever looks for its message afterwards must not find it later than that."""
    chat = slack.bot if face == "chat.postMessage" else slack.webhook
    before = set(threading.enumerate())
    with pytest.raises(Unavailable) as late:
        chat.post(MESSAGE, timeout=0.2)
    assert late.value.ambiguous
    (call,) = set(threading.enumerate()) - before
    names.set()
    call.join(LONG_SECONDS)
    assert not call.is_alive()
    assert slack.faults.calls == ()
    assert slack.standin.messages == ()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_over_a_connection_that_took_too_long_nothing_is_sent(scheme: str, tls: ssl.SSLContext) -> None:
    """With TLS the time passes while the two agree: the server begins when it is up."""
    received = []
    until = time.monotonic() + 0.3

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        time.sleep(max(0.0, until - time.monotonic()) if scheme == "https" else 0)
        with tls.wrap_socket(connection, server_side=True) if scheme == "https" else connection as peer:
            received.append(peer.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=serve, args=(listener,))
        server.start()
        address = f"{scheme}://localhost:{listener.getsockname()[1]}/"
        with pytest.raises(URLError, match="the time for this call was up before it was sent"):
            timely_opener(until if scheme == "https" else 0.0).open(address, b"a message", timeout=5)
        server.join(LONG_SECONDS)
    assert received == [b""]


def test_a_closed_port_means_that_nothing_was_posted() -> None:
    with LoopbackServer(lambda _: None) as server:
        closed = server.address
    for chat in (SlackBot(TOKEN, CHANNEL, f"{closed}/api/"), SlackWebhook(f"{closed}/services/T/B/s")):
        with pytest.raises(Unavailable, match="nothing was posted") as unreached:
            chat.post(MESSAGE, timeout=5)
        assert not unreached.value.ambiguous


@pytest.mark.parametrize(
    ("error", "ambiguous"),
    [
        (URLError(socket.gaierror(-2, "Name or service not known")), False),
        (URLError(ssl.SSLCertVerificationError(1, "self-signed certificate")), False),
        (URLError(TimeoutError("timed out")), True),
        (ConnectionResetError(104, "Connection reset by peer"), True),
    ],
    ids=["unknown host", "untrusted certificate", "slow connection", "reset"],
)
def test_only_what_surely_was_not_sent_is_unambiguous(error: Exception, ambiguous: bool) -> None:
    assert unanswered(error).ambiguous is ambiguous


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>a proxy's page</html>",
        "[1]",
        '"ok"',
        "{}",
        '{"ok": true}',
        '{"ok": true, "channel": "C0BUILDS01"}',
        '{"ok": true, "channel": "C0BUILDS01", "ts": ""}',
        '{"ok": false, "error": "What is this?"}',
    ],
)
@pytest.mark.parametrize("face", ["bot", "webhook"])
def test_an_answer_that_is_not_slacks_is_ambiguous(face: str, body: str) -> None:
    with LoopbackServer(lambda _: Reply(body.encode())) as server:
        chat = SlackBot(TOKEN, CHANNEL, server.address) if face == "bot" else SlackWebhook(server.address)
        with pytest.raises(Unavailable) as unread:
            chat.post(MESSAGE, timeout=5)
    assert unread.value.ambiguous


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"\xff", content_type="application/json; charset=utf-8"),
        Reply(b"{}", content_type="application/json; charset=martian"),
        Reply(b"[1]", 500),
    ],
    ids=["not its charset", "unknown charset", "a failure that is a list"],
)
def test_an_answer_that_can_not_be_read_is_ambiguous(answer: Reply) -> None:
    with LoopbackServer(lambda _: answer) as server, pytest.raises(Unavailable) as unread:
        SlackBot(TOKEN, CHANNEL, server.address).post(MESSAGE, timeout=5)
    assert unread.value.ambiguous


def test_without_time_nothing_is_sent(slack: SlackClients) -> None:
    with pytest.raises(Unavailable, match="nothing was sent") as late:
        slack.bot.post(MESSAGE, timeout=0)
    assert not late.value.ambiguous
    assert slack.faults.calls == ()


def test_blocks_that_slack_does_not_take_are_left_out(slack: SlackClients, caplog: pytest.LogCaptureFixture) -> None:
    posted = slack.bot.post(MESSAGE._replace(blocks=({"type": "carousel"},)), timeout=5)
    (message,) = slack.standin.messages
    assert (message.text, message.blocks, message.ts) == ("VERIFIED", (), posted.ts)
    assert slack.bot.find(MESSAGE, START, timeout=5) == posted
    assert "invalid_blocks" in caplog.text


def test_a_text_that_is_too_long_is_cut(slack: SlackClients) -> None:
    slack.bot.post(MESSAGE._replace(text="x" * 40_001), timeout=5)
    assert [(m.text, m.blocks) for m in slack.standin.messages] == [("x" * 3_000, ())]


def test_the_webhook_leaves_blocks_out_too(slack: SlackClients) -> None:
    assert slack.webhook.post(MESSAGE._replace(blocks=({"type": "carousel"},)), timeout=5) == Posted("", "")
    assert [(m.text, m.blocks) for m in slack.standin.messages] == [("VERIFIED", ())]


@pytest.mark.parametrize("code", ["msg_too_long", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
def test_a_message_is_made_plain_only_once(slack: SlackClients, code: str) -> None:
    slack.faults.add(Fault("chat.postMessage", "before", code, times=0))
    with pytest.raises(Refused, match=code):
        slack.bot.post(MESSAGE, timeout=5)
    assert slack.faults.calls == ("chat.postMessage",) * 2


def test_a_message_whose_answer_was_lost_is_found(slack: SlackClients) -> None:
    slack.faults.add(Fault("chat.postMessage", "after", "reset"))
    with pytest.raises(Unavailable):
        slack.bot.post(MESSAGE, timeout=5)
    slack.bot.post(MESSAGE._replace(key="key-2"), timeout=5)
    found = slack.bot.find(MESSAGE, START, timeout=5)
    assert found == Posted(CHANNEL, slack.standin.messages[0].ts)


def test_a_message_that_was_not_posted_is_not_found(slack: SlackClients) -> None:
    slack.bot.post(MESSAGE, timeout=5)
    assert slack.bot.find(MESSAGE._replace(key="key-2"), START, timeout=5) is None
    assert slack.bot.find(MESSAGE._replace(channel="C0OTHER001"), START, timeout=5) is None


def test_a_clock_that_is_ahead_of_slacks_hides_nothing(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    assert slack.bot.find(MESSAGE, START + timedelta(minutes=4), timeout=5) == posted
    assert slack.bot.find(MESSAGE, START + timedelta(minutes=6), timeout=5) is None


def chatter(slack: SlackClients, count: int) -> None:
    """So many messages of somebody else's."""
    for _ in range(count):
        slack.standin.workspace.post_as({"user": "U0TALKER"}, CHANNEL, {"text": "hello"})


def test_the_history_is_read_a_thousand_messages_back(slack: SlackClients) -> None:
    slack.bot.post(MESSAGE._replace(key="older"), timeout=5)
    posted = slack.bot.post(MESSAGE, timeout=5)
    chatter(slack, 999)
    slack.faults.forget()
    assert slack.bot.find(MESSAGE, START, timeout=5) == posted
    assert slack.bot.find(MESSAGE._replace(key="older"), START, timeout=5) is None
    assert slack.faults.calls.count("conversations.history") == 10


def test_a_message_is_found_however_much_was_posted_a_quarter_of_an_hour_later(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.clock.advance(900)
    chatter(slack, 1_000)
    slack.faults.forget()
    assert slack.bot.find(MESSAGE, START, timeout=5) == posted
    assert slack.faults.calls == ("conversations.history", "auth.test")


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "channel_not_found", "no_permission"])
def test_history_that_the_app_may_not_read_finds_nothing(slack: SlackClients, code: str) -> None:
    slack.bot.post(MESSAGE, timeout=5)
    slack.faults.add(Fault("conversations.history", "before", code))
    assert slack.bot.find(MESSAGE, START, timeout=5) is None


def test_history_is_not_asked_for_a_channel_that_is_known_by_name_only(slack: SlackClients) -> None:
    named = MESSAGE._replace(channel="#builds")
    slack.bot.post(named, timeout=5)
    slack.faults.forget()
    assert slack.bot.find(named, START, timeout=5) is None
    assert slack.faults.calls == ()


@pytest.mark.parametrize(("status", "error"), [("503", Unavailable), ("reset", Unavailable), ("invalid_auth", Refused)])
def test_history_that_can_not_be_read_now_is_no_answer(
    slack: SlackClients, status: str, error: type[ServiceError]
) -> None:
    slack.faults.add(Fault("conversations.history", "before", status))
    with pytest.raises(error):
        slack.bot.find(MESSAGE, START, timeout=5)


@pytest.mark.parametrize("body", [{"ok": True}, {"ok": True, "messages": 5}])
def test_history_without_messages_is_no_answer(body: object) -> None:
    with LoopbackServer(lambda _: Reply(json.dumps(body).encode())) as server, pytest.raises(Unavailable):
        SlackBot(TOKEN, CHANNEL, server.address).find(MESSAGE, START, timeout=5)


def test_history_may_hold_anything() -> None:
    entries: list[Any] = [None, {}, {"metadata": 1}, {"ts": "1.000000", "metadata": {"event_type": "build_verdict"}}]
    wanted = {"event_type": "build_verdict", "event_payload": {"key": "key-1"}}
    entries += [{"ts": "2.000000", "bot_id": author, "metadata": wanted} for author in (None, 7, ["B1"], "", "B1")]
    answer = {"ok": True, "bot_id": "B1", "messages": [*entries, {"ts": "3.000000", "metadata": wanted}]}
    with LoopbackServer(lambda _: Reply(json.dumps(answer).encode())) as server:
        found = SlackBot(TOKEN, CHANNEL, server.address).find(MESSAGE, START, timeout=5)
    assert found == Posted(CHANNEL, "2.000000")


FORGED = {"text": "VERIFIED", "metadata": {"event_type": "build_verdict", "event_payload": {"key": MESSAGE.key}}}


@pytest.mark.parametrize(
    "author", [{"user": "U0MALLORY"}, {"user": "U0"}, {"bot_id": "B1", "app_id": "A1"}, {"bot_id": "U0"}, {}]
)
def test_a_message_of_somebody_elses_is_never_taken_for_ours(
    slack: SlackClients, author: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    slack.standin.workspace.post_as(author, CHANNEL, FORGED)
    assert slack.bot.find(MESSAGE, START, timeout=5) is None
    assert ("somebody else posted" in caplog.text) is ("bot_id" in author)


def test_a_message_of_ours_is_found_behind_a_forged_one(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.standin.workspace.post_as({"bot_id": "B1"}, CHANNEL, FORGED)
    assert slack.bot.find(MESSAGE, START, timeout=5) == posted


def test_who_we_are_is_asked_once_and_only_where_there_is_something_to_tell_apart(slack: SlackClients) -> None:
    assert slack.bot.find(MESSAGE, START, timeout=5) is None
    assert slack.faults.calls == ("conversations.history",)
    slack.bot.post(MESSAGE, timeout=5)
    bot = slack.bot
    assert bot.find(MESSAGE, START, timeout=5) == bot.find(MESSAGE, START, timeout=5)
    assert slack.faults.calls.count("auth.test") == 1


@pytest.mark.parametrize(("status", "error"), [("503", Unavailable), ("reset", Unavailable), ("invalid_auth", Refused)])
def test_whose_a_message_is_that_can_not_be_asked_now_is_no_answer(
    slack: SlackClients, status: str, error: type[ServiceError]
) -> None:
    slack.bot.post(MESSAGE, timeout=5)
    slack.faults.add(Fault("auth.test", "before", status))
    with pytest.raises(error):
        slack.bot.find(MESSAGE, START, timeout=5)
    assert slack.bot.find(MESSAGE, START, timeout=5) is not None


def test_a_webhook_posts_and_can_not_find(slack: SlackClients) -> None:
    assert slack.webhook.post(MESSAGE, timeout=5) == Posted("", "")
    assert [(m.text, list(m.blocks), m.metadata) for m in slack.standin.messages] == [("VERIFIED", [SECTION], None)]
    find: Callable[..., Posted | None] = slack.webhook.find
    assert find(MESSAGE, START, timeout=5) is None


def reply_to(parent: Posted, key: str = "reply-1") -> Message:
    return MESSAGE._replace(text="reply", key=key, thread=parent.ts)


def test_a_reply_stands_in_the_thread_and_the_channel_does_not_show_it(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    posted = slack.bot.post(reply_to(parent), timeout=5)
    assert [(m.text, m.thread, m.broadcast) for m in slack.standin.messages] == [
        ("VERIFIED", "", False),
        ("reply", parent.ts, False),
    ]
    assert slack.bot.find(reply_to(parent), START, timeout=5) == posted
    assert slack.bot.find(reply_to(parent)._replace(thread=""), START, timeout=5) is None


def test_a_reply_that_is_broadcast_stands_in_the_channel_as_well(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    posted = slack.bot.post(reply_to(parent)._replace(broadcast=True), timeout=5)
    assert slack.standin.messages[1].broadcast is True
    assert slack.bot.find(reply_to(parent)._replace(thread=""), START, timeout=5) == posted


def test_only_a_reply_can_be_broadcast(slack: SlackClients) -> None:
    slack.bot.post(MESSAGE._replace(broadcast=True), timeout=5)
    assert slack.standin.messages[0].broadcast is False


def test_a_reply_whose_answer_was_lost_is_found_in_its_thread_alone(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    other = slack.bot.post(MESSAGE._replace(key="key-2"), timeout=5)
    slack.faults.add(Fault("chat.postMessage", "after", "reset"))
    with pytest.raises(Unavailable):
        slack.bot.post(reply_to(parent), timeout=5)
    slack.faults.forget()
    found = slack.bot.find(reply_to(parent), START, timeout=5)
    assert found == Posted(CHANNEL, slack.standin.messages[2].ts)
    assert slack.bot.find(reply_to(other), START, timeout=5) is None
    assert slack.faults.calls == ("conversations.replies", "auth.test", "conversations.replies")


def test_the_message_that_a_thread_begins_with_is_no_reply(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    assert slack.bot.find(reply_to(parent, key=MESSAGE.key), START, timeout=5) is None


def test_a_long_thread_is_read_to_its_end(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    for number in range(450):
        slack.standin.workspace.post_as({"user": "U0TALKER"}, CHANNEL, {"text": f"{number}", "thread_ts": parent.ts})
    posted = slack.bot.post(reply_to(parent), timeout=5)
    assert slack.bot.find(reply_to(parent), START, timeout=5) == posted
    assert slack.faults.calls.count("conversations.replies") == 3


@pytest.mark.parametrize(
    "code", ["thread_not_found", "cannot_reply_to_message", "restricted_action_non_threadable_channel"]
)
def test_a_reply_that_can_never_be_posted_is_told_from_other_refusals(slack: SlackClients, code: str) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    slack.faults.add(Fault("chat.postMessage", "before", code))
    with pytest.raises(NoSuchThread, match=code) as refusal:
        slack.bot.post(reply_to(parent), timeout=5)
    assert (refusal.value.fix, refusal.value.wide) == (FIXES_OF_ONE[code], False)


def test_to_a_message_that_was_deleted_there_is_no_reply(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    slack.standin.workspace.delete(parent.ts)
    assert slack.bot.find(reply_to(parent), START, timeout=5) is None
    with pytest.raises(NoSuchThread, match="thread_not_found"):
        slack.bot.post(reply_to(parent), timeout=5)


EDITED = MESSAGE._replace(text="over", blocks=({"type": "section", "text": {"type": "mrkdwn", "text": "*over*"}},))


def test_an_edit_changes_the_message_where_it_stands_and_it_stays_findable(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.bot.edit(EDITED, posted, timeout=5)
    (message,) = slack.standin.messages
    assert (message.text, message.blocks, message.ts) == ("over", EDITED.blocks, posted.ts)
    assert slack.bot.find(MESSAGE, START, timeout=5) == posted


def test_an_edit_without_blocks_takes_the_old_ones_away(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.bot.edit(EDITED._replace(blocks=()), posted, timeout=5)
    assert [(m.text, m.blocks) for m in slack.standin.messages] == [("over", ())]


def test_an_edit_whose_blocks_slack_does_not_take_is_made_as_plain_text(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.bot.edit(EDITED._replace(blocks=({"type": "carousel"},)), posted, timeout=5)
    assert [(m.text, m.blocks) for m in slack.standin.messages] == [("over", ())]


def test_a_reply_can_be_edited(slack: SlackClients) -> None:
    parent = slack.bot.post(MESSAGE, timeout=5)
    posted = slack.bot.post(reply_to(parent), timeout=5)
    slack.bot.edit(reply_to(parent)._replace(text="edited"), posted, timeout=5)
    assert [(m.text, m.thread) for m in slack.standin.messages] == [("VERIFIED", ""), ("edited", parent.ts)]


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_an_edit_that_can_never_be_made_is_refused_alone_with_what_follows(slack: SlackClients, code: str) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    match code:
        case "message_not_found":
            slack.standin.workspace.delete(posted.ts)
        case "edit_window_closed":
            slack.standin.workspace.sealed.add(posted.ts)
        case _:
            slack.standin.workspace.post_as({"user": "U0MALLORY"}, CHANNEL, {"text": "mine"})
            posted = Posted(CHANNEL, slack.standin.messages[1].ts)
    with pytest.raises(Refused, match=code) as refusal:
        slack.bot.edit(EDITED, posted, timeout=5)
    assert (refusal.value.fix, refusal.value.wide) == (FIXES_OF_ONE[code], False)
    assert slack.faults.calls.count("chat.update") == 1
    assert all(message.text != "over" for message in slack.standin.messages)


def test_an_edit_that_all_are_refused_like_is_refused_for_all(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.faults.add(Fault("chat.update", "before", "token_revoked"))
    with pytest.raises(Refused) as refusal:
        slack.bot.edit(EDITED, posted, timeout=5)
    assert refusal.value.wide is True


@pytest.mark.parametrize("status", ["reset", "500", "internal_error"])
def test_trouble_after_the_edit_was_made_is_ambiguous_and_not_tried_again(slack: SlackClients, status: str) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.faults.add(Fault("chat.update", "after", status))
    with pytest.raises(Unavailable) as trouble:
        slack.bot.edit(EDITED, posted, timeout=5)
    assert trouble.value.ambiguous
    assert slack.faults.calls.count("chat.update") == 1


def test_an_edit_that_is_to_wait_says_for_how_long(slack: SlackClients) -> None:
    posted = slack.bot.post(MESSAGE, timeout=5)
    slack.faults.add(Fault("chat.update", "before", "429", retry_after=30))
    with pytest.raises(Unavailable) as trouble:
        slack.bot.edit(EDITED, posted, timeout=5)
    assert (trouble.value.retry_after, trouble.value.ambiguous) == (30, False)


def test_a_webhook_can_not_edit_and_says_so(slack: SlackClients) -> None:
    assert (slack.bot.can_edit, slack.webhook.can_edit) == (True, False)
    with pytest.raises(Refused, match="expected a bot token"):
        slack.webhook.edit(EDITED, Posted("", ""), timeout=5)
    assert slack.faults.calls == ()


SECRET = "5ecret5ecret5ecret"


@pytest.mark.parametrize(
    "make",
    [
        lambda: SlackBot(f"xoxb-{SECRET}\r\nX-Injected: 1", CHANNEL),
        lambda: SlackBot(f"xoxb-{SECRET}\u20ac", CHANNEL),
        lambda: SlackBot("  ", CHANNEL),
        lambda: SlackWebhook(f"hooks.slack.com/services/{SECRET}"),
        lambda: SlackWebhook(f"https://hooks.slack.com/services/{SECRET} x"),
        lambda: SlackWebhook(f"file:///services/{SECRET}"),
    ],
)
def test_a_secret_that_can_not_be_one_is_refused_without_being_shown(make: Callable[[], object]) -> None:
    with pytest.raises(SettingsError) as refusal:
        make()
    assert SECRET not in str(refusal.value)


def test_space_around_a_secret_does_no_harm(slack: SlackClients) -> None:
    SlackBot(f"{TOKEN}\n", CHANNEL, slack.standin.api_url).post(MESSAGE, timeout=5)
    SlackWebhook(f" {slack.standin.webhook_url}\n").post(MESSAGE, timeout=5)
    assert len(slack.standin.messages) == 2


@pytest.mark.parametrize("status", ["500", "reset", "invalid_auth", "429", "fatal_error", "hang"])
def test_no_error_log_or_repr_shows_a_secret(
    slack: SlackClients, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fault = Fault("*", "hang", times=0) if status == "hang" else Fault("*", "after", status, times=0)
    slack.faults.add(fault)
    shown = [repr(slack.bot), repr(slack.webhook)]
    for chat in (slack.bot, slack.webhook):
        with pytest.raises(ServiceError) as failure:
            chat.post(MESSAGE, timeout=1)
        error: BaseException | None = failure.value
        while error is not None:
            shown += [str(error), repr(error)]
            error = error.__cause__ or error.__context__
    text = "\n".join([*shown, caplog.text])
    assert TOKEN not in text
    assert "/services/" not in text
