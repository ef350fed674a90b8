"""Known noise is ignored by name, by the error's own line alone."""

from __future__ import annotations

import pytest

from tests.unit.facts.logs.lines import entry, read
from verifier.facts.logs import ERROR, NOISE, LogRules, RuleRow


@pytest.mark.parametrize("row", NOISE, ids=lambda row: row.name)
def test_known_noise_is_no_error_and_is_counted_by_its_name(row: RuleRow) -> None:
    facts = read([entry(row.example, ERROR)])
    assert facts.errors == ()
    assert facts.ignored == ((row.name, 1),)


@pytest.mark.parametrize("row", NOISE, ids=lambda row: row.name)
def test_what_only_resembles_noise_stays_an_error(row: RuleRow) -> None:
    assert read([entry(row.counter, ERROR)]).errors


@pytest.mark.parametrize("row", NOISE, ids=lambda row: row.name)
def test_a_row_of_noise_can_be_switched_off(row: RuleRow) -> None:
    assert read([entry(row.example, ERROR)], LogRules(off=frozenset({row.name}))).errors
    assert read([entry(row.example, ERROR)], LogRules(noise=False)).errors


def test_a_traceback_that_quotes_noise_is_an_error() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    print("debconf: x")\nKeyError: 7'
    assert read([entry(text, ERROR)]).errors


def test_a_traceback_that_ends_in_a_broken_pipe_is_an_error_and_the_line_alone_is_none() -> None:
    line = "BrokenPipeError: [Errno 32] Broken pipe"
    text = f'Traceback (most recent call last):\n  File "a.py", line 1, in f\n{line}'
    assert read([entry(line)]).errors == ()
    assert read([entry(text, ERROR)]).errors
