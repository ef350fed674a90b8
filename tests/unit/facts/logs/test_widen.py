"""A widened pattern has no backslash, and finds at least what the pattern finds."""

from __future__ import annotations

import pytest
import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from verifier.facts.logs.superset import SUPERSET
from verifier.facts.logs.widen import ANY, widened


@pytest.mark.parametrize(
    ("expression", "wider"),
    [
        ("query ok", "query ok"),
        (r"done in \d+s", "done in [0-9]+s"),
        (r"a\.b\(c\)", "a[.]b[(]c[)]"),
        (r"\bok\b", "(?:)ok(?:)"),
        (r"[\w.]+", "[0-9A-Za-z_.]+"),
        (r"[^\d]", ANY),
        (r"\Qa.b\E+", "a[.]b+"),
        ('say "hi"', f"say {ANY}hi{ANY}"),
        ("tab\there", f"tab{ANY}here"),
        (r"\pL\x41\^", ANY * 3),
        ("(?i)GRÜSS", "(?i)GRÜSS"),
    ],
)
def test_an_escape_becomes_a_class_or_any_character(expression: str, wider: str) -> None:
    assert widened(expression) == wider


PIECES = st.sampled_from(
    (
        r"\d \w+ \s* \. \( \\ \bx [\d\s] [^\w] [\]a] a ok (?:b|c) x{1,3} . ^ $ \x41 \pL \S \W \D [a-z] [[:digit:]] é"
        r' (?i:q) \t \Q(a\E "'
    ).split(" ")
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(PIECES, min_size=1, max_size=6).map("".join), st.text(alphabet='aA1 .:()\\"\n\tbcxqok[]é0', max_size=12)
)
def test_whatever_a_pattern_finds_the_wider_one_finds(expression: str, text: str) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(expression, options).search(text)
    except re2.error:
        assume(False)
    wider = widened(expression)
    assert "\\" not in wider
    assert '"' not in wider
    assert not found or re2.compile(wider, options).search(text)


@pytest.mark.parametrize("expression", ["(", "a[", "x{5,2}", "(?=a)", "a**"])
def test_an_expression_that_re2_refuses_finds_anything_and_nothing_is_said(
    expression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert widened(expression) == ANY
    assert capfd.readouterr() == ("", "")


def test_what_the_server_is_asked_for_has_no_backslash_and_no_quotes() -> None:
    assert "\\" not in SUPERSET
    assert '"' not in SUPERSET
    assert len(SUPERSET) < 6_000
