"""The audit in one sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from verifier.checks.verdict import Verdict
from verifier.facts.build import BuildKey
from verifier.history.html_headline import headline
from verifier.history.judged_build import Run
from verifier.history.summary import Summary, SummaryBuilder

START = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
KEY = BuildKey("vividly-dev", "us-central1", "b1")
LOCAL, GOOD, UNSURE, BAD, EXEMPT = (
    Verdict.LOCAL_SOURCE,
    Verdict.VERIFIED,
    Verdict.INCONCLUSIVE,
    Verdict.FAILED,
    Verdict.EXEMPT,
)
NOTHING = SummaryBuilder().summary(START)


def ran(*verdicts: Verdict | None, job: str = "worker") -> list[Run]:
    """Return executions of a job a day apart, oldest first, each of five minutes."""
    return [
        Run(
            f"projects/p/locations/us-central1/jobs/{job}/executions/{job}-{day}",
            START + timedelta(days=day),
            START + timedelta(days=day, minutes=5),
            True,
            frozenset({"sha256:" + "0" * 64}),
            KEY if verdict else None,
            verdict,
        )
        for day, verdict in enumerate(verdicts)
    ]


def found(**counts: int) -> Summary:
    verdicts = {verdict: counts.get(verdict.name, 0) for verdict in Verdict}
    return replace(NOTHING, builds=sum(counts.values()), verdicts=verdicts)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (ran(LOCAL, LOCAL, GOOD), "ran code that is in no commit for 1 day, between 3 Nov 14:02 and 4 Nov 14:07 UTC."),
        (ran(GOOD, LOCAL, LOCAL), "runs code that is in no commit since 4 Nov 14:02 UTC."),
        (
            ran(LOCAL, GOOD, LOCAL, LOCAL, GOOD),
            (
                "ran code that is in no commit for 1 day, between 5 Nov 14:02 and 6 Nov 14:07 UTC: "
                "the longest of 2 such times."
            ),
        ),
        (
            ran(LOCAL, LOCAL, GOOD, LOCAL),
            "runs code that is in no commit since 6 Nov 14:02 UTC, and not for the first time.",
        ),
    ],
)
def test_what_production_ran_comes_first(runs: list[Run], said: str) -> None:
    alone = found(VERIFIED=1)
    assert headline(alone, runs, complete=True) == headline(alone, runs[::-1], complete=True) == f"Production {said}"
    both = f"1 of 3 successful builds is made of code that is in no commit; production {said}"
    both = both.replace("production ran code that is in no commit", "production ran such code")
    both = both.replace("production runs code that is in no commit", "production runs such code")
    assert headline(found(LOCAL_SOURCE=1, VERIFIED=2), runs, complete=True) == both


def test_a_job_is_named_where_there_are_several() -> None:
    runs = [*ran(LOCAL, GOOD), *ran(GOOD, GOOD, job="mailer")]
    said = "The job worker ran code that is in no commit for 5 min, between 3 Nov 14:02 and 3 Nov 14:07 UTC."
    assert headline(NOTHING, runs, complete=True) == said
    assert "; the job worker ran such code for 5 min" in headline(found(LOCAL_SOURCE=1), runs, complete=True)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (ran(GOOD, None, UNSURE), "For 2 of 3 executions it is not known which commit ran."),
        (ran(GOOD, BAD), "1 of 2 executions ran what policy refuses."),
        (ran(GOOD, EXEMPT), "Each of 2 executions ran what policy accepts."),
        (ran(GOOD, GOOD), "Each of 2 executions ran an image built from a commit."),
    ],
)
def test_what_ran_is_told_where_none_of_it_was_local(runs: list[Run], said: str) -> None:
    assert headline(found(LOCAL_SOURCE=1), runs, complete=True) == said


def test_an_execution_whose_end_is_not_known_is_told_by_its_start() -> None:
    local, good = ran(LOCAL, GOOD)
    runs = [replace(local, ended=None), good]
    assert headline(NOTHING, runs, complete=True) == "Production ran code that is in no commit at 3 Nov 14:02 UTC."


def test_years_are_named_where_they_differ() -> None:
    local, good = ran(LOCAL, GOOD)
    runs = [replace(local, started=START - timedelta(days=365)), good]
    said = "for 365 days, between 3 Nov 2025 14:02 and 3 Nov 2026 14:07 UTC."
    assert headline(NOTHING, runs, complete=True).endswith(said)


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (
            found(LOCAL_SOURCE=2, FAILED=5, VERIFIED=3),
            "2 of 10 successful builds are made of code that is in no commit.",
        ),
        (found(FAILED=1, INCONCLUSIVE=2), "1 of 3 successful builds is refused by policy."),
        (found(INCONCLUSIVE=1), "1 of 1 successful build is of a source that is not certain."),
        (found(EXEMPT=1, VERIFIED=1), "Policy accepts each of 2 successful builds."),
        (found(VERIFIED=7), "Each of 7 successful builds was made from a commit."),
        (found(), "No successful build was found."),
    ],
)
def test_without_executions_the_builds_are_told(summary: Summary, said: str) -> None:
    assert headline(summary, [], complete=True) == said


@pytest.mark.parametrize("runs", [[], ran(GOOD)])
@pytest.mark.parametrize("summary", [found(VERIFIED=7), found()])
def test_what_is_not_complete_is_never_told_as_whole(summary: Summary, runs: list[Run]) -> None:
    assert "that could be read" in headline(summary, runs, complete=False).replace("in what", "that")
