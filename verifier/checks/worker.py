"""Does this build's image work? Findings about whether the worker ran at all, and about what it logged.

Whether its execution went well, and what it ran, is judged in `execution`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verifier.checks.policy import Worker
from verifier.checks.verdict import WORKER_CHECKS, Check, Finding, Outcome
from verifier.facts.execution import Execution, Phase
from verifier.facts.logs import LogFacts
from verifier.times import show_second

_MOST_ACCEPTED = 3


def not_run(why: str) -> tuple[Finding, ...]:
    """Return the findings where no worker is to run."""
    return tuple(Finding(check, Outcome.NOT_APPLICABLE, why) for check in Check if check in WORKER_CHECKS)


def given_up(why: str, *, started: bool) -> tuple[Finding, ...]:
    """Return the finding where a worker was started, or may have been, and policy does not want it any more."""
    seen = f"it {'was' if started else 'may have been'} started, and policy has changed since: {why}"
    return (Finding(Check.WORKER_SUCCEEDED, Outcome.COULD_NOT_CHECK, seen, "build again: policy then decides again"),)


def not_started(why: str, remedy: str) -> tuple[Finding, ...]:
    """Return the findings where the worker could not be started: everything else about it stays unanswered."""
    return (Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, why, remedy),)


def logs_are_whole(execution: Execution, facts: LogFacts, *, out_of_time: bool = False) -> bool:
    """Whether every attempt's end was seen and nothing was left out: only then may silence mean anything.

    Of a run that succeeded every task must have ended with exit code 0. Attempts before that may have been ended by
    the platform without a line: those are waited for until it is `out_of_time`, and then no more, unless one of them
    may have run into the time limit.
    """
    if facts.truncated or not execution.tasks:
        return False
    ended = facts.exits | {(end.task, end.attempt) for end in facts.endings}
    if execution.phase is not Phase.SUCCEEDED:
        return len(ended) >= execution.attempts
    well = facts.exits - {(end.task, end.attempt) for end in facts.endings}
    if len({task for task, _ in well}) < execution.tasks:
        return False
    earlier = {(task, str(before)) for task, attempt in well for before in range(_number(attempt))}
    return earlier <= ended or (out_of_time and not _may_have_timed_out(execution))


def is_certain(execution: Execution, facts: LogFacts) -> bool:
    """Whether the verdict is known, whatever else the logs will say: nobody waits for more than reasons then."""
    return (
        execution.phase is not Phase.SUCCEEDED
        or bool(facts.failing or facts.more_errors)
        or (bool(facts.endings) and execution.retried > 0)
    )


def exit_lines_will_come(execution: Execution) -> bool:
    """Whether the platform writes how each attempt ended. Time-outs, cancels and its own failures may leave no line."""
    return execution.phase is Phase.SUCCEEDED or execution.exited


def _may_have_timed_out(execution: Execution) -> bool:
    if execution.timeout is None or execution.started is None or execution.completed is None:
        return False
    return execution.completed - execution.started >= execution.timeout


def _number(attempt: str) -> int:
    return int(attempt) if attempt.isdecimal() and len(attempt) < 3 else 0


def log_findings(execution: Execution, facts: LogFacts, worker: Worker, *, settled: bool) -> tuple[Finding, ...]:
    """Return what the logs say. `settled`: they were whole, and were read once more half a minute later."""
    return (
        _logs_are_complete(execution, facts, settled=settled),
        _logs_have_no_errors(facts, settled=settled),
        _expected_lines_were_seen(facts, worker, settled=settled),
    )


def _logs_are_complete(execution: Execution, facts: LogFacts, *, settled: bool) -> Finding:
    check = Check.LOGS_ARE_COMPLETE
    if facts.truncated:
        seen = "there were more matching lines than are read for one verdict"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "narrow `fail` and `expect` in policy.toml, or log less")
    if facts.unlabelled_possible:
        seen = f"{_unlabelled(facts, possible=True)}, and could be the worker's"
        remedy = "use google-cloud-logging 3.11 or newer in the worker, or log to standard output"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    if not settled or not logs_are_whole(execution, facts, out_of_time=True):
        seen = f"the exit lines of {len(facts.exits)} of {execution.attempts} attempts could be read in time"
        remedy = "read the logs by hand; if this repeats, raise `logs_deadline` in policy.toml"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    seen = f"the exit lines of all {len(facts.exits)} attempts were read"
    if facts.unlabelled:
        seen += f"; {_unlabelled(facts, possible=False)}, and can't be the worker's"
    return Finding(check, Outcome.HOLDS, seen)


def _unlabelled(facts: LogFacts, *, possible: bool) -> str:
    """Return how many lines of the job name no execution, and in which logs."""
    counts = [(log.possible if possible else log.count, _short(log.log)) for log in facts.unlabelled_logs]
    told = [f"{count} in {log}" for count, log in counts if count]
    total = sum(count for count, _ in counts)
    return f"{total} line{' of the job names' if total == 1 else 's of the job name'} no execution ({', '.join(told)})"


def _logs_have_no_errors(facts: LogFacts, *, settled: bool) -> Finding:
    check = Check.LOGS_HAVE_NO_ERRORS
    accepted = "; ".join(_accepted(facts))
    if facts.failing or facts.more_errors:
        seen = f"{_failing(facts)}; {accepted}" if accepted else _failing(facts)
        remedy = "fix it and push; if the line is harmless, add it to `ignore` in policy.toml"
        return Finding(check, Outcome.FAILS, seen, remedy)
    if not settled:
        seen = f"no errors in what could be read{f'; {accepted}' if accepted else ''}"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "read the logs by hand")
    return Finding(check, Outcome.HOLDS, accepted or "none")


def _failing(facts: LogFacts) -> str:
    """Return the first error that nothing accepts, and how many others there are."""
    yet_others = f"{facts.more_errors} entries of yet others" if facts.more_errors else ""
    if not facts.failing:
        return yet_others
    first, others = facts.failing[0], len(facts.failing) - 1
    seen = f'"{first.name}" ×{first.count}, first at {show_second(first.first)} (task {first.task or "0"})'
    if first.ran_out:
        seen += f", no more accepted: it was {first.ran_out}"
    kinds = f" and {others} other kind{'s' if others > 1 else ''}" if others else ""
    return seen + kinds + (f", and {yet_others}" if yet_others else "")


def _accepted(facts: LogFacts) -> Iterator[str]:
    """Yield the errors that fail nothing, each with until when and why; of many the first ones."""
    accepted = [error for error in facts.errors if error.accepted]
    for error in accepted[:_MOST_ACCEPTED]:
        yield f'"{error.name}" ×{error.count} is accepted {error.accepted}'
    if len(accepted) > _MOST_ACCEPTED:
        yield f"{len(accepted) - _MOST_ACCEPTED} others are accepted, too"


def _expected_lines_were_seen(facts: LogFacts, worker: Worker, *, settled: bool) -> Finding:
    check = Check.EXPECTED_LINES_WERE_SEEN
    names = [pattern.name for pattern in worker.logs.expected]
    if not names:
        return Finding(check, Outcome.NOT_APPLICABLE, "policy expects no particular line")
    logs = {name: sorted(_short(log) for seen, log in facts.seen_in if seen == name) for name in names}
    allowed = {_short(log) for log in worker.expect_logs}
    elsewhere = [name for name in names if name in facts.seen and allowed and not allowed & set(logs[name])]
    if elsewhere:
        found = ", ".join(sorted({log for name in elsewhere for log in logs[name]}))
        seen = f"{_quoted(elsewhere)} was logged in {found} alone, where anybody may have written it"
        remedy = f"log it to {' or '.join(sorted(allowed))}, or change `expect_logs` in policy.toml"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    absent = [name for name in names if name not in facts.seen]
    if absent and not settled:
        seen = f"{_quoted(absent)} is not among the lines that could be read"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "read the logs by hand")
    if absent:
        seen = f"{_quoted(absent)} was never logged: an idle worker proves nothing"
        remedy = "run the job with work waiting, or drop `expect` for it in policy.toml"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    places = ", ".join(sorted({log for name in names for log in logs[name]}))
    return Finding(check, Outcome.HOLDS, f"{_quoted(names)} seen" + (f" in {places}" if places else ""))


def _short(log: str) -> str:
    return log.removeprefix("run.googleapis.com/")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
