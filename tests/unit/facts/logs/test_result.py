"""What the facts say of themselves: which errors fail, what they are known by, and what could be the worker's."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.facts.logs.lines import START
from verifier.facts.logs.result import Folded, LogFacts, Repeated, Unlabelled

ERROR = Repeated("disk is full", 1, START, "0", "disk is full", identity="1" * 16)
FACTS = LogFacts((), 0, frozenset(), frozenset(), unlabelled=0, truncated=False)


def test_an_error_is_known_by_the_identities_of_what_was_folded_into_it() -> None:
    assert ERROR.aliases == ()
    assert replace(ERROR, folded=(Folded("2" * 16, "a", 1), Folded("3" * 16, "b", 1))).aliases == ("2" * 16, "3" * 16)


def test_what_is_accepted_fails_nothing_and_what_ran_out_does() -> None:
    accepted, ran_out = replace(ERROR, accepted="until 2026-12-31"), replace(ERROR, ran_out="until 2026-10-31")
    assert FACTS.failing == ()
    assert replace(FACTS, errors=(accepted, ERROR, ran_out)).failing == (ERROR, ran_out)


def test_what_the_worker_could_have_written_is_summed_over_the_logs() -> None:
    assert FACTS.unlabelled_possible == 0
    assert replace(FACTS, unlabelled_logs=(Unlabelled("a", 5, 2), Unlabelled("b", 4, 1))).unlabelled_possible == 3
