"""What hostile texts in builds and logs can't do to the messages that quote them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.effort import EXAMPLES
from tests.unit.builders import DECIDED, EXECUTION, NO_WORKER, POLICY, judged, logged, pushed, tried
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Exemption, Route
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.facts.logs import Repeated
from verifier.facts.source import source_of
from verifier.reporting.mrkdwn import shown
from verifier.reporting.slack_message import unconfirmed_message, verdict_message
from verifier.services import Message
from verifier.standin.blocks import problems

MARKUP = (
    "<!channel> <!here> <@U012AB3CD> <https://evil.example|Approve> https://evil.example :white_check_mark: *bold* "
    "_italic_ ~gone~ `code` `word` ` `` ``` * _ ~ & < > &lt; &amp;lt; &gt; @channel @here @everyone gcloud ; : / .. é"
).split()
BREAKS = ("\n", "\r\n", "\u2028", "\n✅ VERIFIED · ok", "\n> quoted", "\u202e", "\u200b", "\x1b[31m", "\t", " ", "\0")
FLOODS = tuple(sign * 4_000 for sign in ("<", "&", "*", "a", "\U0001d518"))
HOSTILE = st.lists(
    st.one_of(st.sampled_from([*MARKUP, *BREAKS, *FLOODS, "✅", "🔴"]), st.text(max_size=20)), max_size=6
).map("".join)
NOT_EVEN_UNICODE = st.one_of(HOSTILE, st.just("\ud800<!channel>"))
CALLED = "<!subteam^S012AB3CD>"
ROUTED = replace(
    POLICY,
    routes=(Route(mention="S012AB3CD"),),
    exemptions=(Exemption("made by hand", tool="gcloud builds submit"),),
)
FIRST = datetime(2026, 11, 23, 2, 21, 7, tzinfo=UTC)


@st.composite
def hostile_messages(draw: st.DrawFn) -> Message:
    """Return a message about a build whose every free text is hostile."""
    text, log = [draw(st.lists(kind, min_size=10, max_size=10)) for kind in (HOSTILE, NOT_EVEN_UNICODE)]
    outcomes = [draw(st.sampled_from(Outcome)) for _ in range(2)]
    findings = (
        Finding(Check.WORKER_SUCCEEDED, outcomes[0], log[0], log[1] or "see"),
        Finding(Check.LOGS_HAVE_NO_ERRORS, outcomes[1], f'"{log[2]}" ×1', log[3] or "see"),
        *NO_WORKER,
    )
    errors = [Repeated(log[4], 2, FIRST, log[5], log[6])] * draw(st.integers(0, 4))
    claims = {"TRIGGER_NAME": text[0], "BRANCH_NAME": text[1], "COMMIT_SHA": text[2], "_PR_NUMBER": text[3]}
    build = pushed(
        substitutions={name: claims[name] for name in draw(st.sets(st.sampled_from(sorted(claims))))},
        serviceAccount=f"x/{text[4]}",
        failureInfo={"detail": text[5]},
        results={"images": [{"name": text[6], "digest": text[7]}]},
        id=text[8],
        projectId=text[9],
        **draw(st.sampled_from([{}, {"source": None, "sourceProvenance": {}}, _stored(text[0], text[1])])),
    )
    _, source, judgement = judged(build, findings, policy=ROUTED, announced=draw(st.booleans()), errors=errors)
    verdict: Verdict | None = draw(st.sampled_from([judgement.verdict, None, *sorted(set(Verdict) - {Verdict.FAILED})]))
    job = f"projects/p/locations/l/jobs/{text[8]}/executions/{text[9]}"
    execution = draw(st.sampled_from(["", EXECUTION, log[0], job]))
    return verdict_message(build, source, replace(judgement, verdict=verdict, execution=execution), ROUTED)


def _stored(bucket: str, name: str) -> dict[str, Any]:
    return {"source": {"storageSource": {"bucket": bucket, "object": name}}, "sourceProvenance": {}}


_MOMENT = re.compile(r"<!date\^\d+\^\{date_short_pretty\} \{time(?:_secs)?\}\|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC>")


def _texts(message: Message) -> Iterator[str]:
    for block in message.blocks:
        if block["type"] == "section":
            yield block["text"]["text"]
        if block["type"] == "context":
            yield from (element["text"] for element in block["elements"])
    yield message.text


def undated(text: str) -> str:
    """Return the text without the moments that are ours."""
    return _MOMENT.sub("", text)


def _prose(text: str) -> str:
    """Return the text without our templates' code spans, which show what is in them, and nothing in them ends them."""
    if re.fullmatch(r"```\n[^`]*\n```", text):
        return ""
    return re.sub(r"(?<![\w`])`(?:(?:gcloud|verifier) [^`\n]+|[a-z_]+:?)`(?![\w`])", "", text)


@settings(max_examples=EXAMPLES)
@given(hostile_messages())
def test_nothing_is_called_linked_or_formatted_but_by_our_templates(message: Message) -> None:
    """One call, one bold line, our commands, one block of code."""
    for number, text in enumerate(_texts(message)):
        live = undated(text).replace(CALLED, "", 1)
        assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", live)
        bold = re.fullmatch(r"\*(\S[^\n]*)\* ?", live) if number == 0 else None
        prose = _prose(bold.group(1) if bold else live)
        assert not re.search(r"[`*~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", prose)
        assert not re.search(r"(?i):(?!\d\d:)[^\s:\u200b][^\s:]*:|https?://|@(?:channel|here|everyone)", prose)
        assert not re.search(r"(?m)^\s*&gt;", prose)
        assert not re.search(r"[\u202e\u2028\x00\x1b\r]", text)


@settings(max_examples=EXAMPLES)
@given(hostile_messages())
def test_only_the_first_line_begins_like_a_verdict(message: Message) -> None:
    lines = [line for text in list(_texts(message))[:-1] for line in _prose(text).split("\n")]
    assert [line for line in lines if re.match(r"[\s*\u200b]*(?:🔴|🟡|⚪|✅)", line)] == lines[:1]


@settings(max_examples=EXAMPLES)
@given(hostile_messages())
def test_slack_takes_every_message_and_every_button_stays_in_its_template(message: Message) -> None:
    assert problems(json.loads(json.dumps(message.blocks))) == []
    assert 0 < len(message.text.encode()) <= 12_000
    assert len(message.text) <= 3_000
    part = r"[\w.~%-]+"
    console = rf"https://console\.cloud\.google\.com/[\w.~%/=;-]+\?project={part}"
    for block in message.blocks:
        for button in block["elements"] if block["type"] == "actions" else ():
            assert re.fullmatch(rf"{console}|https://github\.com/{part}/{part}/commit/{part}", button["url"])
            assert not re.search(r"/\.{0,2}[/?]", button["url"].removeprefix("https://"))


@given(HOSTILE)
def test_a_hostile_line_of_its_own_is_one_line_that_quotes_nothing(text: str) -> None:
    line = shown(text)
    assert "\n" not in line
    assert not re.match(r"\s*(?:>|&gt;)", line)


@settings(max_examples=EXAMPLES)
@given(st.lists(HOSTILE, max_size=9))
def test_forged_build_names_can_flood_and_format_no_notice(names: list[str]) -> None:
    message = unconfirmed_message(len(names), names, DECIDED, "vividly-home")
    assert problems(json.loads(json.dumps(message.blocks))) == []
    assert not re.search(r"[<>`*~]", undated(message.text))


def test_secrets_do_not_reach_slack() -> None:
    token = "ghp_" + "a1B2c3D4" * 5
    leak = Repeated(
        f"401 for {token}", 1, FIRST, "0", f"GET https://x:{token}@example.org\nAuthorization: Bearer {token}"
    )
    message = verdict_message(*tried(pushed(), logged(leak)), POLICY)
    sent = json.dumps(message.blocks) + message.text
    assert token not in sent
    assert sent.count("[redacted]") >= 4


def test_a_text_that_is_cut_ends_in_an_ellipsis() -> None:
    build, source, _ = judged(pushed())
    stuck = Finding(Check.WORKER_SUCCEEDED, Outcome.FAILS, "x" * 5_000, "look")
    message = verdict_message(build, source, Judgement(Verdict.FAILED, (stuck,), DECIDED), POLICY)
    assert re.search(r"\nThe worker failed: x{500,560}…$", message.text)


@pytest.mark.parametrize("sign", ["🔴 ", "🟡 ", "\u200b✅ ", "⚪", "  🟥 ", "", "*", "> ", "`"])
@pytest.mark.parametrize("said", [*Verdict, "failed", "LOCAL SOURCE", "NOT BUILT", "SAMPLE by verifier doctor"])
def test_no_line_of_a_log_begins_like_a_verdict_of_ours(sign: str, said: str) -> None:
    line = f"{sign}{said} · content-worker · 85cffd8 main"
    error = Repeated("x", 1, DECIDED, "0\n✅ VERIFIED", f"{line}\nplain\n{line}")
    judgement = Judgement(Verdict.FAILED, (), DECIDED, errors=(error,))
    message = verdict_message(pushed(), source_of(pushed()), judgement, POLICY)
    (code,) = [text for text in _texts(message) if text.startswith("```")]
    first, *logged = code.split("\n")[1:-1]
    assert first.endswith(" UTC, task 0 ✅ VERIFIED, ×1")
    assert [one[:2] for one in logged] == ["| ", "pl", "| "]
