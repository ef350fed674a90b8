"""Secrets go, the rest stays: what `redact`, `plain` and `excerpt` promise about text that nobody vouches for."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.made_up import made_up
from verifier.redact import FAILED, REDACTED, excerpt, plain, redact
from verifier.redact.rules import RULES

_WORD = string.ascii_letters + string.digits

LEFT = {
    # A text with a made-up secret, and what must be left of it.
    "Authorization: Digest username=a, response={24}\nok": "Authorization: Digest █\nok",
    "Cookie: session={24}; theme=dark\nok": "Cookie: █\nok",
    "a;AccountKey={40}==;b": "a;AccountKey=█;b",
    "postgresql+psycopg://app:p/w@1@db:5432/prod b": "postgresql+psycopg://app:█@db:5432/prod b",
    "https://me:hunter2@host/x?mail=a@b": "https://me:█@host/x?mail=a@b",
    "https://{24}@host/x": "https://█@host/x",
    "https://h/o?a=1&X-Goog-Signature={hex:64}&b=2": "https://h/o?a=1&X-Goog-Signature=█&b=2",
    "https://h/o?key={24}&b=2": "https://h/o?key=█&b=2",
    """{"client_secret": "a b\\"c", "d": 1}""": """{"client_secret": "█", "d": 1}""",
    r"""{\"password\": \"ab c\", \"d\": 1}""": r"""{\"password\": \"█\", \"d\": 1}""",
    "DB_PASSWORD=hunter2 SLACK_TOKEN=abc&d=1": "DB_PASSWORD=█ SLACK_TOKEN=█&d=1",
    "run --db-password hunter2 --verbose": "run --db-password █ --verbose",
    "password: hunter22\nuser: me": "password: █\nuser: me",
    "token: {24}\nuser: me": "token: █\nuser: me",
    "Settings(password={16}, host='h')": "Settings(password=█, host='h')",
    "{api_key: {16}} x": "{api_key: █} x",
    "https://hooks.slack.com/services/T0/B0/{24} b": "https://hooks.slack.com/services/█ b",
    "Server=db;Password=p&ss{8};Encrypt=True": "Server=db;Password=█;Encrypt=True",
    "a -----BEGIN RSA PRIVATE KEY-----\n{b64:64}\n-----END RSA PRIVATE KEY----- b": "a █ b",
}

_FRAGMENTS = st.sampled_from(
    [made_up(rule.example)[0] for rule in RULES]
    + [rule.harmless for rule in RULES]
    + [
        REDACTED,
        FAILED,
        "password",
        "token",
        "=",
        ": ",
        '"',
        "'",
        "\\",
        "//",
        ":",
        "@",
        " ",
        "\n",
        ",",
        "x",
        "é",
        "\ud800",
    ]
)


@pytest.mark.parametrize("text", LEFT)
def test_a_secret_goes_and_what_stands_around_it_stays(text: str) -> None:
    assert redact(made_up(text)[0]) == LEFT[text].replace("█", REDACTED)


@given(st.lists(_FRAGMENTS, max_size=12).map("\n".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@given(st.text(), st.text(_WORD, min_size=4, max_size=30), st.text())
def test_a_given_value_never_comes_through(before: str, secret: str, after: str) -> None:
    kept = redact(f"{before}{secret}{after}", [secret])

    assert secret not in kept.replace(REDACTED, "")


def test_a_given_value_goes_in_json_and_in_addresses_too() -> None:
    text = 'plain a"b/c, json {"x": "a\\"b/c"}, address http://h/?x=a%22b%2Fc'

    assert redact(text, ['a"b/c\n']) == (
        f'plain {REDACTED}, json {{"x": "{REDACTED}"}}, address http://h/?x={REDACTED}'
    )


def test_values_too_short_to_be_secrets_are_left_alone() -> None:
    assert redact("an ordinary line", ["", "an", "  "]) == "an ordinary line"


def test_a_private_key_that_is_cut_off_takes_the_rest_with_it() -> None:
    assert redact("a -----BEGIN PRIVATE KEY-----\\nMIIE\nmore") == f"a {REDACTED}"


def test_when_redaction_fails_nothing_of_the_text_is_shown() -> None:
    def broken() -> Iterator[str]:
        yield "value"
        raise RuntimeError("no more")

    assert redact("text with a value", broken()) == FAILED


def test_a_lone_surrogate_does_not_stop_redaction() -> None:
    assert redact("\ud800 password=hunter2") == f"\ufffd password={REDACTED}"


@pytest.mark.parametrize(
    "unit",
    [
        "postgres://a:b,password=x,",
        "https://aaaaaaaaaaaaaaaaaaaaaaaaa,pwd=x,token=z,",
        "eyJaaaaaaaaaaaaaaaaaaaa-AKIAABCDEFGHIJKLMNOP-",
        "-----BEGIN PRIVATE KEY",
        'secret="',
        "authorization: ",
    ],
)
def test_hostile_text_is_redacted_however_often_a_secret_seems_to_begin(unit: str) -> None:
    """`tests/benchmarks/decoders.py` has what it costs."""
    found = redact(f"{unit * 1_000} password=hunter2")
    assert found != FAILED
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mred\x1b[0m b", "ared b"),
        ("a\x1b]8;;http://x\x07link\x1b]8;;\x07 b", "alink b"),
        ("a\x1b[2Jb\x1b(c", "ab(c"),
        ("a\x00\x07\x7f\x9bb\tc", "ab\tc"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\vg\fh", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("\u202egnp.exe\u202c \u2066x\u2069\u200f", "gnp.exe x"),
        ("a\u200bb\u200dc\ufeffd\u2060e\u00adf\u3164g\U000e0041h", "abcdefgh"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("\ud83d\ude00 héllo 日本", "😀 héllo 日本"),
    ],
)
def test_plain_text_is_what_it_looks_like(text: str, expected: str) -> None:
    assert plain(text, 100) == expected


@given(st.text(), st.integers(0, 40))
def test_plain_text_is_capped_printable_and_final(text: str, most: int) -> None:
    kept = plain(text, most)

    assert len(kept) <= most
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in kept)
    assert plain(kept, most) == kept
    kept.encode()


@pytest.mark.parametrize(("most", "expected"), [(5, "abcde"), (4, "abc…"), (1, "…"), (0, "")])
def test_what_is_cut_ends_in_an_ellipsis(most: int, expected: str) -> None:
    assert plain("abcde", most) == expected


def test_an_excerpt_is_redacted_before_it_is_cut() -> None:
    text = "token is " + made_up("ghp_{36}")[0]

    assert excerpt(text, 19) == "token is [redacted]"
    assert excerpt(text, 15) == "token is [reda…"


def test_invisible_characters_hide_no_secret_from_an_excerpt() -> None:
    token, secret = made_up("ghp_{36}")[0], made_up("{36}", seed=2)[0]

    kept = excerpt(f"{token[:2]}\u200b{token[2:9]}\x1b[0m{token[9:]} and {secret[:5]}\x00{secret[5:]}", 200, [secret])

    assert kept == f"{REDACTED} and {REDACTED}"


@given(st.lists(_FRAGMENTS, max_size=12).map("".join), st.integers(0, 200))
def test_an_excerpt_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(excerpt(text, most)) <= most
