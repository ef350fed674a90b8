"""What a job runs, judged: what began and ceased, what of it is wrong, and what is to be told. Pure.

1. A stretch is the time in which a job runs one digest; its beginning and end are saved before anybody is told.
2. Nothing is said of a digest before it is settled: its build is judged, or nobody knows a build that pushed it.
3. Wrong is a digest whose build is LOCAL_SOURCE or FAILED, or EXEMPT in another project than the job's.
4. A digest that no build pushed is wrong where the job ran a known build's digest before, and nowhere else.
5. A job that goes on with an older digest than its image's newest VERIFIED build is told of once for each such build;
   one that has not run since is no news.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from verifier.checks.job_runs import DigestRuns, JobRuns, NewerBuild, Tie
from verifier.checks.verdict import Verdict
from verifier.errors import Malformed
from verifier.facts.build import parse_build_name
from verifier.facts.execution import JobName

UNJUDGED_FOR = timedelta(hours=3)
"""So long a build may be without a verdict: its worker's run comes first."""
UNTIED_FOR = timedelta(minutes=30)
"""So long a digest's build is looked for where there is none: a message about it may be under way."""
SETTLED_AGAIN = timedelta(hours=1)
"""How old an answer about what runs now may be: a build that is judged anew may have another verdict."""
UNKNOWN_AGAIN = timedelta(days=1)
"""How long it is believed that no build pushed what runs now."""
DEPLOYED_WITHIN = timedelta(minutes=10)
"""A run that begins so soon after the end of a build may still run the image before."""
_FIRST_WAIT = timedelta(seconds=30)
_MOST_WAIT = timedelta(minutes=10)
_START_AGAIN = timedelta(minutes=5)
_TICK = timedelta(microseconds=1)
_AT_ONCE, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Transition(StrEnum):
    """What the audit trail is told of a stretch."""

    BEGUN = "begun"
    CEASED = "ceased"


class NewsTopic(StrEnum):
    """What people are told. The order is the order in which they are."""

    START = "start"
    """What ran when watching began."""
    WRONG = "wrong"
    """It runs what it should not."""
    UNKNOWN = "unknown"
    """It ran images of known builds, and now one that no build pushed."""
    CLOSED = "closed"
    """What was wrong does not run any more."""
    PINNED = "pinned"
    """It goes on with an older image than there is."""


TELLING = "telling"
"""Kept of a digest in `told` before people are told that it is wrong: they may have heard of it from then on."""
SAID = "said"
"""Kept of a digest in `told`: there is a message of its own about it."""


_OF_A_STRETCH = frozenset({TELLING, NewsTopic.WRONG, NewsTopic.CLOSED})
"""What is told of a stretch, and told again of the next one."""
_MAY_BE_TOLD = frozenset({TELLING, NewsTopic.WRONG, NewsTopic.UNKNOWN})


@dataclass(frozen=True, slots=True)
class News:
    """One thing that is to be told of a digest in a job."""

    topic: NewsTopic
    digest: str
    word: str
    """What is kept in `told` once it is told."""


def with_stretches(job: JobRuns) -> JobRuns:
    """Return the job with the beginning and the end of each stretch, as far as its runs show them (1).

    A stretch that came back waits until the audit trail has heard of the end of the one before.
    """
    now = job.now
    if now is None or (now.ceased is not None and now.audited != Transition.CEASED):
        return job
    if now.begun is None:
        now = replace(now, begun=now.since, generation=job.generation)
    elif now.ceased is not None:
        kept = tuple(word for word in now.told if word not in _OF_A_STRETCH)
        # Two stretches of one digest never have the same beginning: it is what tells them apart.
        again = max(job.newest or now.last, now.ceased, now.begun + _TICK)
        now = replace(now, begun=again, ceased=None, audited="", told=kept, generation=job.generation)
    changed = job.with_digest(now)
    for other in job.digests:
        if other.digest != now.digest and other.ceased is None and other.has_run:
            changed = changed.with_digest(_ended(other, now, changed))
    return changed


def _ended(runs: DigestRuns, now: DigestRuns, job: JobRuns) -> DigestRuns:
    """Return the runs of a digest that does not run any more, with the end of their stretch."""
    begun = runs.begun or runs.since
    after = [other.begun for other in job.digests if other.begun and other.begun > max(runs.last, begun)]
    ceased = min(after, default=max(now.begun or now.since, runs.last))
    return replace(runs, begun=begun, ceased=ceased, generation=runs.generation or job.generation)


def is_settled(runs: DigestRuns, now: datetime) -> bool:
    """Return whether what is known of it by now may be told (2)."""
    if runs.tie is Tie.BUILD:
        return bool(runs.verdict or runs.why) or now - runs.since > UNJUDGED_FOR
    return runs.tie is Tie.NONE


def is_wrong(job: JobName, runs: DigestRuns) -> bool:
    """Return whether this job should not run what its build pushed (3)."""
    if runs.tie is not Tie.BUILD:
        return False
    if runs.verdict == Verdict.EXEMPT:
        return project_of(runs.build) != job.project
    return runs.verdict in {Verdict.LOCAL_SOURCE, Verdict.FAILED}


def is_unknown(job: JobRuns, runs: DigestRuns) -> bool:
    """Return whether it was deployed without a build, where the job ran known builds before (4)."""
    begun = runs.begun or runs.since
    known = [other for other in job.digests if other.tie is Tie.BUILD and other.begun and other.begun < begun]
    return runs.tie is Tie.NONE and bool(known)


def is_first(job: JobRuns, runs: DigestRuns) -> bool:
    """Return whether nothing else is known to have run in this job before."""
    begun = runs.begun or runs.since
    return not any(other.begun and other.begun < begun for other in job.digests if other.digest != runs.digest)


def project_of(build: str) -> str:
    """Return the project in a build's resource name; empty where that can't be read."""
    try:
        return parse_build_name(build)[0]
    except Malformed:
        return ""


def newer_build(job: JobRuns) -> NewerBuild | None:
    """Return the newest VERIFIED build of the image, where the job runs an older one; None where it runs that one."""
    now, newer = job.now, job.newer
    if now is None or newer is None or newer.digest == now.digest or now.ended is None or newer.ended <= now.ended:
        return None
    return newer


def runs_since(job: JobRuns) -> int:
    """Return how often the job has run what it runs now since its newest VERIFIED build had ended (5).

    The latest runs alone are counted.
    """
    now, newer = job.now, newer_build(job)
    if now is None or newer is None:
        return 0
    since = max(newer.ended + DEPLOYED_WITHIN, now.begun or now.since)
    return sum(start >= since for start in job.starts)


def was_moved_back(job: JobRuns) -> bool:
    """Return whether the job ran its newest VERIFIED build's image before it ran what it runs now."""
    newer = job.of(job.newer.digest) if job.newer else None
    return newer is not None and newer.has_run


def transitions(job: JobRuns, now: datetime) -> list[tuple[Transition, DigestRuns]]:
    """Return what the audit trail is to be told, in the order of time."""
    found = [(moment, transition, runs) for runs in job.digests for moment, transition in _transitions(runs, now)]
    return [(transition, runs) for _, transition, runs in sorted(found, key=lambda each: each[0])]


def _transitions(runs: DigestRuns, now: datetime) -> Iterator[tuple[datetime, Transition]]:
    if runs.begun is None or not is_settled(runs, now):
        return
    if not runs.audited:
        yield runs.begun, Transition.BEGUN
    if runs.ceased is not None and runs.audited != Transition.CEASED:
        yield runs.ceased, Transition.CEASED


def news(job: JobRuns, now: datetime) -> list[News]:
    """Return what people are to be told, in the order of `NewsTopic`."""
    current = job.now
    if current is None or current.begun is None or not is_settled(current, now):
        return []
    found = []
    if not job.started:
        found.append(News(NewsTopic.START, current.digest, NewsTopic.START))
    if is_wrong(job.job, current):
        found.append(News(NewsTopic.WRONG, current.digest, NewsTopic.WRONG))
    if is_unknown(job, current):
        found.append(News(NewsTopic.UNKNOWN, current.digest, NewsTopic.UNKNOWN))
    over = [other.digest for other in job.digests if other.ceased is not None and _MAY_BE_TOLD & set(other.told)]
    found += [News(NewsTopic.CLOSED, digest, NewsTopic.CLOSED) for digest in over]
    if job.newer is not None and runs_since(job):
        found.append(News(NewsTopic.PINNED, current.digest, f"{NewsTopic.PINNED} {job.newer.build}"))
    return [each for each in found if each.topic is NewsTopic.START or not is_told(job, each)]


def is_told(job: JobRuns, what: News) -> bool:
    """Return whether people were told of it."""
    return has_told(job, what.digest, what.word)


def has_told(job: JobRuns, digest: str, word: str) -> bool:
    """Return whether this word is kept as told of the digest."""
    runs = job.of(digest)
    return runs is not None and word in runs.told


def told(job: JobRuns, digest: str, *words: str) -> JobRuns:
    """Return the job with these words kept as told of the digest."""
    runs = job.of(digest)
    if runs is None:
        return job
    # Of newer builds the latest: each of them was told of once.
    newer = any(word.startswith(NewsTopic.PINNED) for word in words)
    kept = [word for word in runs.told if not (newer and word.startswith(NewsTopic.PINNED))]
    return job.with_digest(replace(runs, told=tuple(dict.fromkeys([*kept, *words]))))


def to_seek(job: JobRuns, now: datetime) -> list[DigestRuns]:
    """Return the digests whose build is to be looked for now, what runs now first."""
    due = [runs for runs in reversed(job.digests) if runs.has_run and now >= _seek_at(job, runs)]
    return sorted(due, key=lambda runs: runs.digest != job.digest)


def _seek_at(job: JobRuns, runs: DigestRuns) -> datetime:
    if runs.sought is None:
        return _AT_ONCE
    if _is_open(runs):
        return runs.sought + _wait(runs, runs.sought)
    if runs.digest != job.digest:
        return _NEVER
    return runs.sought + (UNKNOWN_AGAIN if runs.tie is Tie.NONE else SETTLED_AGAIN)


def _is_open(runs: DigestRuns) -> bool:
    """Return whether more may be known soon."""
    return runs.tie is Tie.OPEN or (runs.tie is Tie.BUILD and not runs.verdict and not runs.why)


def _wait(runs: DigestRuns, sought: datetime) -> timedelta:
    """Return how long to wait before it is looked for again: the longer, the longer it is known."""
    age = sought - runs.since
    if age > UNJUDGED_FOR:
        return SETTLED_AGAIN
    return min(max(age / 2, _FIRST_WAIT), _MOST_WAIT)


def look_again(job: JobRuns, now: datetime) -> datetime | None:
    """Return when there is something to be looked at again by itself: an answer that is awaited; None where nothing is.

    What is settled is looked at again when the job is.
    """
    awaited = [runs for runs in job.digests if runs.has_run and _is_open(runs)]
    moments = [max(_seek_at(job, runs), now) for runs in awaited]
    if not job.started and job.now is not None and is_settled(job.now, now):
        moments.append(now + _START_AGAIN)
    return min(moments, default=None)
