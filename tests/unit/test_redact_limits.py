"""Of a long text no more is read than its limit asks for, and no part of a secret is left where it is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.counted import CountedText
from tests.unit.made_up import leaks, made_up
from verifier.redact import MARGIN, REDACTED, excerpt, one_line, plain
from verifier.redact.rule import Rule
from verifier.redact.rules import RULES

MOST = 300
KINDS = (
    "ghp_{36}",
    "eyJ{60}.{200}.{43}",
    'password = "two {8} words {8}"',
    "DB_PASSWORD={16}",
    "postgresql://app:{16}@db:5432/prod",
    "-----BEGIN PRIVATE KEY-----\n{b64:64}\n{b64:64}\n-----END PRIVATE KEY-----",
    '{"auths": {"h": {"auth": "{b64:40}"}}}',
    "curl -u app:{16} https://h",
    "password: |\n  {16}\n  {16}\n",
    '> Authorization: Digest username="a", response="{hex:32}"',
)
HIDDEN = "password=" + "x" * (MARGIN - 200) + " "
"""Is replaced by a short mark: what stands after it comes near to the limit."""
UNSEEN = "\u200b" * (MARGIN - 200)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", ["", HIDDEN, UNSEEN], ids=["plain", "after a long secret", "after what is unseen"])
@pytest.mark.parametrize("cut", [MOST, MOST + MARGIN // 2, MOST + MARGIN], ids=["limit", "half", "margin"])
def test_a_secret_at_any_place_around_a_cut_goes(kind: str, before: str, cut: int) -> None:
    secret, parts = made_up(kind)
    for at in range(cut - len(secret) - 3, cut + 3):
        start = before + "word " * ((at - len(before)) // 5 + 1)
        text = f"{start[:at]} {secret} {'more ' * MARGIN}"
        shown = excerpt(text, MOST)
        assert [part for part in parts if leaks(part, shown)] == [], at


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("cut", [MOST, MOST + MARGIN], ids=["limit", "margin"])
def test_the_example_of_each_rule_is_not_read_in_part(rule: Rule, cut: int) -> None:
    secret, parts = made_up(rule.example)
    for before in ("", HIDDEN):
        for at in range(cut - len(secret) - 3, cut + 3, 7):
            start = (before + "word " * cut)[: at - 1] + "\n"
            shown = excerpt(f"{start}{secret}\n{'more ' * MARGIN}", MOST)
            assert [part for part in parts if leaks(part, shown)] == [], at


@pytest.mark.parametrize("several", [0, 5, 60])
def test_a_given_value_at_any_place_around_a_cut_goes(several: int) -> None:
    value = "correct horse battery staple"
    for cut in (MOST, MOST + MARGIN // 2, MOST + MARGIN):
        for at in range(cut - len(value) - 3, cut + 3):
            before = f"{value} " * min(several, at // (len(value) + 1))
            start = before + ("word " * at)[: at - len(before)]
            assert not leaks(value, excerpt(f"{start}{value} {'more ' * MARGIN}", MOST, [value])), at


def test_a_long_text_is_shown_to_its_limit() -> None:
    shown = excerpt("word " * 100_000, MOST)

    assert len(shown) == MOST
    assert shown.endswith("…")
    assert excerpt("x" * 100_000, MOST) == "x" * (MOST - 1) + "…"


def test_a_long_text_of_secrets_says_that_there_was_more() -> None:
    assert excerpt("password=" + "x" * 100_000, MOST) == f"password={REDACTED}…"


@pytest.mark.parametrize("shown", [excerpt, one_line, plain])
@pytest.mark.parametrize(
    "unit", ["x", " ", "a,password\n", "password: none ", "login a/", "\u200b", "\x1b[31m", "é", "token: a ", "1,"]
)
def test_of_a_long_text_the_limit_and_the_margin_are_read(shown: Callable[[str, int], str], unit: str) -> None:
    """Whatever stands behind them costs nothing, and changes nothing."""
    text = CountedText(unit * (2_000_000 // len(unit)))

    found = shown(text, MOST)

    assert text.taken == MOST + MARGIN
    assert found == shown(text[: MOST + MARGIN] + "password=another" * MARGIN, MOST)
