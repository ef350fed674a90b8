"""Runs whose logs were read, counted in the book of their job's errors and in the watch of their digest.

 1 compare  their errors with the book, and write them into it
 2 count    them in their digest's watch, which their first one begins; with it is saved what is to be told

Each is written by compare-and-set, and knows which runs it has counted: made again, it comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from verifier.checks.job_runs import DigestRuns, JobRuns
from verifier.checks.known_errors import ErrorBook
from verifier.checks.run_count import short_name
from verifier.checks.watch.benign import benign
from verifier.checks.watch.book import LEAST_RUNS, compared, runs_read_before
from verifier.checks.watch.counting import ReadRun, WatchedBuild, begun, counted_all
from verifier.checks.watch.ending import resumed
from verifier.checks.watch.rules import Benign
from verifier.checks.watch.telling import after_runs
from verifier.checks.watch.watching import Watch, is_rare
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.error_book import ERRORS, book_document, empty_book, name_of, parse_book
from verifier.controller.runs.job_runs import JOBS, name_of_job, parse_job
from verifier.controller.watch.outbox import with_news
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, name_of_watch, parse_watch, watch_document
from verifier.errors import Malformed, Unavailable
from verifier.facts.execution import Container, JobName
from verifier.facts.logs import LogFacts
from verifier.facts.run import EndedRun, RunOutcome
from verifier.services import Stored

_TRIES = 6


@dataclass(frozen=True, slots=True)
class RunToCount:
    """A run, and what its logs said."""

    run: EndedRun
    facts: LogFacts | None
    """None where they could not be read."""
    whole: bool


def count_runs(job: JobName, runs: Sequence[RunToCount], deployment: Deployment, budget: Budget) -> None:
    """Count these runs of a job. Raises ServiceError, Malformed and Stopping: they are counted again then."""
    stored = deployment.services.store.read(JOBS, name_of_job(job), timeout=budget.seconds(LEDGER_SECONDS))
    known = parse_job(stored.document) if stored else JobRuns(job, begun=runs[0].run.created)
    in_order = sorted(runs, key=lambda one: (one.run.created, one.run.execution))
    for digest, together in groupby(in_order, key=lambda one: one.run.digest):  # there, away and back is three of them
        mine = [*together]
        before, book = _compare(job, digest, mine, deployment, budget)  # 1
        read = _read_runs(digest, mine, known.of(digest), before, deployment)
        _count(digest, mine, read, known, book, deployment, budget)  # 2


def _compare(
    job: JobName, digest: str, runs: Sequence[RunToCount], deployment: Deployment, budget: Budget
) -> tuple[ErrorBook, ErrorBook]:
    """Write the errors of these runs into the book; return it as it was before, and as it is now."""
    store, name, now = deployment.services.store, name_of(job), deployment.services.clock()
    for _ in range(_TRIES):
        stored = store.read(ERRORS, name, timeout=budget.seconds(LEDGER_SECONDS))
        before = parse_book(stored.document) if stored else empty_book()
        after = before.running(digest, runs[0].run.created)
        for one in runs:
            if is_in_the_book(one, after, deployment):
                assert one.facts is not None  # what could not be read is no evidence
                after = after.with_run(
                    one.facts.errors,
                    run=short_name(one.run.execution),
                    digest=digest,
                    created=one.run.created,
                    now=now,
                )
        if after == before:
            return before, after
        document = book_document(after, job, f"{digest}@{now}")
        timeout = budget.seconds(LEDGER_SECONDS)
        if stored is None:
            written = store.create(ERRORS, name, document, timeout=timeout)
        else:
            written = store.replace(ERRORS, name, document, stored.revision, timeout=timeout)
        if written is not None:
            return before, after
    raise Unavailable(f"{job.resource}: others wrote what is known of its errors {_TRIES} times; try again later")


def _read_runs(
    digest: str,
    runs: Sequence[RunToCount],
    known: DigestRuns | None,
    before: ErrorBook,
    deployment: Deployment,
) -> list[ReadRun]:
    build = known.build if known else ""
    book = before.running(digest, runs[0].run.created)
    found = []
    for one in runs:
        run, errors = one.run, one.facts.errors if one.facts else ()
        found.append(
            ReadRun(
                execution=short_name(run.execution),
                created=run.created,
                ended=run.ended,
                outcome=run.outcome,
                errors=errors,
                standings=compared(before, errors, digest=digest, created=run.created, build=build),
                whole=one.whole,
                benign=_benign(one, book, deployment),
            )
        )
    return found


def _benign(one: RunToCount, book: ErrorBook, deployment: Deployment) -> Benign | None:
    endings, errors = (one.facts.endings, one.facts.errors) if one.facts else ((), ())
    switches, named = [ran.since for ran in book.digests], deployment.policy.watch.benign
    return benign(one.run.outcome, one.run.ended, endings, errors, switches=switches, named=named)


def is_in_the_book(one: RunToCount, book: ErrorBook, deployment: Deployment) -> bool:
    """Return whether a run is one to compare later ones with: it was read whole, or had errors, and is no accident."""
    if one.facts is None or not (one.whole or one.facts.errors):
        return False
    return _benign(one, book, deployment) is None


def _count(
    digest: str,
    runs: Sequence[RunToCount],
    read: Sequence[ReadRun],
    known: JobRuns,
    book: ErrorBook,
    deployment: Deployment,
    budget: Budget,
) -> None:
    store, name, now = deployment.services.store, name_of_watch(known.job, digest), deployment.services.clock()
    for _ in range(_TRIES):
        stored = store.read(WATCHES, name, timeout=budget.seconds(LEDGER_SECONDS))
        kept = parse_watch(stored.document) if stored else None
        if kept is None or kept.watch.successor:  # another one is watched until now
            previous = _previous(digest, runs[-1].run.created, known.job, book, deployment, budget)
            kept = kept or KeptWatch(_begun(digest, runs, known, previous, book))
            kept = replace(kept, wakes=previous.digest if previous else "")
        elif _came_back(kept.watch, book):  # its own time is over, and that of what ran meanwhile is not
            previous = _previous(digest, runs[-1].run.created, known.job, book, deployment, budget)
            kept = replace(kept, wakes=previous.digest if previous and previous.ended is None else "")
        # What was before may be read later than what is watched: `read_back.py`.
        baseline = max(kept.watch.baseline, runs_read_before(book, digest, runs[0].run.created))
        kept = replace(kept, watch=replace(kept.watch, baseline=baseline))
        after = with_runs(kept, read, known.of(digest), now, deployment, is_now=known.digest == digest)
        if after == kept and stored is not None:
            return
        if _write(name, stored, after, deployment, budget):
            return
    raise _written_by_others(known.job)


def with_runs(
    kept: KeptWatch,
    read: Sequence[ReadRun],
    known: DigestRuns | None,
    now: datetime,
    deployment: Deployment,
    *,
    is_now: bool,
) -> KeptWatch:
    """Return the watch with these runs counted, and with what is to be told of them; due where there is something.

    `is_now`: the job's newest run ran this digest.
    """
    watch = with_build(kept.watch, known)
    fresh = [run for run in read if run.execution not in watch.counted]
    if not fresh:
        return kept if watch == kept.watch else replace(kept, watch=watch)
    # It ended when that was seen, some minutes after the other digest ran: one that went back sooner runs all the same.
    if watch.ended is not None and (is_now or any(run.created > watch.ended for run in fresh)):
        watch = resumed(watch)
    failed = any(run.outcome is RunOutcome.FAILED and run.benign is None for run in fresh)
    watch, news = after_runs(counted_all(watch, fresh), now, failed=failed)
    after = with_news(replace(kept, watch=watch), news, deployment, now)
    is_early = kept.due is None or kept.watch.runs < LEAST_RUNS  # each of its first runs may change when it ends
    if watch.ended is None and (after.outbox or is_early or watch.rare):
        after = replace(after, due=now)  # its checkpoints and its end are worked out by whoever takes it up
    if watch.ended is not None and not watch.successor and after.wakes:
        after = replace(after, due=now)
    return after


def _came_back(watch: Watch, book: ErrorBook) -> bool:
    """Return whether a watch that ended by itself is of a digest that runs again after another one."""
    others = any(ran.digest != watch.digest and ran.since > watch.since for ran in book.digests)
    return watch.ended is not None and others


def with_build(watch: Watch, known: DigestRuns | None) -> Watch:
    """Return the watch with the build that pushed its digest, as far as it is known by now."""
    if known is None or not known.build:
        return watch
    return replace(watch, build=known.build, commit=known.commit, verdict=known.verdict)


def _begun(digest: str, runs: Sequence[RunToCount], known: JobRuns, previous: Watch | None, book: ErrorBook) -> Watch:
    of = known.of(digest)
    first = min(runs, key=lambda one: one.run.created).run
    since = min(of.since, first.created) if of else first.created
    build = WatchedBuild(of.build, of.commit, of.verdict) if of else WatchedBuild()
    build = replace(build, image=_followed(first, known))
    baseline = runs_read_before(book, digest, first.created)
    return begun(
        known.job,
        digest,
        first.repository,
        since,
        previous=previous,
        build=build,
        baseline=baseline,
        rare=is_rare(known.starts),
        ran_before=_ran_another(book, digest, known.begun),
    )


def _followed(run: EndedRun, known: JobRuns) -> str:
    """Return the tag by which the job came to run this; empty where it ran a digest, or was changed since."""
    if run.generation is None or run.generation != known.generation:
        return ""
    mine = [image for image in known.images if Container("", image).repository == run.repository]
    return mine[0] if len(mine) == 1 else ""


def _ran_another(book: ErrorBook, digest: str, begun: datetime) -> bool:
    """Return whether logs of before the job was watched say that it ran others then, and not this digest."""
    before = [ran for ran in book.digests if ran.since < begun]
    return any(ran.runs for ran in before) and all(ran.digest != digest for ran in before)


def _previous(
    digest: str, created: datetime, job: JobName, book: ErrorBook, deployment: Deployment, budget: Budget
) -> Watch | None:
    """Return the watch of what ran before; None where nothing did since the job is watched."""
    earlier = [ran for ran in book.digests if ran.digest != digest and ran.since < created]
    for ran in sorted(earlier, key=lambda ran: ran.since, reverse=True)[:3]:  # some were read late
        stored = deployment.services.store.read(
            WATCHES, name_of_watch(job, ran.digest), timeout=budget.seconds(LEDGER_SECONDS)
        )
        if stored is not None:
            return parse_watch(stored.document).watch
    return None


def wake(job: JobName, digest: str, now: datetime, deployment: Deployment, budget: Budget) -> None:
    """Have a watch looked at now. One that a later version wrote is left alone. Raises ServiceError."""
    store, name = deployment.services.store, name_of_watch(job, digest)
    for _ in range(_TRIES):
        stored = store.read(WATCHES, name, timeout=budget.seconds(LEDGER_SECONDS))
        if stored is None:
            return
        try:
            kept = parse_watch(stored.document)
        except Malformed:
            return
        if kept.watch.ended is not None or _write(name, stored, replace(kept, due=now), deployment, budget):
            return
    raise _written_by_others(job)


def _written_by_others(job: JobName) -> Unavailable:
    return Unavailable(f"{job.resource}: others wrote what is known of a watch {_TRIES} times; try again later")


def _write(name: str, stored: Stored | None, kept: KeptWatch, deployment: Deployment, budget: Budget) -> bool:
    store, document, timeout = deployment.services.store, watch_document(kept), budget.seconds(LEDGER_SECONDS)
    if stored is None:
        return store.create(WATCHES, name, document, timeout=timeout) is not None
    return store.replace(WATCHES, name, document, stored.revision, timeout=timeout) is not None
