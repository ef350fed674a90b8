"""Which fields carry an entry's text, and what is known by its JSON."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.logs.text import TEXT_PATHS, structured, structured_line


@pytest.mark.parametrize("path", TEXT_PATHS)
def test_each_field_carries_text_nested_and_as_one_name(path: str) -> None:
    nested: Any = "disk is full"
    for name in reversed(path.split(".")):
        nested = {name: nested}
    assert structured(nested).text == "disk is full"
    assert structured({path: "disk is full"}).text == "disk is full"


def test_fields_stand_in_their_order_and_none_twice() -> None:
    payload = {"stack": "Error: boom\n    at a.js:1:1", "err": {"message": "boom"}, "msg": "order 17 not shipped"}
    assert structured(payload).text == "order 17 not shipped\nboom\nError: boom\n    at a.js:1:1"
    assert structured({"event": "boom", "error": "boom"}).text == "boom"


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"status": "failed", "failed": 40}, '{"failed": 40, "status": "failed"}'),
        ({"message": {"not": "text"}, "n": 1}, '{"message": {"not": "text"}, "n": 1}'),
        ({}, ""),
    ],
)
def test_a_payload_without_text_is_known_by_its_json(payload: dict[str, Any], text: str) -> None:
    assert structured(payload).text == text


def test_the_json_is_capped() -> None:
    assert len(structured({"numbers": list(range(100_000))}).text) == 4_000


@pytest.mark.parametrize("line", ["", "plain", "{", "{}", "[1]", '{"a": 1} tail', '{"a": }'])
def test_a_line_that_is_no_json_object_is_plain_text(line: str) -> None:
    assert structured_line(line) is None


def test_a_line_that_is_a_json_object_is_read_as_one() -> None:
    assert structured_line(' {"level":"error","msg":"no tenant"}\n') == ("no tenant", 500)
