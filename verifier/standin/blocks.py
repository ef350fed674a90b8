"""What Slack takes as the blocks of a message: the kinds that we use, with Slack's limits; the rest is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_KEYS = {
    "header": {"text"},
    "section": {"text", "fields"},
    "context": {"elements"},
    "divider": set[str](),
    "actions": {"elements"},
}
_TEXT_KEYS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
_BUTTON_KEYS = {"type", "text", "url", "action_id", "value", "style", "accessibility_label"}
_PLAIN = {"plain_text"}
_EITHER = {"plain_text", "mrkdwn"}


def problems(blocks: object) -> list[str]:
    """Everything that Slack would have against these blocks, each with its place; none when it takes them."""
    return list(_list(blocks, 50, _block, "/blocks"))


def _block(block: Any, at: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in _KEYS:
        yield f"unsupported type: {kind} [{at}]"
        return
    yield from _keys(block, {"type", "block_id", *_KEYS[kind]}, at)
    if "block_id" in block:
        yield from _string(block["block_id"], 255, f"{at}/block_id")
    match kind:
        case "header":
            yield from _text(block.get("text"), _PLAIN, 150, f"{at}/text")
        case "section":
            yield from _section(block, at)
        case "context":
            yield from _list(block.get("elements"), 10, _context_element, f"{at}/elements")
        case "actions":
            yield from _list(block.get("elements"), 25, _button, f"{at}/elements")


def _section(block: dict[str, Any], at: str) -> Iterator[str]:
    if not block.keys() & {"text", "fields"}:
        yield f"missing required field: text [{at}]"
    if "text" in block:
        yield from _text(block["text"], _EITHER, 3_000, f"{at}/text")
    if "fields" in block:
        yield from _list(block["fields"], 10, _field, f"{at}/fields")


def _field(field: object, at: str) -> Iterator[str]:
    return _text(field, _EITHER, 2_000, at)


def _context_element(element: object, at: str) -> Iterator[str]:
    return _text(element, _EITHER, 3_000, at)


def _button(button: Any, at: str) -> Iterator[str]:
    if not isinstance(button, dict) or button.get("type") != "button":
        yield f"unsupported element: only buttons are known [{at}]"
        return
    yield from _keys(button, _BUTTON_KEYS, at)
    yield from _text(button.get("text"), _PLAIN, 75, f"{at}/text")
    for key, most in {"url": 3_000, "action_id": 255, "value": 2_000, "accessibility_label": 75}.items():
        if key in button:
            yield from _string(button[key], most, f"{at}/{key}")
    if button.get("style", "primary") not in ("primary", "danger"):
        yield f"must be primary or danger [{at}/style]"


def _text(text: Any, kinds: set[str], most: int, at: str) -> Iterator[str]:
    kind = text.get("type") if isinstance(text, dict) else None
    if kind not in kinds:
        yield f"must be an object of type {' or '.join(sorted(kinds))}, got {kind} [{at}]"
        return
    yield from _keys(text, _TEXT_KEYS[kind], at)
    yield from _string(text.get("text"), most, f"{at}/text")


def _list(items: object, most: int, check: Callable[[Any, str], Iterator[str]], at: str) -> Iterator[str]:
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        count = len(items) if isinstance(items, list) else "none"
        yield f"must be an array of 1 to {most} items, got {count} [{at}]"
        return
    for number, item in enumerate(items):
        yield from check(item, f"{at}/{number}")


def _string(value: object, most: int, at: str) -> Iterator[str]:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        length = len(value) if isinstance(value, str) else "none"
        yield f"must have 1 to {most} characters, got {length} [{at}]"


def _keys(thing: dict[str, Any], known: set[str], at: str) -> Iterator[str]:
    for key in thing.keys() - known:
        yield f"invalid additional property: {key} [{at}]"
