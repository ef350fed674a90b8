"""Which errors policy accepts, until when, and what is said when that has run out."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from verifier.checks.accept import Accept, accept_lines, accepting, with_acceptance
from verifier.checks.policy_file import read_policy
from verifier.facts.execution import JobName
from verifier.facts.logs import Folded, Repeated

TODAY = date(2026, 11, 23)
JOB = JobName("vividly-dev", "us-central1", "content-worker")
ERROR = Repeated(
    name="KeyError: 'lesson'",
    count=14,
    first=datetime(2026, 11, 23, 2, 21, tzinfo=UTC),
    task="0",
    excerpt="KeyError: 'lesson'",
    identity="0123456789abcdef",
    folded=(Folded("fedcba9876543210", "job failed", 3),),
)
BY_IDENTITY = Accept("0123456789abcdef", "the import is rewritten", until=date(2026, 12, 31))


def accept(**changes: object) -> Accept:
    return replace(BY_IDENTITY, **changes)  # type: ignore[arg-type]  # what a row of the table says


@pytest.mark.parametrize(
    "one",
    [
        BY_IDENTITY,
        accept(error="fedcba9876543210"),
        accept(error="^KeyError: "),
        accept(until=TODAY),
        accept(worker="content-worker-main"),
        accept(job=JOB),
        accept(job=replace(JOB, project="")),
    ],
    ids=[
        "identity",
        "identity of a follow-up",
        "pattern",
        "on its last day",
        "its worker",
        "its job",
        "its job in any project",
    ],
)
def test_an_error_is_accepted(one: Accept) -> None:
    assert accepting([one], ERROR, job=JOB, worker="content-worker-main", today=TODAY) is one
    assert accepting([one], ERROR, job=JOB, worker="content-worker-main", today=TODAY) is one


@pytest.mark.parametrize(
    "one",
    [
        accept(error="00000000"),
        accept(error="ValueError"),
        accept(until=date(2026, 11, 22)),
        accept(worker="another-trigger"),
        accept(job=replace(JOB, job="another-job")),
        accept(job=replace(JOB, location="europe-west1")),
        accept(job=replace(JOB, project="vividly-prod")),
    ],
    ids=[
        "another identity",
        "another pattern",
        "a day too late",
        "another worker",
        "another job",
        "another region",
        "another project",
    ],
)
def test_an_error_is_not_accepted(one: Accept) -> None:
    assert accepting([one], ERROR, job=JOB, worker="content-worker-main", today=TODAY) is None


def told(*accepts: Accept) -> Repeated:
    [error] = with_acceptance(accepts, [ERROR], job=JOB, worker="content-worker-main", today=TODAY)
    return error


def test_an_accepted_error_says_until_when_and_why() -> None:
    assert told(BY_IDENTITY) == replace(ERROR, accepted="until 2026-12-31: the import is rewritten")


def test_an_error_that_is_accepted_no_more_says_until_when_it_was() -> None:
    over = [accept(until=date(2026, 11, day)) for day in (20, 22, 21)]
    assert told(*over) == replace(ERROR, ran_out="until 2026-11-22: the import is rewritten")
    assert told(*over, BY_IDENTITY).ran_out == ""


def test_an_error_that_nobody_ever_accepted_stays_as_it_is() -> None:
    assert told() == ERROR
    assert told(accept(worker="another-trigger", until=date(2026, 11, 22))) == ERROR


def test_the_lines_that_accept_an_error_are_read_as_they_were_meant() -> None:
    lines = accept_lines(ERROR, "content-worker-main", TODAY)
    assert tomllib.loads(lines)["accept"][0]["error"] == ERROR.identity
    [one] = read_policy(lines.encode(), today=TODAY).accepts
    assert accepting([one], ERROR, job=JOB, worker="content-worker-main", today=TODAY) is one
    assert accepting([one], ERROR, job=JOB, worker="another-trigger", today=TODAY) is None


def test_an_acceptance_whose_day_is_over_is_read_all_the_same() -> None:
    lines = accept_lines(ERROR, "content-worker-main", TODAY)
    [one] = read_policy(lines.encode(), today=date(2027, 11, 23)).accepts
    assert one.until == date(2026, 12, 23)
