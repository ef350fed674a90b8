"""What the ledger holds of the watched jobs, as a person asks for it: read, never written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.judgement import Judgement
from verifier.checks.known_errors import ErrorBook
from verifier.checks.verdict import Check, Outcome, Verdict
from verifier.checks.watch.book import ErrorState, absent
from verifier.controller.error_book import ERRORS, name_of, parse_book
from verifier.controller.ledger import BUILDS, Record, parse_record
from verifier.controller.runs.job_runs import JOBS, parse_job
from verifier.controller.uploads import UPLOADS
from verifier.controller.watch.watch_document import WATCHES, name_of_watch, parse_watch
from verifier.errors import Malformed
from verifier.facts.build import BuildKey, parse_build, parse_build_name
from verifier.facts.execution import JobName
from verifier.facts.source import Commit, source_of
from verifier.history.judged_build import worst_first
from verifier.history.watch_status import WatchStatus
from verifier.services import Document, Store, Stored

_PAGE = 100
_SECONDS = 15.0
_FIRST, _LAST = "projects/", "projects/~"
_HEX = 64
_MOST_MAKERS = 20


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The build that pushed what runs, as the ledger knows it by now."""

    verdict: Verdict | None
    """Its verdict; None where it has none, or none any more that this version knows."""
    commit: str = ""
    is_certain: bool = False
    """Its source is a commit, and counted as one when it was judged."""
    tree: str = ""
    """The id of git's tree of the files that it was made from, where these were uploaded, and read."""
    is_open: bool = False
    """It is being judged, or judged again."""
    policy: str = ""
    """The digest of the policy by which it was judged."""
    exception: str = ""
    """In policy's words, why it is exempt."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A watched job, and what made the image that it runs."""

    job: JobRuns
    made_by: MadeBy | None
    """None where no build is known to have pushed it."""
    watched: WatchStatus | None = None
    """How it goes, where that is watched."""


@dataclass(frozen=True, slots=True)
class UnreadJob:
    """A job whose document this version can't read."""

    name: str
    why: str


def read_jobs(store: Store) -> list[JobRuns | UnreadJob]:
    """Return all jobs that the ledger knows, by name. Raise ServiceError."""
    return [_job(document) for document in _documents(store)]


def _documents(store: Store) -> Iterator[Document]:
    """Yield the documents by the jobs' names: each page begins with the last of the page before."""
    last = _FIRST
    while True:
        page = store.due(JOBS, _LAST, _PAGE, field="job", since=last, timeout=_SECONDS)
        yield from (stored.document for _, stored in page if stored.document["job"] != last)
        if len(page) < _PAGE:
            return
        last = page[-1][1].document["job"]


def _job(document: Document) -> JobRuns | UnreadJob:
    try:
        return parse_job(document)
    except Malformed as error:
        fix = "install the version that runs as the function, or a later one"
        return UnreadJob(str(document.get("job", "")), f"{error}; {fix}")


def chosen_jobs(jobs: Sequence[JobRuns | UnreadJob], place: str) -> list[JobRuns | UnreadJob]:
    """Return the jobs of this `REGION/JOB`, whatever their project; all where it is empty. Raise Malformed for none."""
    chosen = [job for job in jobs if not place or _resource(job).endswith(_ending(place))]
    if place and not chosen:
        known = ", ".join(sorted({_place(_resource(job)) for job in jobs})) or "none yet"
        raise Malformed(
            f"--job: expected a job that the ledger knows ({known}), got {place[:120]!r}; one is there once it is "
            "watched: a worker's job, or jobs under [watch] in the policy"
        )
    return chosen


def _resource(job: JobRuns | UnreadJob) -> str:
    return job.name if isinstance(job, UnreadJob) else job.job.resource


def _ending(place: str) -> str:
    region, _, job = place.partition("/")
    return f"/locations/{region}/jobs/{job}"


def _place(resource: str) -> str:
    parts = resource.split("/")
    return f"{parts[3]}/{parts[5]}" if len(parts) == 6 else resource


def job_of(jobs: Sequence[JobRuns | UnreadJob], name: JobName) -> JobRuns:
    """Return this very job. Raise Malformed where the ledger does not know it, or this version can't read it."""
    for job in jobs:
        if _resource(job) == name.resource:
            if isinstance(job, UnreadJob):
                raise Malformed(f"{name.resource}: {job.why}")
            return job
    raise Malformed(
        f"--job: expected a job that the ledger knows, got {name.resource}; without --function its "
        "executions are asked instead"
    )


def status_of(store: Store, job: JobRuns) -> JobStatus:
    """Return the job with the build that made what it runs, as the ledger has that by now. Raise ServiceError."""
    runs = job.now
    return JobStatus(job, made_by(store, runs), watched(store, job.job, runs.digest)) if runs else JobStatus(job, None)


def watched(store: Store, job: JobName, digest: str) -> WatchStatus | None:
    """Return how a digest goes in its job; None where that is not watched yet. Raise ServiceError."""
    stored = store.read(WATCHES, name_of_watch(job, digest), timeout=_SECONDS)
    if stored is None:
        return None
    errors = store.read(ERRORS, name_of(job), timeout=_SECONDS)
    try:
        kept = parse_watch(stored.document)
        book = parse_book(errors.document) if errors else ErrorBook()
    except Malformed:
        return None
    watch = kept.watch
    here = [error.identity for error in watch.errors]
    found = absent(book, digest=watch.digest, created=watch.since, unless=here)
    gone = tuple(error.name for error in found if error.state is ErrorState.GONE)
    return WatchStatus(watch, gone, kept.due if watch.ended is None else None)


def made_by(store: Store, runs: DigestRuns) -> MadeBy | None:
    """Return what the ledger knows of the build that pushed a digest; None where no build is known to have.

    The job's document says which build it is. What the build's own record says of its verdict is newer. Raise
    ServiceError.
    """
    if runs.tie is not Tie.BUILD:
        return None
    by_job = MadeBy(verdict_of(runs.verdict), runs.commit, is_certain=runs.verdict == Verdict.VERIFIED)
    try:
        key = BuildKey(*parse_build_name(runs.build))
    except Malformed:
        return by_job
    tree = tree_of(store.read(UPLOADS, key.digest, timeout=_SECONDS))
    stored = store.read(BUILDS, key.digest, timeout=_SECONDS)
    record = _record(stored)
    if record is None:
        return replace(by_job, tree=tree)
    if record.judgement is None:
        return replace(by_job, verdict=None, is_certain=False, is_open=True, tree=tree)
    return _judged(record.judgement, runs.commit, tree)


def maker_of(store: Store, digest: str) -> tuple[str, MadeBy] | None:
    """Return the build, by name, that pushed a digest: of several the one with the worst verdict; None for none.

    Raise ServiceError.
    """
    found = store.holders(BUILDS, "images", digest, _MOST_MAKERS, timeout=_SECONDS)
    records = [record for record in (_record(stored) for _, stored in found) if record]
    makers = [(record.key.name, _made_by_record(record)) for record in records]
    return min(makers, key=lambda maker: worst_first(maker[1].verdict), default=None)


def _made_by_record(record: Record) -> MadeBy:
    try:
        source = source_of(parse_build(record.build)) if record.build is not None else None
    except Malformed:
        source = None
    commit = source.sha if isinstance(source, Commit) else ""
    return _judged(record.judgement, commit, "") if record.judgement else MadeBy(None, commit, is_open=True)


def _judged(judgement: Judgement, commit: str, tree: str) -> MadeBy:
    finding = judgement.finding(Check.SOURCE_IS_A_COMMIT)
    certain = finding.outcome is Outcome.HOLDS if finding else judgement.verdict is Verdict.VERIFIED
    return MadeBy(judgement.verdict, commit, certain, tree, policy=judgement.policy, exception=exception_of(judgement))


def exception_of(judgement: Judgement) -> str:
    """Return the reason that policy gives for taking a build as it is; empty where it takes none."""
    if judgement.verdict is not Verdict.EXEMPT:
        return ""
    finding = judgement.finding(Check.SOURCE_IS_A_COMMIT)
    return finding.seen.removeprefix("exempt: ") if finding else "told in the audit trail: the record was cut since"


def _record(stored: Stored | None) -> Record | None:
    try:
        return parse_record(stored.document) if stored else None
    except Malformed:
        return None


def tree_of(stored: Stored | None) -> str:
    """Return the id of the tree that was read of an upload; empty where none was read."""
    found = stored.document.get("found") if stored else None
    upload = found.get("upload") if isinstance(found, Mapping) else None
    tree = upload.get("tree") if isinstance(upload, Mapping) else None
    return tree if isinstance(tree, str) and len(tree) <= _HEX else ""


def verdict_of(word: str) -> Verdict | None:
    """Return the verdict of this word; None for none, and for one that this version does not know."""
    return Verdict(word) if word in set(Verdict) else None
