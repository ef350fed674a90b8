"""The inbox page: what a text looks like, and that no text can do more than be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.standin.inbox import fragment, headers, mrkdwn, page
from verifier.standin.workspace_message import SlackMessage

READ = datetime(2026, 11, 25, 15, tzinfo=UTC)
RENDERED = {
    "plain": ("VERIFIED", "<p>VERIFIED</p>"),
    "bold": ("a *bold* word", "<p>a <strong>bold</strong> word</p>"),
    "italics": ("a _quiet_ word", "<p>a <em>quiet</em> word</p>"),
    "struck": ("a ~wrong~ word", "<p>a <s>wrong</s> word</p>"),
    "nested": ("*very _much_ so*", "<p><strong>very <em>much</em> so</strong></p>"),
    "marks within words": ("snake_case_name 2*3*4", "<p>snake_case_name 2*3*4</p>"),
    "marks beside space": ("a * b * c", "<p>a * b * c</p>"),
    "code": ("run `make *demo*`", "<p>run <code>make *demo*</code></p>"),
    "code of escaped text": ("`a &lt; b &amp;&amp; c`", "<p><code>a &lt; b &amp;&amp; c</code></p>"),
    "fence": (
        "before\n```\nline 1\n  *line 2*\n```\nafter",
        "<p>before</p><pre>line 1\n  *line 2*</pre><p>after</p>",
    ),
    "open fence": ("```not closed", "<p>```not closed</p>"),
    "lines": ("one\ntwo\n\nthree", "<p>one<br>two<br><br>three</p>"),
    "quote": (
        "said:\n&gt; first\n&gt; *second*\nend",
        "<p>said:</p><blockquote>first<br><strong>second</strong></blockquote><p>end</p>",
    ),
    "bare quote": ("> quoted", "<blockquote>quoted</blockquote>"),
    "link": (
        "see <https://example.com/a?b=1&amp;c=2|the log>",
        '<p>see <a href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">the log</a></p>',
    ),
    "link without a name": (
        "<http://example.com/>",
        '<p><a href="http://example.com/" target="_blank" rel="noopener noreferrer">http://example.com/</a></p>',
    ),
    "bold link": (
        "*<https://example.com|log>*",
        '<p><strong><a href="https://example.com" target="_blank" rel="noopener noreferrer">log</a></strong></p>',
    ),
    "everybody": ("<!channel> look", '<p><span class="mention">@channel</span> look</p>'),
    "person": ("<@U123|ann>", '<p><span class="mention">@ann</span></p>'),
    "channel": ("<#C123|builds>", '<p><span class="mention">#builds</span></p>'),
    "entities once": ("&amp;lt;b&amp;gt;", "<p>&amp;lt;b&amp;gt;</p>"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("case", RENDERED)
def test_mrkdwn_looks_as_in_slack(case: str) -> None:
    text, expected = RENDERED[case]
    assert mrkdwn(text) == expected


HOSTILE = {
    "element": ("<script>alert(1)</script>", "<p>scriptalert(1)/script</p>"),
    "escaped element": (
        "&lt;img src=x onerror=alert(1)&gt;",
        "<p>&lt;img src=x onerror=alert(1)&gt;</p>",
    ),
    "script address": ("<javascript:alert(1)|safe>", "<p>safe</p>"),
    "data address": ("<data:text/html,x|safe>", "<p>safe</p>"),
    "escaping attribute": (
        '<https://e.com/" onmouseover="alert(1)|x>',
        "<p>x</p>",
    ),
    "element as a name": (
        "<https://e.com|&lt;b&gt;x&lt;/b&gt;>",
        '<p><a href="https://e.com" target="_blank" rel="noopener noreferrer">&lt;b&gt;x&lt;/b&gt;</a></p>',
    ),
    "element in code": ("`</code><b>`", "<p><code>&lt;/code&gt;&lt;b&gt;</code></p>"),
    "element in a fence": ("```</pre><b>```", "<pre>&lt;/pre&gt;&lt;b&gt;</pre>"),
    "element in a quote": ("> &lt;/blockquote&gt;", "<blockquote>&lt;/blockquote&gt;</blockquote>"),
    "quotes": ("\"'", "<p>&quot;&#x27;</p>"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_text_is_only_looked_at(case: str) -> None:
    text, expected = HOSTILE[case]
    assert mrkdwn(text) == expected


class Markup(HTMLParser):
    """The elements of a document, with their attributes."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


ALLOWED = {
    "a": {"href", "target", "rel"},
    "span": {"class"},
    **{key: set[str]() for key in ["p", "br", "pre", "code", "strong", "em", "s", "blockquote"]},
}
PIECES = ["<", ">", "&lt;", "&gt;", "&amp;", "|", "*", "_", "~", "`", "```", "\n", '"', "'", "!", "#", "@", "="]
WORDS = ["https://e.com/", "javascript:", "script", "img", "onerror", "x", " ", "\\", "\u202e", "\0"]


@given(st.lists(st.sampled_from(PIECES + WORDS), max_size=30).map("".join))
def test_no_text_makes_any_other_markup_than_ours(text: str) -> None:
    for tag, attributes in Markup(mrkdwn(text)).elements:
        assert attributes.keys() <= ALLOWED[tag]
        if tag == "a":
            assert (attributes["href"] or "").startswith("https://")
        if tag == "span":
            assert attributes["class"] == "mention"


def message(*blocks: Mapping[str, Any], text: str = "text", edited: bool = False, name: str = "builds") -> SlackMessage:
    return SlackMessage("C0BUILDS01", name, "1772625600.000000", text, blocks, None, edited)


def around(content: str, edited: str = "") -> str:
    return (
        '<article class="message"><svg class="avatar" aria-hidden="true"><use href="#avatar"/></svg><div>'
        '<p class="byline"><b>Build Verifier</b> <span class="app">APP</span> '
        f'<time datetime="2026-03-04T12:00:00Z">12:00:00 UTC</time>{edited} '
        f'<span class="channel">#builds</span></p>{content}</div></article>'
    )


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


BLOCKS: dict[str, tuple[dict[str, Any], str]] = {
    "header": ({"type": "header", "text": plain("a &amp; *b*")}, "<h2>a &amp; *b*</h2>"),
    "section": (
        {"type": "section", "text": marked("*b*")},
        '<div class="text"><p><strong>b</strong></p></div>',
    ),
    "plain section": ({"type": "section", "text": plain("*b*")}, '<div class="text">*b*</div>'),
    "fields": (
        {"type": "section", "fields": [marked("_a_"), plain("b")]},
        '<div class="fields"><div class="text"><p><em>a</em></p></div><div class="text">b</div></div>',
    ),
    "context": (
        {"type": "context", "elements": [marked("a"), plain("b")]},
        '<div class="context"><div class="text"><p>a</p></div><div class="text">b</div></div>',
    ),
    "divider": ({"type": "divider"}, "<hr>"),
    "actions": (
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": plain("Logs"), "url": "https://e.com/?a=1&b=2"},
                {"type": "button", "text": plain("<b>"), "url": "https://e.com", "style": "danger"},
                {"type": "button", "text": plain("No"), "url": "javascript:alert(1)"},
                {"type": "button", "text": plain("None")},
            ],
        },
        (
            '<div class="actions">'
            '<a class="button" href="https://e.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Logs</a>'
            '<a class="button danger" href="https://e.com" target="_blank" rel="noopener noreferrer">&lt;b&gt;</a>'
            '<span class="button">No</span><span class="button">None</span></div>'
        ),
    ),
}


@pytest.mark.parametrize("case", BLOCKS)
def test_a_block_looks_as_in_slack(case: str) -> None:
    block, expected = BLOCKS[case]
    assert fragment([message(block)], READ) == around(expected)


def test_blocks_stand_in_their_order_and_instead_of_the_text() -> None:
    assert fragment([message({"type": "divider"}, {"type": "header", "text": plain("h")})], READ) == around(
        "<hr><h2>h</h2>"
    )


def test_a_message_without_blocks_shows_its_text() -> None:
    assert fragment([message(text="*b*")], READ) == around('<div class="text"><p><strong>b</strong></p></div>')


def test_an_edited_message_says_so() -> None:
    edited = around("<hr>", ' <span class="edited">(edited)</span>')
    assert fragment([message({"type": "divider"}, edited=True)], READ) == edited


def conversation() -> list[SlackMessage]:
    first = replace(message(text="the upload\nwith more to say"), ts="100.000001")
    second = replace(message(text="another"), ts="100.000002")
    reply = replace(message(text="again"), ts="100.000003", thread=first.ts, edited=True)
    told = replace(message(text="over"), ts="100.000004", thread=first.ts, broadcast=True)
    return [first, second, reply, told]


def test_replies_stand_under_their_message_and_nowhere_else() -> None:
    *conversation_, _ = conversation()
    upload, other = fragment(conversation_, READ).split("\n")
    assert upload.count("<article") == 2
    assert '<section class="thread" aria-label="1 reply"><p class="count">1 reply</p><article class="reply">' in upload
    assert upload.index("with more to say") < upload.index("<p>again</p>")
    assert upload.count("(edited)") == 1
    assert "again" not in other


def test_a_reply_that_was_also_sent_to_the_channel_stands_there_too_and_says_what_it_replies_to() -> None:
    upload, _, broadcast = fragment(conversation(), READ).split("\n")
    assert "2 replies" in upload
    assert upload.count("Also sent to the channel") == 1
    assert upload.index("<p>over</p>") < upload.index("Also sent to the channel")
    assert '<p class="about">replied to a thread: the upload</p>' in broadcast
    assert "<p>over</p>" in broadcast


def test_a_reply_whose_message_is_not_there_stands_by_itself() -> None:
    _, _, reply, _ = conversation()
    assert fragment([reply], READ).count('<article class="message">') == 1


def test_a_thread_of_another_channel_is_another_thread() -> None:
    first, *_, told = conversation()
    assert "thread" not in fragment([first, replace(told, channel="C2")], READ).partition("\n")[0]


def test_what_a_reply_is_about_has_no_markup_of_its_own_and_one_short_line() -> None:
    first, *_, told = conversation()
    shown = fragment([replace(first, text="*&lt;b&gt;* " + "x" * 99), told], READ)
    assert f"replied to a thread: <strong>&lt;b&gt;</strong> {'x' * 67}…</p>" in shown


def test_the_newest_message_is_last() -> None:
    assert fragment([message({"type": "divider"}), message(text="b")], READ) == "\n".join(
        [around("<hr>"), around('<div class="text"><p>b</p></div>')]
    )


def test_a_channel_has_no_markup_either() -> None:
    assert ">#&lt;b&gt;</span>" in fragment([message(name="<b>")], READ)


def test_an_empty_inbox_says_what_to_expect() -> None:
    assert fragment([], READ) == '<p class="empty">No messages yet. They appear here as they are posted.</p>'


def test_the_page_holds_the_messages_and_runs_only_its_own_script_and_style() -> None:
    shown = page([message(text="$nonce ${messages}")], "n0nce", READ)
    assert "<p>$nonce ${messages}</p>" in shown
    elements = Markup(shown).elements
    assert [attributes for tag, attributes in elements if tag in ("script", "style")] == [{"nonce": "n0nce"}] * 2
    assert not [tag for tag, attributes in elements if tag in ("link", "img", "iframe") or "style" in attributes]
    assert [tag for tag, _ in elements if tag in ("header", "main", "h1")] == ["header", "h1", "main"]


def test_the_policy_lets_the_page_load_nothing_from_elsewhere() -> None:
    assert headers("n0nce") == {
        "Content-Security-Policy": "default-src 'none'; connect-src 'self'; script-src 'nonce-n0nce'; "
        "style-src 'nonce-n0nce'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
    }


def test_moments_are_shown_as_their_reader_sees_them() -> None:
    moment = f"<!date^{int(READ.timestamp()) - 600}^{{date_short_pretty}} {{time}}|then>"
    assert fragment([message(text=f"since {moment}")], READ) == around(
        '<div class="text"><p>since today 14:50</p></div>'
    )
