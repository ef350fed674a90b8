"""The logs of runs of before a job was watched: read once, behind all else, so that "new" can be said from then on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.controller.runs.cloud_run import ARGUMENTS, BEGUN, JOB, known
from tests.unit.controller.watch.deployed import digest
from tests.unit.controller.watch.job_with_a_past import HOUR, NAME, JobWithAPast, a_job_with_a_past
from tests.unit.controller.world import NOW, SOON, World, world
from verifier.checks.known_errors import ErrorBook
from verifier.controller.error_book import ERRORS, book_document, name_of
from verifier.controller.runs.baselines import (
    BASELINES,
    Baseline,
    ReadingBack,
    baseline_document,
    parse_baseline,
)
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job
from verifier.controller.watch.read_back import GIVEN_UP_AFTER, LOOKS_BACK, MOST_QUESTIONS
from verifier.controller.work import WorkDone
from verifier.errors import Denied, Malformed, Missing, QuotaWait, RateLimited, Refused, ServiceError, Unavailable
from verifier.facts.execution import Completion, Container, JobName
from verifier.services import Document, Stored
from verifier.times import show_time

__all__ = ["world"]

DAY = timedelta(days=1)
LESSON, CLIP = "KeyError: 'lesson'", "ValueError: no clip"


@pytest.fixture
def past(world: World) -> JobWithAPast:
    """Return a job that is watched since a day, and was never worked on."""
    return a_job_with_a_past(world)


def test_what_ran_before_is_read_and_known_from_then_on(past: JobWithAPast) -> None:
    past.hours(20, "b", until=timedelta(0))
    past.hours(30, "a", CLIP, until=-20 * HOUR, first=20)
    past.asked()
    assert past.counted() == []
    assert past.minutes(3) == []
    assert past.counted() == [(digest("a"), 30), (digest("b"), 20)]
    assert past.names() == {CLIP: 30}
    assert past.book is not None
    [error] = past.book.errors
    assert (error.first, error.last) == (BEGUN - 50 * HOUR + HOUR / 60, BEGUN - 21 * HOUR + HOUR / 60)
    assert past.book.read_back == BEGUN
    assert (past.baseline.due, past.baseline.is_over) == (None, True)


def test_a_job_is_asked_for_once(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    assert known(past.world).read_back
    past.minutes(3)
    reads = past.logs.reads.total()
    past.world.clock.advance(3600)
    past.asked()
    assert past.minutes(3) == []
    assert past.logs.reads.total() == reads


def test_it_goes_after_verdicts_and_after_the_logs_of_runs_that_end(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    past.minutes(2)
    assert (past.logs.waited, past.logs.was_last) == ({True}, {True})


def test_what_was_written_later_is_not_asked_for(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    past.minutes(2)
    [asked] = past.logs.asked
    since, until = BEGUN - 9 * HOUR - HOUR / 60, BEGUN - HOUR + HOUR / 60 + timedelta(minutes=10)
    assert f'timestamp>="{show_time(since)}"\ntimestamp<="{show_time(until)}"\n' in asked


def test_30_days_of_a_busy_job_are_read_with_a_few_reads_a_minute(past: JobWithAPast) -> None:
    past.hours(40 * 24, "a", until=timedelta(0))
    past.asked()
    assert past.minutes(10) == []
    assert past.counted() == [(digest("a"), 29 * 24 - 1)]  # it is watched since a day and a minute
    assert past.logs.reads.total() == 7
    assert max(past.logs.reads.values()) <= 3
    assert past.jobs.called["describe"] <= 10


def test_runs_of_after_it_was_watched_are_left_to_their_windows(past: JobWithAPast) -> None:
    past.ran(1, "a", CLIP, at=HOUR)
    past.ran(2, "a", LESSON, at=-HOUR)
    past.asked()
    past.minutes(2)
    assert past.names() == {LESSON: 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"completion": Completion.UNKNOWN, "completed": None, "succeeded": 0},
        {"build": "projects/p/locations/l/builds/b"},
        {"containers": (Container("", f"image@{digest('a')}", ("--once",)),)},
        {"containers": (Container("", "image:latest", ARGUMENTS),)},
    ],
    ids=["goes on", "names a build", "other arguments", "no digest"],
)
def test_runs_that_would_not_count_do_not_here(past: JobWithAPast, changes: dict[str, object]) -> None:
    past.jobs.setup = replace(past.jobs.setup, updated=BEGUN - 30 * DAY)  # type: ignore[type-var]
    past.asked()
    past.hours(8, "a", CLIP)
    past.jobs.executions = {name: replace(one, **changes) for name, one in past.jobs.executions.items()}  # type: ignore[arg-type]
    past.minutes(2)
    assert past.book is None
    assert past.baseline.is_over


def test_runs_whose_logs_are_gone_are_in_no_baseline(past: JobWithAPast) -> None:
    for number in range(20):
        past.ran(number, "a", CLIP, at=-(number + 1) * HOUR, is_logged=number < 5)
    past.asked()
    past.minutes(2)
    assert past.counted() == [(digest("a"), 5)]


def test_where_nothing_could_be_read_there_is_no_book(past: JobWithAPast) -> None:
    past.ran(1, "a", is_logged=False)
    past.asked()
    past.minutes(2)
    assert (past.book, past.baseline.is_over) == (None, True)


def test_a_job_without_a_past_costs_one_listing(past: JobWithAPast) -> None:
    past.asked()
    past.jobs.world.called.clear()
    past.minutes(5)
    assert (past.jobs.world.called, past.logs.reads.total(), past.baseline.due) == (["listed"], 0, None)


def test_an_answer_that_is_too_long_is_asked_for_again_with_fewer_runs(past: JobWithAPast) -> None:
    past.hours(60, "a", CLIP)
    past.logs.page_size = 20
    past.asked()
    assert past.minutes(20) == []
    assert past.counted() == [(digest("a"), 60)]
    assert max(past.logs.reads.values()) <= 4


def test_where_each_runs_logs_are_long_the_newest_runs_are_enough(past: JobWithAPast) -> None:
    past.hours(60, "a", *(f"KeyError: 'k{'x' * number}'" for number in range(5)))
    past.logs.page_size = 2
    past.asked()
    assert past.minutes(60) == []
    assert past.baseline.is_over
    assert past.logs.reads.total() <= MOST_QUESTIONS * 4
    [(_, runs)] = past.counted()
    assert 30 <= runs <= MOST_QUESTIONS


def test_what_runs_had_meanwhile_comes_after_it(past: JobWithAPast) -> None:
    past.hours(9, "a", CLIP)
    past.asked()
    live = ErrorBook().with_run([], run="live-1", digest=digest("b"), created=BEGUN + HOUR, now=NOW)
    past.world.store.create(ERRORS, name_of(JOB), book_document(live, JOB, "n"), timeout=SOON)
    past.minutes(2)
    assert past.counted() == [(digest("a"), 9), (digest("b"), 1)]
    assert past.book is not None
    assert past.book.counted == ("live-1",)


def test_an_installation_that_has_read_runs_of_it_reads_nothing_back(past: JobWithAPast) -> None:
    past.hours(9, "a", CLIP)
    live = ErrorBook().with_run([], run="live-1", digest=digest("b"), created=BEGUN + HOUR, now=NOW)
    past.world.store.create(ERRORS, name_of(JOB), book_document(live, JOB, "n"), timeout=SOON)
    past.asked()
    assert past.world.store.read(BASELINES, NAME, timeout=SOON) is None
    assert known(past.world).read_back


def test_an_installation_that_knows_errors_of_builds_alone_reads_back(past: JobWithAPast) -> None:
    past.hours(9, "a", CLIP)
    of_builds = replace(ErrorBook(), beyond=3)
    past.world.store.create(ERRORS, name_of(JOB), book_document(of_builds, JOB, "n"), timeout=SOON)
    past.asked()
    past.minutes(2)
    assert past.counted() == [(digest("a"), 9)]
    assert past.book is not None
    assert past.book.beyond == 3


def test_a_job_that_cannot_be_seen_is_asked_for_when_it_can(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.jobs.trouble["listed"] = Denied("no", fix="needs run.executions.list")
    past.do("job", name_of_job(JOB))
    assert not known(past.world).read_back
    past.jobs.trouble.clear()
    past.world.clock.advance(3600)
    past.asked()
    past.minutes(2)
    assert past.counted() == [(digest("a"), 9)]


@pytest.mark.parametrize("error", [QuotaWait("used up", retry_after=7.0), RateLimited("slow down", retry_after=600.0)])
def test_a_quota_that_is_used_up_is_waited_for_without_a_word(past: JobWithAPast, error: RateLimited) -> None:
    past.hours(9, "a")
    past.asked()
    past.logs.trouble = error
    assert past.minutes(1) == []
    waits = max(timedelta(minutes=2), timedelta(seconds=error.retry_after or 0))
    assert past.baseline.due == past.world.clock() + waits
    past.world.clock.advance(2 * DAY.total_seconds())
    assert past.minutes(1) == []
    past.logs.trouble = None
    past.minutes(11)
    assert past.counted() == [(digest("a"), 9)]


def test_a_permission_that_is_missing_is_said_once_and_waited_for(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    past.logs.trouble = Denied("no", fix="needs logging.logEntries.list")
    [said] = past.minutes(600)
    assert said.startswith("logs of before of job us-central1/dev-vividly-content-worker of vividly-dev: ")
    assert past.logs.reads.total() <= 16
    past.logs.trouble = None
    past.minutes(61)
    assert past.counted() == [(digest("a"), 9)]


def test_after_a_day_what_was_read_until_then_is_handed_over(past: JobWithAPast) -> None:
    past.hours(250, "a", CLIP)
    past.asked()
    past.jobs.page_size = 10
    past.minutes(1)
    assert past.baseline.at is not None
    read = sum(ran.runs for ran in past.baseline.at.book.digests)
    past.logs.trouble = Unavailable("down")
    assert len(past.minutes(round((GIVEN_UP_AFTER + HOUR) / HOUR * 60))) == 1
    assert past.counted() == [(digest("a"), read)]
    assert 0 < read < 250
    assert past.baseline.is_over


def test_a_book_that_a_later_version_wrote_keeps_no_other_job_waiting(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    later = {**book_document(ErrorBook(), JOB, "n"), "version": 2}
    past.world.store.create(ERRORS, name_of(JOB), later, timeout=SOON)
    [said] = past.minutes(round((GIVEN_UP_AFTER + 2 * HOUR) / HOUR * 60))
    assert said.endswith("expected errors of version 1, got version 2")
    stored = past.world.store.read(ERRORS, name_of(JOB), timeout=SOON)
    assert stored is not None
    assert (stored.document, past.baseline.is_over) == (later, True)


@dataclass
class Crowded(DelegatingStore):
    """A store in which another invocation always was faster with the baseline."""

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return None if collection == BASELINES else super().create(collection, name, document, timeout=timeout)


def test_where_many_ask_at_once_who_is_not_heard_asks_at_the_next_look(past: JobWithAPast) -> None:
    past.hours(9, "a")
    inner = past.world.store
    past.world.store = Crowded(inner)
    past.asked()
    assert not known(past.world).read_back
    past.world.store = inner
    past.world.clock.advance(3600)
    past.asked()
    past.minutes(2)
    assert past.counted() == [(digest("a"), 9)]


def test_a_job_that_is_gone_is_left_after_some_minutes_with_what_was_read(past: JobWithAPast) -> None:
    past.hours(250, "a")
    past.asked()
    past.jobs.page_size = 10
    past.minutes(1)
    past.jobs.setup = Missing("there is no such job")
    assert past.minutes(20) == []
    assert past.baseline.is_over
    assert past.counted() == [(digest("a"), 30)]


def test_a_page_token_that_is_not_taken_any_more_begins_the_list_again_and_counts_nothing_twice(
    past: JobWithAPast,
) -> None:
    past.jobs.page_size = 10
    past.hours(100, "a", CLIP)
    past.asked()
    past.minutes(1)
    stored = past.world.store.read(BASELINES, NAME, timeout=SOON)
    assert stored is not None
    at = past.baseline.at
    assert at is not None
    assert at.page
    stale = replace(past.baseline, at=replace(at, page="stale"))
    past.world.store.replace(BASELINES, NAME, baseline_document(stale), stored.revision, timeout=SOON)
    past.minutes(20)
    assert past.counted() == [(digest("a"), 100)]


def test_a_job_that_is_gone_or_not_watched_any_more_keeps_no_other_waiting(past: JobWithAPast) -> None:
    other = replace(JOB, job="another")
    past.hours(9, "a")
    past.asked()
    stored = past.world.store.read(BASELINES, NAME, timeout=SOON)
    assert stored is not None
    gone = Baseline(JOB.project, (replace(JOB, job="gone"), other, JOB), due=NOW)
    past.world.store.replace(BASELINES, NAME, baseline_document(gone), stored.revision, timeout=SOON)
    begun = replace(known(past.world), job=other)
    past.world.store.create(JOBS, name_of_job(other), job_document(begun), timeout=SOON)
    past.minutes(2)
    assert past.counted() == [(digest("a"), 9)]
    assert past.baseline.is_over


def test_another_invocation_that_has_it_is_left_to_it(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    inner = past.world.store
    past.world.store = Meanwhile(inner, lambda: _touched(past))
    past.world.clock.advance(60)
    assert past.work().ignored == "another invocation was faster"
    assert past.logs.reads.total() == 0


def test_a_job_that_is_put_there_meanwhile_waits_its_turn(past: JobWithAPast) -> None:
    past.hours(9, "a")
    past.asked()
    inner = past.world.store
    past.world.store = Meanwhile(inner, lambda: _waits(past, replace(JOB, job="another")), skip=1)
    past.world.clock.advance(60)
    assert past.work() == WorkDone(labels={"project": JOB.project, "location": JOB.location})
    past.world.store = inner
    past.minutes(2)
    assert past.counted() == [(digest("a"), 9)]
    assert past.baseline.is_over


class Meanwhile(DelegatingStore):
    """A store in which another invocation writes right before a write of the baseline."""

    def __init__(self, inner: object, others: Callable[[], None], skip: int = 0) -> None:
        super().__init__(inner)  # type: ignore[arg-type]
        self.others, self.skip = others, skip

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        if collection == BASELINES:
            self.skip -= 1
            if self.skip == -1:
                self.others()
        return super().replace(collection, name, document, revision, timeout=timeout)


def _rewritten(past: JobWithAPast, change: Callable[[Baseline], Baseline]) -> None:
    store = past.world.store
    assert isinstance(store, Meanwhile)
    stored = store.inner.read(BASELINES, NAME, timeout=SOON)
    assert stored is not None
    document = baseline_document(change(parse_baseline(stored.document)))
    store.inner.replace(BASELINES, NAME, document, stored.revision, timeout=SOON)


def _touched(past: JobWithAPast) -> None:
    _rewritten(past, lambda one: replace(one, due=past.world.clock() + HOUR))


def _waits(past: JobWithAPast, job: JobName) -> None:
    _rewritten(past, lambda one: one.with_waiting(job, past.world.clock()))


class Dying(DelegatingStore):
    """A store of which one write goes wrong: it is not made, or it is made and nobody hears of it."""

    def __init__(self, inner: object, at: int, *, lands: bool) -> None:
        super().__init__(inner)  # type: ignore[arg-type]
        self.left, self.lands = at, lands

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self._write(lambda: super(Dying, self).create(collection, name, document, timeout=timeout))

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._write(lambda: super(Dying, self).replace(collection, name, document, revision, timeout=timeout))

    def _write(self, write: Callable[[], Stored | None]) -> Stored | None:
        self.left -= 1
        if self.left != 0:
            return write()
        if self.lands:
            write()
        raise Unavailable("the ledger does not answer", ambiguous=True)


@pytest.mark.parametrize("lands", [False, True], ids=["not made", "made"])
@pytest.mark.parametrize("at", range(1, 16))
def test_whatever_write_goes_wrong_each_run_is_counted_once(past: JobWithAPast, at: int, lands: bool) -> None:
    past.hours(150, "b", LESSON)
    past.hours(90, "a", CLIP, until=-150 * HOUR, first=150)
    past.world.store = store = Dying(past.world.store, at, lands=lands)
    for _ in range(30):
        past.do("job", name_of_job(JOB))
        past.work()
        past.world.clock.advance(400)
    assert store.left < 0, "there are fewer writes than that"
    assert past.counted() == [(digest("a"), 90), (digest("b"), 150)]
    assert past.names() == {CLIP: 90, LESSON: 150}
    assert past.baseline.is_over


READING = ReadingBack(JOB, NOW - LOOKS_BACK, BEGUN, NOW, "page", "mark", 25, 3, 1, "down")


@pytest.mark.parametrize("at", [None, replace(READING, book=ErrorBook(beyond=1, algorithm=ErrorBook().algorithm))])
def test_what_was_kept_is_read_as_it_was(at: ReadingBack | None) -> None:
    from verifier.facts.logs import ALGORITHM

    kept = Baseline("p", (JOB,), replace(at, book=replace(at.book, algorithm=ALGORITHM)) if at else None, NOW)
    assert parse_baseline(baseline_document(kept)) == kept


@pytest.mark.parametrize("changes", [{"version": 2}, {"at": "{"}, {"waiting": None}, {"due": "soon"}])
def test_what_is_no_such_document_is_not_written_over(past: JobWithAPast, changes: dict[str, object]) -> None:
    document = {**baseline_document(Baseline(JOB.project, (JOB,), due=NOW)), **changes}
    with pytest.raises(Malformed):
        parse_baseline(document)


def test_what_a_later_version_wrote_is_put_off(past: JobWithAPast) -> None:
    document = {**baseline_document(Baseline(JOB.project, (JOB,), due=NOW)), "version": 2}
    past.world.store.create(BASELINES, NAME, document, timeout=SOON)
    assert past.work().trouble
    stored = past.world.store.read(BASELINES, NAME, timeout=SOON)
    assert stored is not None
    assert stored.document == {**document, "due": show_time(NOW + HOUR)}


def test_a_job_that_a_later_version_wrote_keeps_no_other_waiting(past: JobWithAPast) -> None:
    newer, store = replace(JOB, job="newer"), past.world.store
    past.hours(9, "a")
    past.asked()
    stored = store.read(BASELINES, NAME, timeout=SOON)
    assert stored is not None
    both = baseline_document(Baseline(JOB.project, (newer, JOB), due=NOW))
    store.replace(BASELINES, NAME, both, stored.revision, timeout=SOON)
    later = {**job_document(replace(known(past.world), job=newer)), "version": 2}
    store.create(JOBS, name_of_job(newer), later, timeout=SOON)
    assert past.minutes(4) == []
    assert past.counted() == [(digest("a"), 9)]
    assert past.baseline.is_over


@pytest.mark.parametrize("error", [Refused("no such page"), Unavailable("down")])
def test_a_listing_that_fails_is_made_again(past: JobWithAPast, error: ServiceError) -> None:
    past.hours(9, "a")
    past.asked()
    past.jobs.trouble["listed"] = error
    assert len(past.minutes(3)) == 1
    past.jobs.trouble.clear()
    past.minutes(6)
    assert past.counted() == [(digest("a"), 9)]
