"""Whether a worker was run, and what its logs say: a row for each check and outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.builders import FINISHED, WORKER, logged, ran
from verifier.checks.verdict import WORKER_CHECKS, Check, Finding, Outcome
from verifier.checks.worker import (
    exit_lines_will_come,
    given_up,
    is_certain,
    log_findings,
    logs_are_whole,
    not_run,
    not_started,
)
from verifier.facts.execution import Completion, Execution
from verifier.facts.logs import Ending, LogFacts, LogRules, Pattern, Repeated, Unlabelled

ERROR = Repeated("KeyError: 'width'", 3, FINISHED, "2", "KeyError: 'width'")
FAILED = ran(completion=Completion.FALSE, succeeded=0, failed=1)
EXITED = replace(FAILED, exited=True)
CANCELLED = ran(completion=Completion.FALSE, succeeded=0, cancelled=1)
FIRST = ("0", "0")
RUN = "run.googleapis.com"
READ = "the exit lines of all 1 attempts were read"


def facts(*exits: tuple[str, str], endings: tuple[Ending, ...] = (), **fields: Any) -> LogFacts:
    """Return what logs say in which these exit lines stand."""
    return replace(logged(), exits=frozenset(exits or (FIRST,)), endings=endings, **fields)


def bad(task: str, attempt: str, how: str = "exit", number: int = 1) -> Ending:
    return Ending(task, attempt, "", how, number)


# not run at all


def test_a_worker_that_is_not_to_run_leaves_nothing_unanswered() -> None:
    findings = not_run("no worker is configured")
    assert {finding.check for finding in findings} == WORKER_CHECKS
    assert {(finding.outcome, finding.seen) for finding in findings} == {
        (Outcome.NOT_APPLICABLE, "no worker is configured")
    }


@pytest.mark.parametrize(("started", "said"), [(True, "it was started"), (False, "it may have been started")])
def test_a_worker_that_policy_does_not_want_any_more_could_not_be_checked(started: bool, said: str) -> None:
    (finding,) = given_up("its trigger has no worker", started=started)
    assert (finding.check, finding.outcome) == (Check.WORKER_SUCCEEDED, Outcome.COULD_NOT_CHECK)
    assert finding.seen == f"{said}, and policy has changed since: its trigger has no worker"


def test_a_worker_that_could_not_be_started_says_what_to_do() -> None:
    assert not_started("no such job", "make it") == (
        Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, "no such job", "make it"),
    )


# what the logs say


def row(check: Check, execution: Execution, said: LogFacts, *, settled: bool = True) -> tuple[Outcome, str]:
    findings = log_findings(execution, said, WORKER, settled=settled)
    assert [finding.check for finding in findings] == [
        Check.LOGS_ARE_COMPLETE,
        Check.LOGS_HAVE_NO_ERRORS,
        Check.EXPECTED_LINES_WERE_SEEN,
    ]
    return next((finding.outcome, finding.seen) for finding in findings if finding.check is check)


COMPLETE: dict[str, tuple[Execution, LogFacts, bool, Outcome, str]] = {
    "whole": (ran(), facts(), True, Outcome.HOLDS, READ),
    "cut off": (
        ran(),
        facts(truncated=True),
        True,
        Outcome.COULD_NOT_CHECK,
        "there were more matching lines than are read for one verdict",
    ),
    "a line without a label that could be the worker's": (
        ran(),
        facts(unlabelled=1, unlabelled_logs=(Unlabelled("python", 1, 1),)),
        True,
        Outcome.COULD_NOT_CHECK,
        "1 line of the job names no execution (1 in python), and could be the worker's",
    ),
    "lines without a label, of which some could be the worker's": (
        ran(),
        facts(unlabelled=9, unlabelled_logs=(Unlabelled("python", 7, 4), Unlabelled(f"{RUN}/stdout", 2, 0))),
        True,
        Outcome.COULD_NOT_CHECK,
        "4 lines of the job name no execution (4 in python), and could be the worker's",
    ),
    "lines without a label that somebody else must have written": (
        ran(),
        facts(unlabelled=3, unlabelled_logs=(Unlabelled(f"{RUN}/stdout", 2, 0), Unlabelled("x", 1, 0))),
        True,
        Outcome.HOLDS,
        f"{READ}; 3 lines of the job name no execution (2 in stdout, 1 in x), and can't be the worker's",
    ),
    "not settled": (
        ran(),
        facts(),
        False,
        Outcome.COULD_NOT_CHECK,
        "the exit lines of 1 of 1 attempts could be read in time",
    ),
    "an exit line is missing": (
        ran(tasks=2, succeeded=2),
        facts(),
        True,
        Outcome.COULD_NOT_CHECK,
        "the exit lines of 1 of 2 attempts could be read in time",
    ),
}


@pytest.mark.parametrize(("execution", "said", "settled", "outcome", "seen"), COMPLETE.values(), ids=COMPLETE.keys())
def test_whether_the_logs_are_complete(
    execution: Execution, said: LogFacts, settled: bool, outcome: Outcome, seen: str
) -> None:
    assert row(Check.LOGS_ARE_COMPLETE, execution, said, settled=settled) == (outcome, seen)


ACCEPTED = replace(ERROR, accepted="until 2026-12-31: harmless")
IS_ACCEPTED = "\"KeyError: 'width'\" ×3 is accepted until 2026-12-31: harmless"
WHEN = f"{FINISHED:%Y-%m-%d %H:%M:%S} UTC"
ERRORS: dict[str, tuple[LogFacts, bool, Outcome, str]] = {
    "none": (facts(), True, Outcome.HOLDS, "none"),
    "none so far": (facts(), False, Outcome.COULD_NOT_CHECK, "no errors in what could be read"),
    "one kind": (
        facts(errors=(ERROR,)),
        True,
        Outcome.FAILS,
        f"\"KeyError: 'width'\" ×3, first at {WHEN} (task 2)",
    ),
    "one kind so far": (
        facts(errors=(replace(ERROR, task=""),)),
        False,
        Outcome.FAILS,
        f"\"KeyError: 'width'\" ×3, first at {WHEN} (task 0)",
    ),
    "several kinds": (
        facts(errors=(ERROR, ERROR, ERROR)),
        True,
        Outcome.FAILS,
        f"\"KeyError: 'width'\" ×3, first at {WHEN} (task 2) and 2 other kinds",
    ),
    "more kinds than are told apart": (
        facts(errors=(ERROR, ERROR), more_errors=4),
        True,
        Outcome.FAILS,
        f"\"KeyError: 'width'\" ×3, first at {WHEN} (task 2) and 1 other kind, and 4 entries of yet others",
    ),
    "yet others alone": (facts(more_errors=4), True, Outcome.FAILS, "4 entries of yet others"),
    "an error that is no more accepted": (
        facts(errors=(replace(ERROR, ran_out="until 2026-11-20: known"),)),
        True,
        Outcome.FAILS,
        f"\"KeyError: 'width'\" ×3, first at {WHEN} (task 2), no more accepted: it was until 2026-11-20: known",
    ),
    "an accepted error": (facts(errors=(ACCEPTED,)), True, Outcome.HOLDS, IS_ACCEPTED),
    "an accepted error so far": (
        facts(errors=(ACCEPTED,)),
        False,
        Outcome.COULD_NOT_CHECK,
        f"no errors in what could be read; {IS_ACCEPTED}",
    ),
    "an accepted error and another": (
        facts(errors=(ACCEPTED, ERROR)),
        True,
        Outcome.FAILS,
        f"\"KeyError: 'width'\" ×3, first at {WHEN} (task 2); {IS_ACCEPTED}",
    ),
    "three accepted errors": (facts(errors=(ACCEPTED,) * 3), True, Outcome.HOLDS, "; ".join([IS_ACCEPTED] * 3)),
    "five accepted errors": (
        facts(errors=(ACCEPTED,) * 5),
        True,
        Outcome.HOLDS,
        "; ".join([*[IS_ACCEPTED] * 3, "2 others are accepted, too"]),
    ),
}


@pytest.mark.parametrize(("said", "settled", "outcome", "seen"), ERRORS.values(), ids=ERRORS.keys())
def test_whether_the_logs_have_no_errors(said: LogFacts, settled: bool, outcome: Outcome, seen: str) -> None:
    assert row(Check.LOGS_HAVE_NO_ERRORS, ran(), said, settled=settled) == (outcome, seen)


EXPECTED: dict[str, tuple[frozenset[str], bool, Outcome, str]] = {
    "seen": (frozenset({"query ok"}), True, Outcome.HOLDS, '"query ok" seen'),
    "seen so far": (frozenset({"query ok"}), False, Outcome.HOLDS, '"query ok" seen'),
    "never seen": (
        frozenset(),
        True,
        Outcome.COULD_NOT_CHECK,
        '"query ok" was never logged: an idle worker proves nothing',
    ),
    "not seen yet": (
        frozenset(),
        False,
        Outcome.COULD_NOT_CHECK,
        '"query ok" is not among the lines that could be read',
    ),
}


@pytest.mark.parametrize(("names", "settled", "outcome", "seen"), EXPECTED.values(), ids=EXPECTED.keys())
def test_whether_the_expected_lines_were_seen(
    names: frozenset[str], settled: bool, outcome: Outcome, seen: str
) -> None:
    assert row(Check.EXPECTED_LINES_WERE_SEEN, ran(), facts(seen=names), settled=settled) == (outcome, seen)


STRICT = replace(WORKER, expect_logs=("stdout", "stderr"))
IN_PYTHON, IN_STDOUT = ("query ok", "python"), ("query ok", f"{RUN}/stdout")


def test_the_logs_in_which_expected_lines_were_seen_are_named() -> None:
    *_, finding = log_findings(ran(), facts(seen_in=(IN_PYTHON, IN_STDOUT)), WORKER, settled=True)
    assert (finding.outcome, finding.seen) == (Outcome.HOLDS, '"query ok" seen in python, stdout')


def test_expected_lines_count_in_the_logs_that_policy_names_alone() -> None:
    *_, finding = log_findings(ran(), facts(seen_in=(IN_PYTHON,)), STRICT, settled=True)
    assert (finding.outcome, finding.seen) == (
        Outcome.COULD_NOT_CHECK,
        '"query ok" was logged in python alone, where anybody may have written it',
    )
    *_, finding = log_findings(ran(), facts(seen_in=(IN_PYTHON, IN_STDOUT)), STRICT, settled=True)
    assert finding.outcome is Outcome.HOLDS


def test_no_line_is_expected_where_policy_names_none() -> None:
    *_, finding = log_findings(ran(), facts(), replace(WORKER, logs=LogRules()), settled=True)
    assert (finding.outcome, finding.seen) == (Outcome.NOT_APPLICABLE, "policy expects no particular line")


def test_every_missing_line_is_named() -> None:
    rules = LogRules(expected=(Pattern("query ok", "query ok"), Pattern("done", "done"), Pattern("end", "end")))
    *_, finding = log_findings(ran(), facts(), replace(WORKER, logs=rules), settled=True)
    assert finding.seen == '"done", "end" was never logged: an idle worker proves nothing'


# when silence means something


WHOLE: dict[str, tuple[Execution, LogFacts, bool]] = {
    "the only attempt": (ran(), facts(), True),
    "more was logged than is read": (ran(), facts(truncated=True), False),
    "a task of three is missing": (ran(tasks=3, succeeded=3), facts(("0", "0"), ("2", "0")), False),
    "every task of three": (ran(tasks=3, succeeded=3), facts(("0", "0"), ("1", "0"), ("2", "0")), True),
    "two attempts at one task are not two tasks": (ran(tasks=2, succeeded=2), facts(("0", "0"), ("0", "1")), False),
    "a retry that was only counted": (ran(retried=1), facts(), True),
    "a retry of which the crash is known": (ran(retried=1), facts(("0", "1"), endings=(bad("0", "0"),)), True),
    "a retry of which the first attempt is not known": (ran(retried=1), facts(("0", "1")), False),
    "a task that ended badly alone": (ran(), facts(endings=(bad("0", "0"),)), False),
    "a run of no task": (ran(tasks=0, succeeded=0), facts(), False),
    "a failure with every exit line": (replace(EXITED, retried=1), facts(FIRST, ("0", "1")), True),
    "a failure with one that is missing": (replace(EXITED, retried=1), facts(), False),
    "a failure of which the memory line is known": (FAILED, facts(FIRST, endings=(bad("0", "0", "memory"),)), True),
}


@pytest.mark.parametrize(("execution", "said", "whole"), WHOLE.values(), ids=WHOLE.keys())
def test_the_logs_are_whole_when_every_attempts_end_was_seen(execution: Execution, said: LogFacts, whole: bool) -> None:
    assert logs_are_whole(execution, said) is whole


def test_an_attempt_without_an_end_is_excused_when_time_is_up_and_no_sooner() -> None:
    execution, said = ran(retried=1, timeout=timedelta(hours=1)), facts(("0", "1"))
    assert not logs_are_whole(execution, said)
    assert logs_are_whole(execution, said, out_of_time=True)


def test_an_attempt_that_may_have_timed_out_is_not_excused() -> None:
    execution = ran(retried=1, timeout=timedelta(minutes=10))
    assert not logs_are_whole(execution, facts(("0", "1")), out_of_time=True)
    assert execution.started
    assert execution.completed
    took = execution.completed - execution.started
    for timeout, excused in ((took, False), (took + timedelta(microseconds=1), True)):
        execution = replace(execution, timeout=timeout)
        assert logs_are_whole(execution, facts(("0", "1")), out_of_time=True) is excused
    for unknown in (replace(execution, started=None), replace(execution, completed=None)):
        assert logs_are_whole(unknown, facts(("0", "1")), out_of_time=True)


def test_a_task_that_did_not_exit_is_never_excused() -> None:
    assert not logs_are_whole(ran(tasks=2, succeeded=2), facts(), out_of_time=True)


def test_a_label_that_is_no_number_is_an_attempt_like_any_other() -> None:
    assert logs_are_whole(ran(), facts(("0", "")))
    assert logs_are_whole(ran(), facts(("0", "9" * 40)))
    assert logs_are_whole(ran(), facts(("0", "100")))
    assert not logs_are_whole(ran(), facts(("0", "99")))


CERTAIN: dict[str, tuple[Execution, LogFacts, bool]] = {
    "a success": (ran(), facts(), False),
    "a success with an error in its logs": (ran(), facts(errors=(ERROR,)), True),
    "a success after a crash": (ran(retried=1), facts(endings=(bad("0", "0"),)), True),
    "a success that the logs contradict": (ran(), facts(endings=(bad("0", "0"),)), False),
    "a success after a retry": (ran(retried=1), facts(), False),
    "a failure": (FAILED, facts(), True),
    "a cancelled run": (CANCELLED, facts(), True),
}


@pytest.mark.parametrize(("execution", "said", "certain"), CERTAIN.values(), ids=CERTAIN.keys())
def test_what_nothing_in_the_logs_would_change_any_more(execution: Execution, said: LogFacts, certain: bool) -> None:
    assert is_certain(execution, said) is certain


def test_exit_lines_come_of_what_exited_alone() -> None:
    assert exit_lines_will_come(ran())
    assert exit_lines_will_come(EXITED)
    assert not exit_lines_will_come(FAILED)
    assert not exit_lines_will_come(CANCELLED)
