"""What scripts read of `explain`, `audit` and `where` has every field of 0.1.0, with its words."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from tests.frozen.compare import FROZEN, frozen, lost
from tests.frozen.output import ANSWERS, Past, a_past, audited, audited_as_csv, audited_in_vain, explained, where


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    with a_past(tmp_path_factory.mktemp("clone")) as made:
        yield made


def test_explain_prints_an_object_a_build_with_the_fields_and_words_that_it_had() -> None:
    now = explained()
    assert len(now) == len(frozen("explain.json"))
    for old, new in zip(frozen("explain.json"), now, strict=True):
        assert lost(old, new) == []


def test_audit_prints_one_object_with_the_fields_and_words_that_it_had(past: Past) -> None:
    assert lost(frozen("audit.json"), audited(past)) == []


def test_an_audit_that_is_not_whole_says_so_with_the_fields_and_words_that_it_had(past: Past) -> None:
    old = frozen("audit-not-whole.json")
    assert not old["summary"]["complete"]
    assert lost(old, audited_in_vain(past)) == []


def test_audit_prints_the_columns_that_it_had_where_they_were(past: Past) -> None:
    with (FROZEN / "audit.csv").open(newline="") as file:
        old, *old_rows = csv.reader(file)
    now, *rows = audited_as_csv(past)
    assert now[: len(old)] == old
    assert len(rows) == len(old_rows)
    for old_row, row in zip(old_rows, rows, strict=True):
        assert lost(dict(zip(old, old_row, strict=True)), dict(zip(now, row, strict=True))) == []


@pytest.mark.parametrize("answer", ANSWERS)
def test_where_prints_one_object_with_the_fields_and_words_that_it_had(past: Past, answer: str) -> None:
    old = frozen("where.json")[answer]
    assert old["answer"] == answer
    assert lost(old, where(past, answer)) == []
