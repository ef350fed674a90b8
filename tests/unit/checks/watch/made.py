"""A job of the tests' own, its runs, errors and watches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch.book import compared, runs_read_before
from verifier.checks.watch.chances import RunCounts
from verifier.checks.watch.counting import ReadRun, WatchedBuild, begun, counted
from verifier.checks.watch.watching import Hour, Watch
from verifier.facts.execution import JobName
from verifier.facts.logs import Folded, Repeated
from verifier.facts.run import RunOutcome

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
START = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)
REPOSITORY = "us-docker.pkg.dev/vividly-dev/images/content-worker"
HOUR = timedelta(hours=1)


def digest(name: str) -> str:
    return f"sha256:{name * 64}"[:71]


def error(identity: str, *follow_ups: str, accepted: str = "", name: str = "", count: int = 1) -> Repeated:
    folded = tuple(Folded(one, one, 1) for one in follow_ups)
    shown = name or f"KeyError: {identity}"
    return Repeated(
        shown, count, START, "0", "text", identity, rule="severity", level="ERROR", folded=folded, accepted=accepted
    )


CRASH, OTHER = error("crash"), error("other")


def book_after(*spans: tuple[str, int, dict[str, int]], book: ErrorBook | None = None) -> ErrorBook:
    """Return the book after digests, each with so many runs, and each error in so many of them."""
    book, at = book or ErrorBook(), START - timedelta(days=9)
    for number, (name, runs, errors) in enumerate(spans):
        since = at + timedelta(days=number)
        for run in range(runs):
            moment = since + timedelta(minutes=run)
            had = [error(identity) for identity, count in errors.items() if run < count]
            book = book.with_run(had, run=f"{name}-{number}-{run}", digest=digest(name), created=moment, now=moment)
    return book


def watch(**fields: object) -> Watch:
    """Return the watch of a build that took another one's place."""
    usual: dict[str, object] = {"build": "projects/p/locations/l/builds/b", "commit": "85cffd8" * 5, "baseline": 96}
    made: Watch = replace(Watch(JOB, digest("b"), REPOSITORY, START), **{**usual, **fields})  # type: ignore[arg-type]
    return made


def run(
    number: int, *errors: Repeated, failed: bool = False, book: ErrorBook | None = None, **fields: object
) -> ReadRun:
    """Return the run with this number of a job that runs every half an hour."""
    created = START + number * timedelta(minutes=30)
    standings = compared(book or BASELINE, errors, digest=digest("b"), created=created)
    outcome = RunOutcome.FAILED if failed else RunOutcome.SUCCEEDED
    made = ReadRun(f"run-{number}", created, created + timedelta(minutes=5), outcome, tuple(errors), standings)
    return replace(made, **fields)  # type: ignore[arg-type]


def after(one: Watch, *runs: ReadRun) -> Watch:
    for each in runs:
        one = counted(one, each)
    return one


def quiet(one: Watch, count: int, first: int = 0) -> Watch:
    """Return the watch after so many runs of which nothing is to be said."""
    return after(one, *(run(first + number) for number in range(count)))


def hours_before(runs: int, failed: int, days: int = 14) -> tuple[Hour, ...]:
    """Return hours with so many runs and failures on each day before."""
    return tuple(Hour(START - timedelta(days=day, hours=-1), RunCounts(runs, failed)) for day in range(days, 0, -1))


def successor(
    previous: Watch | None, name: str = "c", verdict: str = "VERIFIED", *, rare: bool = False, ran_before: bool = False
) -> Watch:
    build = WatchedBuild(f"projects/p/locations/l/builds/{name}", name * 40, verdict, f"{REPOSITORY}:latest")
    since = START + timedelta(days=1)
    return begun(
        JOB,
        digest(name),
        REPOSITORY,
        since,
        previous=previous,
        build=build,
        baseline=8,
        rare=rare,
        ran_before=ran_before,
    )


BASELINE = book_after(("a", 96, {"known": 48}))
assert runs_read_before(BASELINE, digest("b"), START) == 96
