"""Secrets go, the rest stays: what `redact`, `plain` and `excerpt` promise about text that nobody vouches for."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.redact import FAILED, REDACTED, RULES, excerpt, plain, redact

_WORD = string.ascii_letters + string.digits
_random = random.Random(20261123)


def _made(count: int, alphabet: str = _WORD) -> str:
    return "".join(_random.choices(alphabet, k=count))


_HEX = "0123456789abcdef"
_SECRET = _made(24)

SAMPLES: dict[str, tuple[str, str]] = {
    # A rule's name → a text with a made-up secret, and what must be left. Prefixes stand apart from the values, so that
    # no scanner takes this file for a leak.
    "private key": (
        f"a -----BEGIN RSA PRIVATE KEY-----\n{_made(64)}\n{_made(20)}==\n-----END RSA PRIVATE KEY----- b",
        "a █ b",
    ),
    "age key": ("AGE-SECRET-" + f"KEY-1{_made(40, string.ascii_uppercase)} b", "█ b"),
    "authorization header": (f"> Authorization: Digest {_SECRET}\nok", "> Authorization: Digest █\nok"),
    "cookie header": (f"Cookie: session={_SECRET}; theme=dark\nok", "Cookie: █\nok"),
    "key header": (f"x-goog-api-key: {_SECRET} ok", "x-goog-api-key: █ ok"),
    "bearer token": (f"sent bearer {_SECRET} ok", "sent bearer █ ok"),
    "basic credentials": (f"sent Basic {_made(10)}== ok", "sent Basic █ ok"),
    "JWT or JSON in base64": ("a eyJ" + f"{_made(20)}.{_made(30)}.{_made(20)} b", "a █ b"),
    "AWS key id": ("a AKIA" + f"{_made(16, string.ascii_uppercase)} b", "a █ b"),
    "Google API key": ("a AIza" + f"{_made(35)} b", "a █ b"),
    "Google access token": ("a ya29." + f"{_made(60)} b", "a █ b"),
    "Google refresh token": ("a 1//0" + f"{_made(40)} b", "a █ b"),
    "Google client secret": ("a GOCSPX-" + f"{_made(28)} b", "a █ b"),
    "Google HMAC key id": ("a GOOG1" + f"{_made(56, string.ascii_uppercase)} b", "a █ b"),
    "GitHub token": ("a ghs_" + f"{_made(36)} github_pat_{_made(22)}_{_made(59)} b", "a █ █ b"),
    "GitLab token": ("a glpat-" + f"{_made(20)} b", "a █ b"),
    "Slack token": ("a xoxb-" + f"123456789012-{_made(24)} b", "a █ b"),
    "Slack webhook": (f"https://hooks.slack.com/services/T0/B0/{_SECRET} b", "https://hooks.slack.com/services/█ b"),
    "Discord webhook": (f"https://discord.com/api/webhooks/12/{_SECRET} b", "https://discord.com/api/webhooks/█ b"),
    "Stripe key": ("a sk_live_" + f"{_made(24)} rk_test_{_made(24)} b", "a █ █ b"),
    "OpenAI or Anthropic key": ("a sk-ant-" + f"api03-{_made(40)} b", "a █ b"),
    "npm token": ("a npm_" + f"{_made(36)} b", "a █ b"),
    "PyPI token": ("a pypi-AgE" + f"IcHlw{_made(60)} b", "a █ b"),
    "SendGrid key": ("a SG." + f"{_made(22)}.{_made(43)} b", "a █ b"),
    "Twilio key": ("a SK" + f"{_made(32, _HEX)} b", "a █ b"),
    "Telegram bot token": ("a 1234567890:AA" + f"{_made(33)} b", "a █ b"),
    "Hugging Face token": ("a hf_" + f"{_made(34)} b", "a █ b"),
    "DigitalOcean token": ("a dop_v1_" + f"{_made(64, _HEX)} b", "a █ b"),
    "Docker token": ("a dckr_pat_" + f"{_made(27)} b", "a █ b"),
    "Vault token": ("a hvs." + f"{_made(24)} b", "a █ b"),
    "Grafana token": ("a glsa_" + f"{_made(32)}_{_made(8, _HEX)} b", "a █ b"),
    "Databricks token": ("a dapi" + f"{_made(32, _HEX)} b", "a █ b"),
    "Shopify token": ("a shpat_" + f"{_made(32, _HEX)} b", "a █ b"),
    "Azure key": (f"a;AccountKey={_made(40)}==;b", "a;AccountKey=█;b"),
    "database address": ("postgresql+psycopg://app:p/w@1@db:5432/prod b", "postgresql+psycopg://app:█@db:5432/prod b"),
    "password in an address": ("https://me:hunter2@host/x?mail=a@b", "https://me:█@host/x?mail=a@b"),
    "token in an address": (f"https://{_SECRET}@host/x", "https://█@host/x"),
    "signed address": (f"https://h/o?a=1&X-Goog-Signature={_SECRET}&b=2", "https://h/o?a=1&X-Goog-Signature=█&b=2"),
    "key in an address": (f"https://h/o?key={_SECRET}&b=2", "https://h/o?key=█&b=2"),
    "quoted assignment": ("""{"client_secret": "a b\\"c", "d": 1}""", """{"client_secret": "█", "d": 1}"""),
    "assignment in quoted JSON": (r"""{\"password\": \"ab c\", \"d\": 1}""", r"""{\"password\": \"█\", \"d\": 1}"""),
    "assignment": ("DB_PASSWORD=hunter2 SLACK_TOKEN=abc&d=1", "DB_PASSWORD=█ SLACK_TOKEN=█&d=1"),
    "flag": ("run --db-password hunter2 --verbose", "run --db-password █ --verbose"),
    "password in YAML": ("password: hunter22\nuser: me", "password: █\nuser: me"),
    "token in YAML": (f"token: {_SECRET}\nuser: me", "token: █\nuser: me"),
}

BENIGN = (
    "sqlalchemy.exc.InvalidRequestError: One or more mappers failed to initialize - can't proceed with initialization",
    "sqlalchemy.exc.ArgumentError: Mapper Mapper[Tag(tags)] could not assemble any primary key columns",
    "INFO: 127.0.0.1:53412 - GET /healthz?page=2 HTTP/1.1 200 OK",
    "Digest: sha256:3f0a1c9be2d54f6780aa19d4c7be1f20c33d0d7b1f2ac4e58b6a7d90e1f2c3b4",
    "us-docker.pkg.dev/vividly-dev/images/content-worker@sha256:0a1b2c",
    "projects/123456789012/locations/us-central1/builds/4e841fcb-9a1d-4a6e-8c5f-0f9d2b7a6c3e",
    "HEAD is now at 85cffd8f2b1a6c3d4e5f60718293a4b5c6d7e8f9 Merge pull request #12",
    "Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in <module>\nKeyError: 'name'",
    "PWD=/workspace OLDPWD=/tmp max_tokens=4096 tokenizer=bert next_page=2",
    "if token == expected: raise ValueError('unexpected token: got }')",
    "http://localhost:8080/metrics git@github.com:vividly/content-worker.git me@example.com",
    "Enter password: ",
    "risk-assessment-of-the-quarterly-report-2026 desk-lamp-and-other-furniture-for-offices",
    "query ok: 12 rows",
)

_FRAGMENTS = st.sampled_from(
    [text for text, _ in SAMPLES.values()]
    + list(BENIGN)
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


def test_every_rule_has_a_sample_here() -> None:
    assert list(SAMPLES) == [name for name, _ in RULES]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_secret_goes_and_what_stands_around_it_stays(name: str) -> None:
    text, expected = SAMPLES[name]

    assert redact(text) == expected.replace("█", REDACTED)


@pytest.mark.parametrize("text", BENIGN)
def test_text_without_secrets_is_left_alone(text: str) -> None:
    assert redact(text) == text


@given(st.lists(_FRAGMENTS, max_size=12).map("".join))
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
def test_hostile_text_takes_no_more_time_than_its_length(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    start = perf_counter()
    redact(text)

    assert perf_counter() - start < 3


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
    text = "token is " + "ghp_" + _made(36)

    assert excerpt(text, 19) == "token is [redacted]"
    assert excerpt(text, 15) == "token is [reda…"


def test_invisible_characters_hide_no_secret_from_an_excerpt() -> None:
    token, secret = "ghp_" + _made(36), _made(36)

    kept = excerpt(f"{token[:2]}\u200b{token[2:9]}\x1b[0m{token[9:]} and {secret[:5]}\x00{secret[5:]}", 200, [secret])

    assert kept == f"{REDACTED} and {REDACTED}"


@given(st.lists(_FRAGMENTS, max_size=12).map("".join), st.integers(0, 200))
def test_an_excerpt_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(excerpt(text, most)) <= most
