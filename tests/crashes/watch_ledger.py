"""What the ledger has of a watched job: put there as if days had gone by before, and read in the end."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.story.harness import IMAGE, JOB
from verifier.checks.known_errors import BookedDigest, ErrorBook
from verifier.checks.watch.watching import Watch
from verifier.controller.error_book import ERRORS, book_document, name_of, parse_book
from verifier.controller.runs.job_runs import RUNS
from verifier.controller.watch.watch_document import WATCHES, KeptWatch, name_of_watch, parse_watch, watch_document
from verifier.facts.logs import ALGORITHM
from verifier.services import Store
from verifier.times import show_time

RUNS_BEFORE = 12
_TIMEOUT = 10.0
_FOREVER = "9999"
_MOST = 9


def digest(number: int) -> str:
    """Return the digest that the build with this number pushes."""
    return f"sha256:{number:064x}"


def put_book(store: Store, number: int, now: datetime) -> None:
    """Let the book of the job's errors know runs of the digest with this number, and none of their errors."""
    ran = BookedDigest(1, digest(number), now - timedelta(days=3), RUNS_BEFORE)
    book = ErrorBook(algorithm=ALGORITHM, digests=(ran,))
    store.create(ERRORS, name_of(JOB), book_document(book, JOB, "before"), timeout=_TIMEOUT)


def put_watch(store: Store, watch: Watch, due: datetime | None = None) -> None:
    """Let there be this watch."""
    name = name_of_watch(JOB, watch.digest)
    store.create(WATCHES, name, watch_document(KeptWatch(watch, due=due)), timeout=_TIMEOUT)


def a_good_watch(number: int, build: str, since: datetime, runs: int) -> Watch:
    """Return a watch of a VERIFIED build whose runs all went well."""
    return Watch(
        JOB, digest(number), IMAGE, since, build, verdict="VERIFIED", runs=runs, read=runs, baseline=20, tail="S" * runs
    )


def due_of_watches(store: Store, now: datetime) -> list[str]:
    """Return when logs are to be read, and when watches are due about which something is to be done by now."""
    unread = store.due(RUNS, _FOREVER, _MOST, field="reading", timeout=_TIMEOUT)
    found = [stored.document for _, stored in store.due(WATCHES, _FOREVER, _MOST, timeout=_TIMEOUT)]
    begun = [watch["due"] for watch in found if _is_begun(parse_watch(watch), now)]
    return sorted([*(run.document["reading"] for _, run in unread), *begun])


def _is_begun(kept: KeptWatch, now: datetime) -> bool:
    return bool(kept.outbox or kept.wakes or kept.leased) or show_time(kept.due or now) <= show_time(now)


def watches_of(store: Store, builds: int) -> list[tuple[str, int, int]]:
    """Return the outcome of each watch, its runs, and how many of these were read, in the order of so many builds."""
    names = [name_of_watch(JOB, digest(number)) for number in range(1, builds + 1)]
    found = [store.read(WATCHES, name, timeout=_TIMEOUT) for name in names]
    watches = [parse_watch(stored.document).watch for stored in found if stored is not None]
    return [(str(watch.outcome), watch.runs, watch.read) for watch in watches]


def runs_in_book(store: Store) -> list[int]:
    """Return how many runs of each digest the book of the job's errors has, in the order in which they began."""
    stored = store.read(ERRORS, name_of(JOB), timeout=_TIMEOUT)
    return [ran.runs for ran in parse_book(stored.document).digests] if stored else []
