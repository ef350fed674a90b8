"""Fields by their paths: nested, and as one name with dots, in the order of the paths."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.logs.fields import Place, ordered_values, places

PATHS = ("message", "err", "err.stack", "log.a.level", "log.b", "log.b.c")


def test_a_path_is_looked_for_by_its_whole_name_and_below_its_first_one() -> None:
    assert places(PATHS) == {
        "message": Place(0, ()),
        "err": Place(1, ((2, ("stack",)),)),
        "err.stack": Place(2, ()),
        "log.a.level": Place(3, ()),
        "log": Place(-1, ((3, ("a", "level")), (4, ("b",)), (5, ("b", "c")))),
        "log.b": Place(4, ()),
        "log.b.c": Place(5, ()),
    }
    assert places(["log.b", "log"]) == {"log.b": Place(0, ()), "log": Place(1, ((0, ("b",)),))}


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({}, []),
        ({"other": "x"}, []),
        ({"message": "x"}, [(0, "x")]),
        ({"message": None, "err": ""}, [(1, "")]),
        ({"err": "x", "message": "y"}, [(0, "y"), (1, "x")]),
        ({"err": {"stack": "x"}}, [(1, {"stack": "x"}), (2, "x")]),
        ({"err": {"stack": None}}, [(1, {"stack": None})]),
        ({"err.stack": "x", "err": "y"}, [(1, "y"), (2, "x")]),
        ({"log": "x"}, []),
        ({"log": {"a": {"level": 7}}}, [(3, 7)]),
        ({"log": {"a": 7}}, []),
        ({"log": {"b": {"c": 0}}}, [(4, {"c": 0}), (5, 0)]),
        ({"log": {"b": {"c": 0}}, "message": "x"}, [(0, "x"), (4, {"c": 0}), (5, 0)]),
        (
            {"err.stack": {"of": 1}, "log.b": {"of": 2}, "message": {"of": 3}},
            [(0, {"of": 3}), (2, {"of": 1}), (4, {"of": 2})],
        ),
    ],
)
def test_what_stands_there_comes_in_the_order_of_the_paths(
    payload: dict[str, Any], found: list[tuple[int, Any]]
) -> None:
    assert ordered_values(payload, places(PATHS)) == found


def test_values_that_can_not_be_compared_keep_the_order_in_which_they_stand() -> None:
    payload = {"log": {"b": {"y": 1}}, "log.b": {"x": 2}}
    assert ordered_values(payload, places(["log.b"])) == [(0, {"y": 1}), (0, {"x": 2})]
