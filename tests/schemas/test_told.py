"""What the function tells fits its schema: what 0.1.0 told, and all that this version does, in each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.frozen.compare import frozen
from tests.frozen.said import CASES
from tests.schemas.loading import ANY_ENTRY, ANY_MESSAGE, ORIGIN, leaf_of, leaves, problems, strict_problems
from tests.schemas.told import TOLD, ToldAll, decoded, ours, told
from tests.schemas.walking import described, met, planted
from verifier.reporting.entry_kind import EntryKind

VERIFIER = Path(__file__).parents[2] / "verifier"


@pytest.fixture(scope="module")
def all_told() -> dict[str, ToldAll]:
    return {case: told(case) for case in TOLD}


def with_schemas(all_told: dict[str, ToldAll]) -> list[tuple[str, str, Any]]:
    """Return everything with the schemas that it must fit: the loose one, and the one of its kind."""
    entries = [entry for each in all_told.values() for entry in each.entries]
    messages = [message for each in all_told.values() for message in each.messages]
    return [
        *((ANY_ENTRY, leaf_of(entry["labels"]["kind"], ANY_ENTRY), entry) for entry in entries),
        *((ANY_MESSAGE, leaf_of(message["attributes"]["kind"], ANY_MESSAGE), message) for message in messages),
    ]


@pytest.mark.parametrize("case", CASES)
def test_what_the_first_version_told_fits(case: str) -> None:
    said = frozen(f"said/{case}.json")
    for entry in said["audit"]:
        assert problems(ANY_ENTRY, entry) == []
        assert problems(leaf_of(entry["labels"]["kind"], ANY_ENTRY), entry) == []
    for message in said["published"]:
        assert problems(ANY_MESSAGE, decoded(message)) == []


def test_what_is_told_today_fits_and_has_all_that_is_described_and_nothing_else(all_told: dict[str, ToldAll]) -> None:
    found = with_schemas(all_told)
    assert len(found) > 60
    for loose, leaf, value in found:
        assert problems(loose, value) == []
        assert strict_problems(leaf, value) == []


def test_each_kind_that_the_code_knows_has_a_schema_and_is_told_here(all_told: dict[str, ToldAll]) -> None:
    led_to = [kind for kinds, _ in leaves(ANY_ENTRY, "labels") for kind in kinds]
    assert sorted(led_to) == sorted(EntryKind)
    assert {entry["labels"]["kind"] for each in all_told.values() for entry in each.entries} == set(EntryKind)
    published = {message["attributes"]["kind"] for each in all_told.values() for message in each.messages}
    assert {kind for kinds, _ in leaves(ANY_MESSAGE, "attributes") for kind in kinds} == published


def test_nothing_writes_to_the_audit_trail_but_entries_that_have_a_kind() -> None:
    """Each is an `AuditEntry`, whose kind is an `EntryKind`."""
    writers = [path.name for path in VERIFIER.rglob("*.py") if "services.audit.write(" in path.read_text()]
    assert writers == ["notify.py"]


def test_each_property_that_is_described_is_told_here(all_told: dict[str, ToldAll]) -> None:
    told_of = {
        each.place for _, leaf, value in with_schemas(all_told) for each in met(leaf, value) if each.value is not None
    }
    shared = {place for place, _, _ in described() if place.startswith("common") and ORIGIN not in place}
    wanted = {place for place, _, _ in described() if place.startswith(("entry-", "message-"))} | shared
    assert wanted - told_of == set()


def test_without_a_required_field_or_with_another_word_nothing_fits(all_told: dict[str, ToldAll]) -> None:
    tried, missed = set[str](), set[str]()
    for loose, leaf, value in with_schemas(all_told):
        for change, changed in planted(leaf, value, tried):
            is_missed = not problems(leaf, changed) or (is_kind_kept(value, changed) and not problems(loose, changed))
            missed |= {change} if is_missed else set()
    assert len(tried) > 250
    assert missed == set()


def is_kind_kept(value: Any, changed: Any) -> bool:
    """Return whether it is still known which schema it is to fit."""
    (place,) = {"labels", "attributes"} & value.keys()
    return bool(changed.get(place, {}).get("kind") == value[place]["kind"])


def test_a_field_that_is_added_and_a_kind_that_is_new_fit(all_told: dict[str, ToldAll]) -> None:
    for loose, _, value in with_schemas(all_told):
        assert problems(loose, value | {"later": 1}) == []
    (entry, *_) = all_told["verified"].entries
    assert problems(ANY_ENTRY, {"labels": {"kind": "later"}, "jsonPayload": {}}) == []
    assert problems(ANY_MESSAGE, {"attributes": {"kind": "later"}, "data": {}}) == []
    assert problems(ANY_ENTRY, entry | {"labels": {**entry["labels"], "kind": "upload"}}) != []


def test_what_the_log_service_adds_is_no_part_of_it(all_told: dict[str, ToldAll]) -> None:
    (entry,) = all_told["quarantined"].entries
    assert ours({**entry, "receiveTimestamp": "", "resource": {}}) == entry
