"""Each schema is one, its references lead somewhere, its words are the code's, and it says what is always there."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.schemas.loading import COMMON, LOOSE, SOMETIMES, schemas
from tests.schemas.walking import described
from verifier.checks.running import Transition
from verifier.checks.verdict import Outcome, Verdict
from verifier.checks.watch.book import ErrorState
from verifier.checks.watch.telling import Standing
from verifier.checks.watch.watching import WatchOutcome
from verifier.facts.comparison.fix import FixState
from verifier.facts.comparison.steps import StepsAnswer
from verifier.facts.source import Strength
from verifier.history.deployed import Answer
from verifier.reporting.entry_kind import EntryKind

SINCE = "since 0.2.0"
_WATCH = {EntryKind.CHECKPOINT, EntryKind.REGRESSED, EntryKind.WATCH_ENDED}
_JUDGED = {EntryKind.VERDICT, EntryKind.DID_NOT_SUCCEED}
WORDS: dict[str, set[Any]] = {
    "*#/$defs/verdict": {*Verdict},
    "*#/$defs/verdict_or_null": {*Verdict, None},
    "*#/$defs/verdict_label": {*Verdict, ""},
    "*#/$defs/check_outcome": {*Outcome},
    "*/source/properties/strength": {*Strength, None},
    "*-running.*/event": {*Transition},
    "*-watch.*/outcome": {*WatchOutcome},
    "output-status.*/watch": {*WatchOutcome, None},
    "output-audit.*/watch/properties/outcome": set(WatchOutcome),
    "entry-watch.*/standing": {*Standing},
    "entry-watch.*/error/properties/state": {*ErrorState},
    "entry-verdict.*/before/properties/state": {ErrorState.NEW, ErrorState.FIRST_SEEN, ErrorState.KNOWN},
    "output-where.*/answer": {*Answer},
    "output-compare.*/steps": {*StepsAnswer},
    "output-compare.*/files/items/properties/state": {*FixState},
    "*-verdict.*/kind": _JUDGED,
    "*-running.*/kind": {EntryKind.RUNNING},
    "*-watch.*/kind": _WATCH,
    # What has no list of its own in the code: that each is said, and no other, is what `test_told` shows.
    "*/severity": {"ERROR", "WARNING", "NOTICE", "INFO"},
    "*/source/properties/fact": {"commit", "upload", "no-source", "unclear"},
    "*/invoked_by/properties/how": {"trigger", "by-hand"},
    "*/verificationResult": {"PASSED", "FAILED", None},
    "*/settings": {"same", "changed", None},
}
"""Which words are promised where."""
_FEWER = ("*/severity",)
"""Where a schema may have some of them alone."""


def places(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of a schema with its place."""
    if isinstance(value, dict):
        yield place, value
        for name, each in value.items():
            yield from places(each, f"{place}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, f"{place}/{number}")


ALL = [found for name, schema in schemas().items() for found in places(schema, f"{name}#")]


@pytest.mark.parametrize("name", schemas())
def test_it_is_a_schema_that_is_known_by_its_files_name(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == name
    assert schema["title"]
    assert schema["description"].endswith(".")


def test_every_reference_leads_somewhere() -> None:
    references = [(place, each["$ref"]) for place, each in ALL if "$ref" in each]
    assert len(references) > 80
    for place, reference in references:
        file, _, pointer = reference.partition("#")
        aim: Any = schemas()[file or place.partition("#")[0]]
        for step in pointer.split("/")[1:]:
            aim = aim[step]
        assert aim, place


def test_what_is_shared_is_used() -> None:
    used = {each["$ref"].partition("#")[2] for _, each in ALL if str(each.get("$ref")).startswith((COMMON, "#"))}
    assert {f"/$defs/{name}" for name in schemas()[COMMON]["$defs"]} <= used


def test_each_property_is_described_in_one_line() -> None:
    found = [(place, str(each.get("description", ""))) for place, _, each in described()]
    assert len(found) > 300
    assert [place for place, text in found if not text or "\n" in text or len(text) > 200] == []


def test_what_is_not_always_there_says_since_when_or_where() -> None:
    for place, each in ALL:
        is_described = isinstance(each.get("required"), list) and "properties" in each
        for name, one in each["properties"].items() if is_described else ():
            text = str(one.get("description", ""))
            says_so = SOMETIMES in text or text.endswith(SINCE)
            assert says_so == (name not in each["required"]), f"{place}/{name}"


def test_no_schema_forbids_a_field_that_is_added() -> None:
    closed = {"additionalProperties": False, "unevaluatedProperties": False}
    assert [place for place, each in ALL if any(each.get(name) is value for name, value in closed.items())] == []


def test_the_promised_words_are_those_of_the_code() -> None:
    lists = [
        (place, set(each["enum"]) if "enum" in each else {each["const"]})
        for place, each in ALL
        if {"enum", "const"} & each.keys() and not place.startswith(LOOSE)
    ]
    used = set[str]()
    for place, words in lists:
        if place.endswith(("/verifier/properties/id", "labels/properties/kind")) and len(words) == 1:
            continue  # the product's own name; a kind by itself, which `entry.schema.json` leads to
        (pattern,) = [pattern for pattern in WORDS if fnmatch(place, pattern)]
        used.add(pattern)
        assert words <= WORDS[pattern] if pattern in _FEWER else words == WORDS[pattern], place
    assert used == set(WORDS)
