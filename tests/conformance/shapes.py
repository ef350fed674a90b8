"""Documents that have not the shape of a build: they are refused, and not judged."""

from __future__ import annotations

from typing import Any

from tests.conformance.builds import Change, claim, pushed, put

_WRONG: dict[str, Change] = {
    "the source is a list": put("source", []),
    "the source is a text": put("source", "github.com/orchard/press"),
    "the provenance is a list": put("sourceProvenance", ["x"]),
    "the trigger's id is a number": put("buildTriggerId", 7),
    "the trigger's id is a list": put("buildTriggerId", ["x"]),
    "the substitutions are a list": put("substitutions", ["BRANCH_NAME=main"]),
    "a branch is a number": put("substitutions.BRANCH_NAME", 7),
    "a branch is nothing": put("substitutions.BRANCH_NAME", None),
    "the status is a number": put("status", 3),
    "the status is nothing": put("status", None),
    "the name is another thing's": put("name", "projects/p/locations/l/triggers/t"),
    "the tags are a text": put("tags", "p-run"),
    "a tag is a number": put("tags", [7]),
    "the dependencies are an object": put("dependencies", {"empty": True}),
    "the end is no time": put("finishTime", "yesterday"),
    "half a surrogate pair": claim(BRANCH_NAME="\ud800"),
}


def _changed(change: Change) -> Any:
    document = pushed()
    change(document)
    return document


MALFORMED = {name: _changed(change) for name, change in _WRONG.items()}
