"""What varies is masked, what tells errors apart stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.facts.logs.masks import masked


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("row 17 of 9 lost", "row <*> of <*> lost"),
        ("lost 0x7f3a20 6d0c2f7e-1b7a-4c55-a3d9-5f2b8e90c114", "lost <*>"),
        ("no answer from 10.0.0.5:5432 in 12.5s", "no answer from <*> in <*>"),
        ("mail to user7@example.com bounced", "mail to <*> bounced"),
        ("GET https://example.com/a?b=c failed", "GET <*> failed"),
        ("cannot open '/tmp/a/part-7.json'", "cannot open <*>"),
        ("invalid literal for int() with base 10: 'abc'", "invalid literal for int() with base <*>"),
        ("time data 'x' does not match format '%Y'", "time data <*> does not match format <*>"),
        ('relation "feature_flags" does not exist', 'relation "feature_flags" does not exist'),
        ("Pool(host='10.0.0.5', port=80) is closed", "Pool(host=<*> port=<*> is closed"),
        ("KeyError: 'user_id'", "KeyError: 'user_id'"),
        ("column 'address_2' is missing", "column 'address_2' is missing"),
        ("Container called exit(137).", "Container called exit(137)."),
        ("Container terminated on signal 9.", "Container terminated on signal 9."),
        ("exited with code 3", "exited with code 3"),
        ("it returned 404 in 12ms", "it returned 404 in <*>"),
        ("503 Service Unavailable", "503 Service Unavailable"),
        ("(SQLSTATE 42P01)", "(SQLSTATE 42P01)"),
        ("[Errno 111] Connection refused", "[Errno 111] Connection refused"),
        ("'utf-8' codec can't decode byte 0xff", "'utf-8' codec can't decode byte <*>"),
        ("parent/child tables and/or views", "parent/child tables and/or views"),
    ],
)
def test_a_message_is_masked(message: str, key: str) -> None:
    assert masked(message) == key


@given(st.integers(10, 10**9), st.integers(10, 10**9))
def test_messages_that_differ_in_a_number_are_one(one: int, other: int) -> None:
    assert masked(f"row {one} was lost") == masked(f"row {other} was lost")


@given(st.text(max_size=200))
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once = masked(text)
    assert masked(once) == once
