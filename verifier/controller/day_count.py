"""What a day was, counted in the ledger: its builds by when their records were made, its runs by when they ended.

Each question is about one field and a page long. Where there is more than is looked at, or no time is left, the counts
say that they are not whole; nothing is estimated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.checks.day import BuildsOfDay, CalendarDay, CodeRun, JobsAndRuns, RunsOfDay
from verifier.checks.job_runs import DigestRuns, JobRuns
from verifier.checks.run_count import KEPT_FOR
from verifier.checks.verdict import Verdict
from verifier.checks.watch.watching import WatchOutcome
from verifier.config import Watched
from verifier.controller.budget import KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, Record, State, parse_record
from verifier.controller.ledger_scan import LedgerRange, LedgerScan
from verifier.controller.runs.job_runs import JOBS, RUNS, parse_job
from verifier.controller.runs.job_work import is_wanted
from verifier.controller.watch.watch_document import WATCHES, name_of_watch
from verifier.errors import Malformed
from verifier.facts.build import parse_build
from verifier.facts.run import RunKind
from verifier.reporting.note_text import RUNS as RUNS_NOTE
from verifier.reporting.note_text import over_note
from verifier.services import Document, Store
from verifier.times import show_time

MOST = 10_000
"""Documents of a kind that are counted of one day."""
MOST_REDS = 50
"""Red builds of a day of which it is asked whether they are over."""

_JOBS = ("projects/", "projects/~")
_OF_BUILDS = (BUILDS, "created", ("state", "judgement", "verified"))
_OF_RUNS = (RUNS, "expires", ("job", "digest", "kind"))
_OF_JOBS = (JOBS, "job", ("version", "begun", "digests", "starts", "problem", "page", "generation"))
COUNTED = (_OF_BUILDS, _OF_RUNS, _OF_JOBS)
"""What is asked for, by collection: by which field, and what is wanted of a document."""
_RED = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})


@dataclass(frozen=True, slots=True)
class RedBuild:
    """A red build of the day."""

    name: str
    """Of its record."""
    decided: str


def builds_of(day: CalendarDay, store: Store, now: datetime, budget: Budget) -> BuildsOfDay:
    """Return what became of the builds of this day by now. Raises ServiceError.

    Where one was red, it is gone on to now, past the end of the day: it may have been built right since.
    """
    until, counts = show_time(day.until), Counter[str]()
    reds: list[RedBuild] = []
    good: dict[str, str] = {}
    is_of_day = True
    scan = LedgerScan(store, budget, LedgerRange(_OF_BUILDS, show_time(day.since), show_time(now)), MOST)
    for name, record in scan:
        is_of_day = record["created"] < until
        if not (is_of_day or reds):
            break
        verdict, decided = _verdict_of(record)
        if verdict == Verdict.VERIFIED:
            for image in record.get("verified") or ():
                good[_without_day(image)] = max(decided, good.get(_without_day(image), ""))
        if not is_of_day or record.get("state") == State.UNCONFIRMED:
            continue
        counts[verdict] += 1
        if verdict in _RED:
            reds.append(RedBuild(name, decided))
    return BuildsOfDay(
        right=counts[Verdict.VERIFIED],
        red=len(reds),
        over=sum(_is_over(red, good, store, budget) for red in reds[:MOST_REDS]),
        exempt=counts[Verdict.EXEMPT],
        unbuilt=counts[_UNBUILT],
        open=counts[Verdict.INCONCLUSIVE] + counts[_OPEN],
        is_whole=not (scan.is_cut and is_of_day),
    )


_UNBUILT, _OPEN = "unbuilt", "open"


def _verdict_of(record: Document) -> tuple[str, str]:
    """Return the verdict of a record and when it was decided; words of our own for none."""
    judgement = record.get("judgement")
    if not isinstance(judgement, Mapping):
        return _OPEN, ""
    verdict, decided = judgement.get("verdict"), str(judgement.get("decided", ""))
    if verdict is None:
        return _UNBUILT, decided
    return (verdict if verdict in set(Verdict) else _OPEN), decided


def _without_day(verified: Any) -> str:
    return str(verified).rpartition(" ")[0]


def _is_over(red: RedBuild, good: Mapping[str, str], store: Store, budget: Budget) -> bool:
    """Return whether a red build is known to be over: it runs no more, or all that it pushed was built right since.

    `good`: images, and when they were VERIFIED last. Raises ServiceError.
    """
    stored = store.read(BUILDS, red.name, timeout=budget.seconds(LEDGER_SECONDS))
    try:
        record = parse_record(stored.document) if stored else None
        images = _images(record) if record else frozenset()
    except Malformed:
        return False
    notes = record.notes if record else ()
    if any(note.get("kind") == RUNS_NOTE and not note.get("until") for note in notes):
        return False
    if over_note(notes):
        return True
    return bool(images) and all(good.get(image, "") > red.decided for image in images)


def _images(record: Record) -> frozenset[str]:
    return frozenset(image.untagged for image in parse_build(record.build).images) if record.build else frozenset()


def runs_of(day: CalendarDay, deployment: Deployment, watched: Watched, budget: Budget) -> RunsOfDay | None:
    """Return what watched jobs ran on this day; None where no job is watched. Raises ServiceError."""
    if not deployment.policy.watched_jobs:
        return None
    store = deployment.services.store
    since, until = (show_time(moment + KEPT_FOR) for moment in (day.since, day.until))
    ended = LedgerScan(store, budget, LedgerRange(_OF_RUNS, since, until), MOST)
    ran: dict[str, Counter[str]] = {}
    for _, run in ended:
        if run["expires"] < until and run.get("kind") != RunKind.TRIAL:
            ran.setdefault(str(run.get("job")), Counter())[str(run.get("digest") or "")] += 1
    tally = _Tally(day, store, budget)
    known = LedgerScan(store, budget, LedgerRange(_OF_JOBS, *_JOBS), MOST)
    for _, document in known:
        try:
            job = parse_job(document)
        except Malformed:
            tally.unseen += 1
            continue
        if is_wanted(job.job, deployment, watched):
            tally.add(job, ran.get(job.job.resource, Counter()))
    return tally.counted(is_whole=not (ended.is_cut or known.is_cut))


class _Tally:
    """Jobs and runs by what code they ran."""

    def __init__(self, day: CalendarDay, store: Store, budget: Budget) -> None:
        self._day, self._store, self._budget = day, store, budget
        self._jobs, self._runs = Counter[CodeRun](), Counter[CodeRun]()
        self._regressed = self._partly = self.unseen = 0
        self._is_cut = False

    def add(self, job: JobRuns, ran: Mapping[str, int]) -> None:
        """Count a job with how often it ran each digest. Raises ServiceError."""
        # A job that never was has no generation: policy may name it for every project.
        self.unseen += bool((job.problem or job.page) and (job.generation is not None or job.digests))
        by_code = Counter[CodeRun]()
        for digest, runs in ran.items():
            by_code[code_run(job.of(digest))] += runs
            self._regressed += bool(digest) and self._is_regressed(job, digest)
        self._jobs.update(by_code.keys())
        self._runs.update(by_code)
        self._partly += bool(ran) and job.begun > self._day.since

    def counted(self, *, is_whole: bool) -> RunsOfDay:
        """Return what was counted."""
        by_code = tuple((code, JobsAndRuns(self._jobs[code], self._runs[code])) for code in CodeRun if self._jobs[code])
        return RunsOfDay(by_code, self._regressed, self._partly, self.unseen, is_whole and not self._is_cut)

    def _is_regressed(self, job: JobRuns, digest: str) -> bool:
        if not self._budget.has(KEEP_SECONDS):
            self._is_cut = True
            return False
        timeout = self._budget.seconds(LEDGER_SECONDS)
        stored = self._store.read(WATCHES, name_of_watch(job.job, digest), timeout=timeout)
        return stored is not None and stored.document.get("outcome") == WatchOutcome.REGRESSED


def code_run(runs: DigestRuns | None) -> CodeRun:
    """Return what a job ran, by what is known of the build that pushed it."""
    match runs.verdict if runs else "":
        case Verdict.VERIFIED:
            return CodeRun.VERIFIED
        case Verdict.EXEMPT:
            return CodeRun.EXEMPT
        case Verdict.LOCAL_SOURCE | Verdict.FAILED:
            return CodeRun.RED
        case _:
            return CodeRun.UNKNOWN
