"""Which execution is ours: the nonce that was saved before the start decides, and what ran is what was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.builders import ran
from verifier.checks.descent import Claimed, SavedRequest, not_as_asked, sort_claims
from verifier.checks.verdict import Check, Outcome
from verifier.facts.execution import Container, Execution

BUILD = "projects/vividly-dev/locations/us-central1/builds/b-1"
NONCE = "5f2c"
SHORT = "dev-vividly-content-worker-x7k2p"
ASKED = SavedRequest(BUILD, NONCE)
OURS = ran(build=BUILD, nonce=NONCE)
MAIN, PROXY = Container("main", "worker:1", ("--once",)), Container("proxy", "proxy:2", ("--port=5432",))

SORTED: dict[str, tuple[list[tuple[str, str]], str, int, Claimed]] = {
    "nobody": ([], NONCE, 1, Claimed((), ())),
    "our own": ([("a", NONCE)], NONCE, 1, Claimed(("a",), ())),
    "our own, asked for twice": ([("a", NONCE), ("b", NONCE)], NONCE, 2, Claimed(("a", "b"), ())),
    "one too many with our nonce": ([("a", NONCE), ("b", NONCE)], NONCE, 1, Claimed(("a",), ("b",))),
    "without a nonce, before ours": ([("a", ""), ("b", NONCE)], NONCE, 1, Claimed(("b",), ("a",))),
    "with another nonce, alone": ([("a", "5f2d")], NONCE, 3, Claimed((), ("a",))),
    "of a record of version 0.1.0": ([("a", ""), ("b", "x")], "", 1, Claimed(("a", "b"), ())),
}


def test_what_a_record_does_not_say_was_left_to_the_job() -> None:
    assert SavedRequest(BUILD) == SavedRequest(BUILD, nonce="", args=(), container="")


@pytest.mark.parametrize(("claims", "nonce", "requests", "expected"), SORTED.values(), ids=SORTED.keys())
def test_our_own_executions_are_told_from_others(
    claims: list[tuple[str, str]], nonce: str, requests: int, expected: Claimed
) -> None:
    assert sort_claims(claims, nonce, requests) == expected


@given(st.lists(st.tuples(st.uuids().map(str), st.sampled_from(["", NONCE, "other"])), unique=True), st.integers(1, 4))
def test_none_is_both_and_none_is_lost_and_no_more_are_ours_than_were_asked_for(
    claims: list[tuple[str, str]], requests: int
) -> None:
    found = sort_claims(claims, NONCE, requests)
    assert sorted((*found.own, *found.others)) == sorted(name for name, _ in claims)
    assert len(found.own) <= requests
    assert set(found.own) <= {name for name, nonce in claims if nonce == NONCE}


WRONG: dict[str, tuple[Execution, SavedRequest, tuple[str, ...], str]] = {
    "another build's": (
        replace(OURS, build="another"),
        ASKED,
        (),
        f"execution {SHORT} does not say that it was started for this build",
    ),
    "another build's, by the old rule": (
        replace(OURS, build=""),
        SavedRequest(BUILD),
        (),
        f"execution {SHORT} does not say that it was started for this build",
    ),
    "without the nonce": (
        replace(OURS, nonce=""),
        ASKED,
        (),
        f"execution {SHORT} does not carry what was saved before it was started",
    ),
    "not alone": (
        OURS,
        ASKED,
        ("e-1", "e-2"),
        f"execution {SHORT} is not alone: somebody else started e-1, e-2 for this build",
    ),
    "other arguments": (
        replace(OURS, containers=(Container("", "worker:1", ("--version",)),)),
        replace(ASKED, args=("--once",)),
        (),
        f"execution {SHORT} ran other arguments than were asked for",
    ),
    "the arguments in another container": (
        replace(OURS, containers=(MAIN, PROXY)),
        replace(ASKED, args=("--once",), container="proxy"),
        (),
        f"execution {SHORT} ran other arguments than were asked for",
    ),
    "without the container": (
        replace(OURS, containers=(MAIN, PROXY)),
        replace(ASKED, container="worker"),
        (),
        f"execution {SHORT} has no container worker, which was to be the worker: it has main (worker), proxy (proxy)",
    ),
}


@pytest.mark.parametrize(("execution", "asked", "others", "seen"), WRONG.values(), ids=WRONG.keys())
def test_an_execution_that_is_not_what_was_asked_for_could_not_be_checked(
    execution: Execution, asked: SavedRequest, others: tuple[str, ...], seen: str
) -> None:
    found = not_as_asked(execution, asked, others)
    assert found is not None
    assert (found.check, found.outcome, found.seen) == (Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen)


RIGHT: dict[str, tuple[Execution, SavedRequest]] = {
    "as it was asked for": (OURS, ASKED),
    "with the job's own arguments": (replace(OURS, containers=(MAIN,)), ASKED),
    "with the arguments that were asked for": (replace(OURS, containers=(MAIN,)), replace(ASKED, args=("--once",))),
    "in the container that was asked for": (
        replace(OURS, containers=(PROXY, MAIN)),
        replace(ASKED, args=("--once",), container="main"),
    ),
    "by the old rule, whatever it ran": (
        replace(OURS, nonce="", containers=(PROXY,)),
        SavedRequest(BUILD, args=("--once",), container="main"),
    ),
}


@pytest.mark.parametrize(("execution", "asked"), RIGHT.values(), ids=RIGHT.keys())
def test_an_execution_that_is_what_was_asked_for_is_ours(execution: Execution, asked: SavedRequest) -> None:
    assert not_as_asked(execution, asked) is None
