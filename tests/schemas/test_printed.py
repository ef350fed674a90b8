"""What commands print for scripts fits its schema: what 0.1.0 printed, and all that this version does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frozen.compare import frozen
from tests.schemas.loading import ORIGIN, problems, schemas, strict_problems
from tests.schemas.printed import PrintedObject, printed, printed_of_a_past
from tests.schemas.walking import described, met, planted


@pytest.fixture(scope="module")
def all_printed(tmp_path_factory: pytest.TempPathFactory) -> list[PrintedObject]:
    return [*printed(tmp_path_factory.mktemp("printed")), *printed_of_a_past(tmp_path_factory.mktemp("clone"))]


def frozen_objects() -> list[tuple[str, Any]]:
    return [
        *(("output-explain.schema.json", line) for line in frozen("explain.json")),
        ("output-audit.schema.json", frozen("audit.json")),
        ("output-audit.schema.json", frozen("audit-not-whole.json")),
        *(("output-where.schema.json", answer) for answer in frozen("where.json").values()),
    ]


def test_what_the_first_version_printed_fits() -> None:
    found = frozen_objects()
    assert len(found) > 10
    for schema, value in found:
        assert problems(schema, value) == []


def test_what_is_printed_today_fits_and_has_all_that_is_described_and_nothing_else(
    all_printed: list[PrintedObject],
) -> None:
    assert {each.schema for each in all_printed} == {name for name in schemas() if name.startswith("output-")}
    for each in all_printed:
        assert problems(each.schema, each.value) == []
        assert strict_problems(each.schema, each.value) == []


def test_each_property_that_is_described_is_printed_here(all_printed: list[PrintedObject]) -> None:
    found = {at.place for each in all_printed for at in met(each.schema, each.value) if at.value is not None}
    wanted = {place for place, _, _ in described() if place.startswith("output-") or ORIGIN in place}
    assert wanted - found == set()


def test_without_a_required_field_or_with_another_word_nothing_fits(all_printed: list[PrintedObject]) -> None:
    tried, missed = set[str](), set[str]()
    for each in sorted(all_printed, key=lambda each: len(str(each.value))):
        for change, changed in planted(each.schema, each.value, tried):
            missed |= set() if problems(each.schema, changed) else {change}
    assert len(tried) > 150
    assert missed == set()


def test_a_field_that_is_added_fits(all_printed: list[PrintedObject]) -> None:
    for each in all_printed:
        assert problems(each.schema, each.value | {"later": 1}) == []
