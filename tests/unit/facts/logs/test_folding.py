"""What follows from a first cause folds into it, whatever came first."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.unit.facts.logs.lines import entry, names_and_counts, read
from verifier.facts.logs import ERROR

CAUSE = "Could not determine join condition between parent/child tables on relationship Clip.tags"
ROOT = f"""Traceback (most recent call last):
  File "/app/models.py", line 3, in configure
    configure_mappers()
sqlalchemy.exc.NoForeignKeysError: {CAUSE}"""
FOLLOWS = f"""Traceback (most recent call last):
  File "/app/jobs.py", line 9, in run
    session.query(Clip)
sqlalchemy.exc.InvalidRequestError: One or more mappers failed to initialize. Original exception was: {CAUSE}"""
TEXT = f"ERROR worker: startup failed: {CAUSE}"


@pytest.mark.parametrize("order", list(permutations([ROOT, FOLLOWS, TEXT])))
def test_follow_ups_fold_into_the_first_cause_in_every_order_of_arrival(order: tuple[str, ...]) -> None:
    moments = {ROOT: 1.0, FOLLOWS: 2.0, TEXT: 3.0}
    facts = read([entry(text, 0 if text is TEXT else ERROR, second=moments[text]) for text in order])
    assert names_and_counts(facts) == [(f"sqlalchemy.exc.NoForeignKeysError: {CAUSE}", 3)]
    assert len(facts.errors[0].folded) == len(facts.errors[0].aliases) == 2


def test_a_cause_that_came_late_still_takes_over() -> None:
    facts = read([entry(TEXT, second=1), entry(ROOT, ERROR, second=9)])
    assert names_and_counts(facts) == [(f"sqlalchemy.exc.NoForeignKeysError: {CAUSE}", 2)]
    assert facts.errors[0].first.second == 9


def test_the_same_message_from_two_places_is_two_errors() -> None:
    other = ROOT.replace("models.py", "shop.py")
    assert len(read([entry(ROOT, ERROR), entry(other, ERROR, second=1)]).errors) == 2


def test_three_words_are_too_few_to_quote() -> None:
    root = 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\nValueError: backend said no'
    assert len(read([entry(root, ERROR), entry("ERROR worker: backend said no", second=1)]).errors) == 2


def test_an_unrelated_error_stays_one_of_its_own() -> None:
    facts = read([entry(ROOT, ERROR), entry("ERROR worker: disk is full", second=1)])
    assert len(facts.errors) == 2
