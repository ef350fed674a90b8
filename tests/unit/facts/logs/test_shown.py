"""What is shown of an error: capped, in one line where it is a name, and never a part of a secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verifier.facts.logs.shown import shown_line, shown_name, shown_text
from verifier.redact import REDACTED

KEY = "-----BEGIN PRIVATE KEY-----\nKeyError: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
NAME = "KeyError: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"


def test_a_text_is_capped_at_four_thousand_characters() -> None:
    assert shown_text("x" * 4_000) == "x" * 4_000
    assert shown_text("x" * 4_001) == "x" * 3_999 + "…"


@pytest.mark.parametrize("shown", [shown_line, lambda line: shown_name(line, line), lambda line: shown_name(line, "")])
def test_a_line_and_a_name_are_capped_at_two_hundred(shown: Callable[[str], str]) -> None:
    assert shown("x" * 200) == "x" * 200
    assert shown("x" * 201) == "x" * 199 + "…"
    assert shown("disk \t is\nfull") == "disk is full"


def test_a_secret_is_redacted_by_itself() -> None:
    secret = "password=hunter2hunter2"
    assert shown_text(f"login with {secret} failed") == f"login with password={REDACTED} failed"
    assert shown_line(f"login with {secret} failed") == f"login with password={REDACTED} failed"
    assert shown_name(f"login with {secret} failed", f"login with {secret} failed") == (
        f"login with password={REDACTED} failed"
    )


def test_a_name_that_is_a_line_of_a_longer_secret_is_none() -> None:
    assert shown_name(NAME, "") == NAME
    assert shown_name(NAME, f"it says\n{KEY}") == REDACTED


def test_a_name_that_stands_in_the_text_and_in_no_secret_is_shown() -> None:
    assert shown_name("KeyError: 7", f"KeyError: 7\n{KEY}") == "KeyError: 7"
    assert shown_name("KeyError: 7", f"{KEY}\nKeyError: 7") == "KeyError: 7"
    assert shown_name("KeyError:  7", "KeyError:  7") == "KeyError: 7"


def test_a_secret_around_a_name_is_looked_for_four_thousand_characters_away() -> None:
    key = KEY.replace("KeyError", f"{'x' * 76}\n" * 40 + "KeyError")
    assert shown_name(NAME, key) == REDACTED
    assert shown_name(NAME, "all is well\n" * 1_000 + key) == REDACTED
