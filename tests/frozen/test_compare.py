"""The rule itself: what counts as lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frozen.compare import lost

DUE = "2026-11-23T02:00:00.000000Z"
OLD: dict[str, Any] = {
    "verdict": "FAILED",
    "count": 1,
    "due": DUE,
    "seen": "it broke",
    "errors": [{"name": "a", "task": None}],
}


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(OLD, id="the same"),
        pytest.param(OLD | {"more": 1}, id="a field more"),
        pytest.param(OLD | {"seen": "The worker broke"}, id="better English"),
        pytest.param(OLD | {"due": "2026-11-23T03:00:00.000000Z"}, id="another moment"),
        pytest.param(OLD | {"errors": [{"name": "b"}, {"name": "a", "task": None, "more": 1}]}, id="an item more"),
    ],
)
def test_what_is_only_added_or_said_better_is_no_loss(now: dict[str, Any]) -> None:
    assert lost(OLD, now) == []


def without(name: str) -> dict[str, Any]:
    return {other: value for other, value in OLD.items() if other != name}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (without("errors"), "errors: expected it to be there, as it was: "),
        (OLD | {"verdict": "BROKEN"}, "verdict: expected 'FAILED', as it was, got 'BROKEN'"),
        (OLD | {"count": True}, "count: expected 1, as it was, got True"),
        (OLD | {"seen": ""}, "seen: expected one as there was, 'it broke', got ''"),
        (OLD | {"due": "tomorrow"}, f"due: expected '{DUE}', as it was, got 'tomorrow'"),
        (OLD | {"due": None}, f"due: expected '{DUE}', as it was, got None"),
        (OLD | {"errors": []}, "errors[0]: expected {'name': 'a', 'task': None}, as it was, got None"),
        (OLD | {"errors": [{"name": "a"}]}, "errors[0].task: expected it to be there, as it was: None"),
    ],
)
def test_what_is_gone_or_says_something_else_is_a_loss(now: dict[str, Any], said: str) -> None:
    [line] = lost(OLD, now)
    assert line.startswith(said)
