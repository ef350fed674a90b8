"""What a run changes in the watch of its digest. Counting it again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from verifier.checks.known_errors import MOST_COUNTED, kept_name
from verifier.checks.watch.book import ErrorStanding
from verifier.checks.watch.rules import Benign
from verifier.checks.watch.watching import (
    MOST_ERRORS_WATCHED,
    MOST_TAIL,
    Good,
    Red,
    SeenError,
    Watch,
    WatchOutcome,
    joined_hours,
    with_hour,
)
from verifier.facts.execution import JobName
from verifier.facts.logs import Repeated
from verifier.facts.run import RunOutcome

MOST_REDS = 5
_REDS = ("FAILED", "LOCAL_SOURCE")


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run that counts, and what its logs said."""

    execution: str
    """Its short name."""
    created: datetime
    ended: datetime
    outcome: RunOutcome
    errors: tuple[Repeated, ...] = ()
    standings: tuple[ErrorStanding, ...] = ()
    """How the errors stand, one for each that has an identity."""
    whole: bool = True
    """Its logs were read, and whole."""
    benign: Benign | None = None


@dataclass(frozen=True, slots=True)
class WatchedBuild:
    """The build that pushed a digest, as far as it is known."""

    name: str = ""
    commit: str = ""
    verdict: str = ""
    image: str = ""


def begun(
    job: JobName,
    digest: str,
    repository: str,
    since: datetime,
    *,
    previous: Watch | None,
    build: WatchedBuild,
    baseline: int,
    rare: bool,
    ran_before: bool = False,
) -> Watch:
    """Return the watch of a digest whose first run was created then.

    `previous`: of what ran before; None where the job was not watched before: then nothing was deployed, as far as
    anybody knows, unless logs of before say that something else ran (`ran_before`). `baseline`: the runs before that
    were read.
    """
    watch = Watch(job, digest, repository, since, build.name, build.commit, build.verdict, build.image)
    watch = replace(watch, baseline=baseline, rare=rare, found=previous is None and not ran_before)
    if previous is None:
        return watch
    return replace(
        watch,
        before=joined_hours(previous.before, previous.hours),
        tail=previous.tail,
        reds=_reds(previous),
        good=_good(previous, repository),
    )


def _reds(previous: Watch) -> tuple[Red, ...]:
    found = [*previous.reds]
    since, of = previous.since, (previous.digest, previous.build, previous.commit)
    if previous.verdict in _REDS:
        found.append(Red(previous.verdict, *of, since))
    if previous.is_regressed:
        errors = [error for reason in previous.reasons if (error := previous.error(reason))]
        identities, names = tuple(one.identity for one in errors), tuple(one.name for one in errors)
        found.append(Red(WatchOutcome.REGRESSED.value, *of, since, identities, names))
    return tuple(found[-MOST_REDS:])


def _good(previous: Watch, repository: str) -> Good | None:
    if previous.is_earned and previous.verdict == "VERIFIED" and previous.repository == repository:
        return Good(previous.digest, repository, previous.build, previous.commit, previous.read, previous.since)
    return previous.good if previous.good and previous.good.repository == repository else None


def counted(watch: Watch, run: ReadRun) -> Watch:
    """Return the watch with this run. After its end only what a later one is compared with goes on."""
    if run.execution in watch.counted:
        return watch
    watch = replace(
        watch,
        counted=(*watch.counted, run.execution)[-MOST_COUNTED:],
        until=max(watch.until, run.ended) if watch.until else run.ended,
    )
    if run.benign is not None or run.outcome in (RunOutcome.PLATFORM, RunOutcome.CANCELLED):
        return replace(watch, benign=watch.benign + 1)
    failed = run.outcome is RunOutcome.FAILED
    watch = replace(
        watch,
        tail=(watch.tail + ("F" if failed else "S"))[-MOST_TAIL:],
        hours=with_hour(watch.hours, run.created, failed=failed),
    )
    if watch.ended is not None:
        return watch
    watch = replace(
        watch,
        runs=watch.runs + 1,
        failed=watch.failed + failed,
        read=watch.read + run.whole,
        unread=watch.unread + (not run.whole),
    )
    return _with_errors(watch, run, failed=failed)


def _with_errors(watch: Watch, run: ReadRun, *, failed: bool) -> Watch:
    held = {error.identity: error for error in watch.errors}
    beyond, here = watch.beyond, set[str]()
    named = [error for error in run.errors if error.identity]
    for error, standing in zip(named, run.standings, strict=True):
        known = held.get(standing.identity)
        if known is None and len(held) >= MOST_ERRORS_WATCHED:
            beyond += 1
            continue
        seen = known or _first(watch, run, error, standing)
        is_more = standing.identity not in here
        here.add(standing.identity)
        held[standing.identity] = replace(
            seen,
            first=min(seen.first, error.first),
            runs=seen.runs + is_more,
            failed_runs=seen.failed_runs + (failed and is_more),
            entries=seen.entries + error.count,
            accepted=bool(error.accepted),
        )
    return replace(watch, errors=tuple(held.values()), beyond=beyond)


def _first(watch: Watch, run: ReadRun, error: Repeated, standing: ErrorStanding) -> SeenError:
    return SeenError(
        identity=standing.identity,
        name=kept_name(standing.name),
        state=standing.state,
        first=error.first,
        run=watch.runs,
        rule=error.rule,
        deployments=standing.deployments,
        of_trial=standing.of_trial,
        execution=run.execution,
    )


def counted_all(watch: Watch, runs: Sequence[ReadRun]) -> Watch:
    """Return the watch with all of these runs, in the order of their ends."""
    for run in sorted(runs, key=lambda one: (one.ended, one.execution)):
        watch = counted(watch, run)
    return watch
