"""From a digest to the build that pushed it: by the ledger first, else by the builds of before; never by time.

Where several builds pushed a digest, the worst verdict counts. What is not found may be found a little later, as the
message about its build may be under way: it is looked for again, for half an hour at least and until the builds of
before are listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from verifier.checks.job_runs import DigestRuns, JobRuns, NewerBuild, Tie
from verifier.checks.pushed_by import PushedBy, tied_to, worst_of
from verifier.checks.running import SETTLED_AGAIN, UNTIED_FOR, to_seek
from verifier.config import Watched
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, Record, parse_record, verified_image
from verifier.controller.runs.past import PastListing, listing_of, makers_in
from verifier.errors import Malformed
from verifier.facts.build import Build, parse_build
from verifier.facts.execution import JobName
from verifier.facts.source import Commit, source_of
from verifier.reporting.running_text import no_build_text
from verifier.services import Stored

_MOST_FOUND = 20
"""Builds of one digest that are looked at: they are all as reproducible as each other."""
_MOST_NEWER = 50
_MOST_DAYS = 7
"""So far back a newer build is looked for at first."""
_MARGIN = timedelta(hours=1)
"""A verdict is stored by the day on which it was reached, and a moment later."""


def with_tie(job: JobRuns, deployment: Deployment, watched: Watched, budget: Budget) -> JobRuns:
    """Return the job with the next of its digests looked for whose turn it is; as it is where none is.

    Raises ServiceError and Stopping.
    """
    for runs in to_seek(job, deployment.services.clock()):
        return job.with_digest(_tied(job, runs, deployment, watched, budget))
    return job


def _tied(job: JobRuns, runs: DigestRuns, deployment: Deployment, watched: Watched, budget: Budget) -> DigestRuns:
    store, now = deployment.services.store, deployment.services.clock()
    records = store.holders(BUILDS, "images", runs.digest, _MOST_FOUND, timeout=budget.seconds(LEDGER_SECONDS))
    found = worst_of(pushed for _, stored in records for pushed in _pushed(stored))
    if found is None:
        found = worst_of(makers_in(runs.digest, store, budget))
    if found is not None:
        return tied_to(runs, found, now)
    if runs.tie is Tie.BUILD:
        return replace(runs, sought=now)  # it was pushed by that build, whatever became of the record
    projects = _projects(job.job, runs, watched)
    listings = [listing_of(project, runs.since, deployment, watched, budget) for project in projects]
    if now - runs.since < UNTIED_FOR or any(listing.is_awaited(now) for listing in listings):
        return replace(runs, tie=Tie.OPEN, sought=now)
    return replace(runs, tie=Tie.NONE, why=_likely(runs, listings), sought=now)


def _pushed(stored: Stored) -> Iterator[PushedBy]:
    """Yield the build of a record; nothing where a later version wrote it."""
    try:
        record = parse_record(stored.document)
        build = parse_build(record.build) if record.build is not None else None
    except Malformed:
        return
    source = source_of(build) if build else None
    judgement = record.judgement
    yield PushedBy(
        build=record.key.name,
        ended=_ended(record, build),
        commit=source.sha if isinstance(source, Commit) else "",
        verdict=str(judgement.verdict or "") if judgement else "",
        why=_why(record, build),
        policy=judgement.policy if judgement else "",
    )


def _ended(record: Record, build: Build | None) -> datetime | None:
    return (build.finished if build else None) or (record.judgement.decided if record.judgement else None)


def _why(record: Record, build: Build | None) -> str:
    if record.judgement is None:
        return ""
    if record.judgement.verdict is None:
        return f"it ended {build.status}" if build else "it did not succeed"
    return record.judgement.exemption


def _projects(job: JobName, runs: DigestRuns, watched: Watched) -> list[str]:
    """Return the watched projects whose builds of before are looked through: the job's, and the image's."""
    parts = runs.repository.split("/")
    named = (job.project, *parts[1:2])
    return [project for project in dict.fromkeys(named) if project in watched.projects]


def _likely(runs: DigestRuns, listings: list[PastListing]) -> str:
    whole = [listing.project for listing in listings if listing.whole]
    unread = [f"{listing.project} ({listing.error or 'not to its end'})" for listing in listings if not listing.whole]
    return no_build_text(runs.repository, whole, unread)


def with_newer(job: JobRuns, deployment: Deployment, budget: Budget) -> JobRuns:
    """Return the job with the newest VERIFIED build of its image, where that was not looked for lately.

    Raises ServiceError and Stopping.
    """
    now, current = deployment.services.clock(), job.now
    if current is None or current.tie is not Tie.BUILD or current.ended is None:
        return job
    if job.newer_sought is not None and now < job.newer_sought + SETTLED_AGAIN:
        return job
    since = max(job.newer_sought or current.ended, now - timedelta(days=_MOST_DAYS)) - _MARGIN
    days = [since + timedelta(days=number) for number in range((now.date() - since.date()).days + 1)]
    found = [newer for day in days for newer in _verified(current.repository, day, deployment, budget)]
    known = [*found, *([job.newer] if job.newer else [])]
    newest = max(known, key=lambda newer: newer.ended, default=None)
    return replace(job, newer=newest, newer_sought=now)


def _verified(repository: str, day: datetime, deployment: Deployment, budget: Budget) -> Iterator[NewerBuild]:
    """Yield the builds of this image that were VERIFIED on this day. Raises ServiceError."""
    records = deployment.services.store.holders(
        BUILDS, "verified", verified_image(repository, day), _MOST_NEWER, timeout=budget.seconds(LEDGER_SECONDS)
    )
    for _, stored in records:
        try:
            build = parse_build(parse_record(stored.document).build or {})
        except Malformed:
            continue
        source = source_of(build)
        digest = next((image.digest for image in build.images if image.untagged == repository), "")
        if digest and build.finished and isinstance(source, Commit):
            yield NewerBuild(build.key.name, source.sha, digest, build.finished)
