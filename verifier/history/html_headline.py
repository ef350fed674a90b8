"""The audit in one sentence, as the report's headline: what production ran, or else what was built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from verifier.checks.verdict import Verdict
from verifier.history.judged_build import Run
from verifier.history.summary import Summary
from verifier.times import show_span

_IN_NO_COMMIT = "made of code that is in no commit"
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Executions of one job on local source, one after the other."""

    job: str
    start: datetime
    end: datetime
    lasts: bool
    """The job's newest execution is one of them."""


def headline(summary: Summary, runs: Sequence[Run], *, complete: bool) -> str:
    """Return the worst thing that is known, in one sentence.

    1 local source ran            how many builds were, and the stretch that still lasts, or else the longest
    2 it is not known what ran    an image that no listed build made, or a build whose source is not certain
    3 what policy refuses ran
    4 all that ran is accepted
    5 without executions          the same of the builds
    """
    stretches = sorted(_stretches(runs), key=lambda s: (s.lasts, s.end - s.start), reverse=True)
    if stretches:
        return _local(summary, stretches, several_jobs=len({_job(run) for run in runs}) > 1, complete=complete)
    return _of_runs(runs, complete=complete) if runs else _of_builds(summary, complete=complete)


def _local(summary: Summary, stretches: Sequence[_Stretch], *, several_jobs: bool, complete: bool) -> str:
    """Return how much of what was built is local, and for how long it ran; builds of before are not counted."""
    first = stretches[0]
    who = f"the job {first.job}" if several_jobs else "production"
    again = len(stretches) > 1 and not several_jobs
    built = (
        f"{_built(summary, Verdict.LOCAL_SOURCE, _IN_NO_COMMIT, complete=complete)}; " if _has_local(summary) else ""
    )
    code = "such code" if built else "code that is in no commit"
    if first.lasts:
        first_time = ", and not for the first time" * again
        return _sentence(f"{built}{who} runs {code} since {_moment(first.start)}{first_time}.")
    longest = f": the longest of {len(stretches)} such times" * again
    span = show_span(first.end - first.start)
    when = f"at {_moment(first.start)}" if first.start == first.end else f"for {span}, {_between(first)}"
    return _sentence(f"{built}{who} ran {code} {when}{longest}.")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _between(stretch: _Stretch) -> str:
    return f"between {_moment(stretch.start, stretch.end)} and {_moment(stretch.end, stretch.start)}"


def _has_local(summary: Summary) -> bool:
    return bool(summary.verdicts[Verdict.LOCAL_SOURCE])


def _of_runs(runs: Sequence[Run], *, complete: bool) -> str:
    count = _count(len(runs), "execution")
    unknown = sum(run.verdict in (None, Verdict.INCONCLUSIVE) for run in runs)
    refused = sum(run.verdict is Verdict.FAILED for run in runs)
    if unknown:
        return f"For {unknown:,} of {count} it is not known which commit ran."
    if refused:
        return f"{refused:,} of {count} ran what policy refuses."
    which = "" if complete else " that could be read"
    what = "an image built from a commit" if _all_verified(runs) else "what policy accepts"
    return f"Each of {count}{which} ran {what}."


def _of_builds(summary: Summary, *, complete: bool) -> str:
    judged = sum(summary.verdicts.values())
    which = "" if complete else " that could be read"
    count = _count(judged, "successful build")
    if not judged:
        return f"No successful build was found{'' if complete else ' in what could be read'}."
    parts = (
        (Verdict.LOCAL_SOURCE, _IN_NO_COMMIT),
        (Verdict.FAILED, "refused by policy"),
        (Verdict.INCONCLUSIVE, "of a source that is not certain"),
    )
    for verdict, words in parts:
        if summary.verdicts[verdict]:
            return f"{_built(summary, verdict, words, complete=complete)}."
    if summary.verdicts[Verdict.EXEMPT]:
        return f"Policy accepts each of {count}{which}."
    return f"Each of {count}{which} was made from a commit."


def _built(summary: Summary, verdict: Verdict, words: str, *, complete: bool) -> str:
    """Return how many of the successful builds have this verdict, in words and without a full stop."""
    number, which = summary.verdicts[verdict], "" if complete else " that could be read"
    count = _count(sum(summary.verdicts.values()), "successful build")
    return f"{number:,} of {count}{which} {'is' if number == 1 else 'are'} {words}"


def _stretches(runs: Sequence[Run]) -> Iterator[_Stretch]:
    for job in sorted({_job(run) for run in runs}):
        of_job = sorted((run for run in runs if _job(run) == job), key=lambda run: run.started)
        at = 0
        while at < len(of_job):
            start = at
            while at < len(of_job) and of_job[at].verdict is Verdict.LOCAL_SOURCE:
                at += 1
            if at > start:
                last = of_job[at - 1]
                yield _Stretch(job, of_job[start].started, last.ended or last.started, at == len(of_job))
            at += 1


def _all_verified(runs: Sequence[Run]) -> bool:
    return all(run.verdict is Verdict.VERIFIED for run in runs)


def _job(run: Run) -> str:
    return run.name.rpartition("/executions/")[0].rpartition("/")[2]


def _moment(moment: datetime, other: datetime | None = None) -> str:
    """Return day and time; with the year where it is not clear, and the zone where the sentence has it last."""
    utc = moment.astimezone(UTC)
    year = f" {utc.year}" if other and utc.year != other.astimezone(UTC).year else ""
    zone = "" if other and moment < other else " UTC"
    return f"{utc.day} {_MONTHS[utc.month - 1]}{year} {utc:%H:%M}{zone}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"
