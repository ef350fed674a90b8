"""One quota, shared by instances: few writes, nobody above the limit, and a refusal closes it for all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.controller.world import NOW, World, world
from verifier.controller.ledger import MARKS
from verifier.controller.quota.held_calls import Api
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.portions import Reader, parse_leased
from verifier.controller.quota.quota import Quota
from verifier.errors import QuotaWait, RateLimited, Unavailable
from verifier.services import Document, Stored

__all__ = ["world"]

KEY = (Api.LOGGING, "vividly-dev")
NAME = "quota-logging-vividly-dev"


@dataclass
class CountingStore(DelegatingStore):
    """A store that counts what it is asked; and that is away, or overtaken, as it is told."""

    reads: int = 0
    writes: int = 0
    away: bool = False
    before_write: list[Callable[[], object]] = field(default_factory=list)
    """What somebody else does right before the next writes."""

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self._answer()
        self.reads += 1
        return super().read(collection, name, timeout=timeout)

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        self._answer()
        self._overtake()
        self.writes += 1
        return super().create(collection, name, document, timeout=timeout)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self._answer()
        self._overtake()
        self.writes += 1
        return super().replace(collection, name, document, revision, timeout=timeout)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("the ledger is away")

    def _overtake(self) -> None:
        if self.before_write:
            self.before_write.pop(0)()


@pytest.fixture
def store(world: World) -> CountingStore:
    counting = CountingStore(world.store)
    world.store = counting
    return counting


def instance(world: World, limit: int = 60, tell: Callable[..., object] = lambda *_, **__: None) -> Quota:
    return Quota(world, lambda *_: limit, tell)


def take(quota: Quota, reader: Reader = Reader.VERDICT, patience: float = 0.0) -> float | None:
    """Take one call. Return None, or the seconds until it is its turn."""
    try:
        quota.take(KEY, reader, timeout=4.0, patience=patience)
    except QuotaWait as error:
        return error.retry_after
    return None


def taken(quota: Quota, most: int, reader: Reader = Reader.VERDICT) -> int:
    """Return how many of so many calls are to be had at once."""
    return sum(take(quota, reader) is None for _ in range(most))


def test_a_hundred_reads_of_one_instance_take_few_writes(world: World, store: CountingStore) -> None:
    quota, waited = instance(world), 0.0
    for _ in range(100):
        while (seconds := take(quota)) is not None:
            world.clock.advance(seconds)
            waited += seconds
    assert 30 <= waited <= 70
    assert store.writes <= 16
    assert store.reads <= 2


def test_a_hundred_reads_under_a_larger_quota_wait_for_nothing(world: World, store: CountingStore) -> None:
    assert taken(instance(world, 300), 100) == 100
    assert store.writes <= 6


def test_no_instances_together_take_more_than_the_quota_in_a_minute(world: World, store: CountingStore) -> None:
    quotas = [instance(world) for _ in range(4)]
    in_turn = [sum(take(quota) is None for quota in quotas) for _ in range(60)]
    assert 50 <= sum(in_turn) <= 60
    for _ in range(50):
        world.clock.advance(1)
        assert sum(take(quota) is None for quota in quotas) <= 10
    world.clock.advance(10)
    assert 50 <= sum(sum(take(quota) is None for quota in quotas) for _ in range(60)) <= 60


def test_without_a_limit_nothing_is_asked_of_the_ledger(world: World, store: CountingStore) -> None:
    assert taken(instance(world, 0), 1_000) == 1_000
    assert (store.reads, store.writes) == (0, 0)


def test_each_project_that_pays_and_each_api_has_its_own(world: World) -> None:
    quota = instance(world, 1)
    for key in (KEY, (Api.LOGGING, "other"), (Api.BUILDS, "vividly-dev")):
        quota.take(key, Reader.VERDICT, timeout=4.0, patience=0.0)
    assert take(quota) is not None


def test_what_is_short_is_waited_for_and_what_is_long_is_told(world: World) -> None:
    quota = instance(world)
    while take(quota) is None:
        world.clock.advance(0.5)
    seconds = take(quota)
    assert seconds is not None
    began = world.clock()
    assert take(quota, patience=60.0) is None
    assert 0 < (world.clock() - began).total_seconds() <= 60


def test_those_who_wait_get_their_turn_one_after_the_other(world: World) -> None:
    quota = instance(world)
    assert taken(quota, 60) == 60
    turns = [take(quota) for _ in range(5)]
    assert turns == [60.0, 61.0, 62.0, 63.0, 64.0]


def test_what_is_left_of_a_portion_goes_back_with_the_next_one(world: World) -> None:
    quota = instance(world)
    for _ in range(3):
        assert take(quota) is None
        world.clock.advance(15)
    assert taken(quota, 60) == 57


def test_a_call_now_and_then_takes_one_write(world: World, store: CountingStore) -> None:
    quota = instance(world, 300)
    for _ in range(5):
        assert take(quota) is None
        world.clock.advance(15)
    assert (store.reads, store.writes) == (1, 5)


def test_a_refusal_closes_the_quota_for_all_for_as_long_as_the_service_asks(world: World) -> None:
    one, other = instance(world), instance(world)
    assert (take(one), take(other)) == (None, None)
    error = one.refused(KEY, Reader.VERDICT, RateLimited("too many", retry_after=90.0), timeout=4.0)
    assert error.retry_after == 90.0
    assert take(one) is not None
    world.clock.advance(10)  # the portion of the other one is over
    assert take(other) == 80.0
    world.clock.advance(79)
    assert take(other) is not None
    world.clock.advance(3)
    assert take(other) is None


def test_a_refusal_that_asks_for_nothing_closes_it_for_a_second_and_twice_as_long_if_that_was_too_short(
    world: World,
) -> None:
    quota = Quota(world, lambda *_: 0)

    def closed_for() -> float | None:
        return quota.refused(KEY, Reader.VERDICT, RateLimited("too many"), timeout=4.0).retry_after

    waits = []
    for _ in range(7):
        waits.append(closed_for())
        world.clock.advance(waits[-1] or 0.0)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]
    world.clock.advance(20)
    assert closed_for() == 1.0
    world.clock.advance(0.25)
    assert closed_for() == 0.75  # of another thread, while it is closed


def test_what_is_held_goes_back_when_the_service_refuses_a_call(world: World) -> None:
    one, other = instance(world), instance(world)
    assert take(one) is None
    one.refused(KEY, Reader.VERDICT, RateLimited("too many", retry_after=2.0), timeout=4.0)
    world.clock.advance(2)
    assert taken(other, 60) == 59


@pytest.mark.parametrize(("limit", "listings"), [(0, 0), (1, 1), (60, 53), (300, 263)])
def test_listings_can_count_on_a_little_less_than_the_quota(world: World, limit: int, listings: int) -> None:
    metered = MeteredServices(world, Quota(world, lambda *_: limit), lambda _: "orchard-home")
    assert metered.listings("orchard-prod") == ("orchard-home", listings)


def test_listings_count_on_no_more_than_the_service_told_of(world: World) -> None:
    quota = Quota(world, lambda *_: 300)
    key = (Api.BUILDS, "orchard-home")
    quota.refused(key, Reader.OTHER, RateLimited("60 a minute", retry_after=1.0, limit=60), timeout=4.0)
    world.clock.advance(2)
    quota.take(key, Reader.OTHER, timeout=4.0, patience=0.0)
    assert quota.for_others(key) == 53


def test_a_refusal_is_written_down_once_by_all_threads_that_meet_it(world: World, store: CountingStore) -> None:
    quota = instance(world)
    for _ in range(16):
        quota.refused(KEY, Reader.VERDICT, RateLimited("too many", retry_after=90.0), timeout=4.0)
    assert store.writes == 1


def test_the_limit_that_a_refusal_tells_of_is_heeded_by_all(world: World) -> None:
    instance(world, 300).refused(
        KEY, Reader.VERDICT, RateLimited("75 a minute", retry_after=1.0, limit=12), timeout=4.0
    )
    world.clock.advance(2)
    other = instance(world, 300)
    assert taken(other, 300) == 12


def test_a_portion_is_leased_even_if_others_write_meanwhile(world: World, store: CountingStore) -> None:
    one, other = instance(world), instance(world)
    store.before_write = [lambda: take(other)]
    assert take(one) is None
    stored = world.store.read(MARKS, NAME, timeout=5)
    assert stored is not None
    assert len(parse_leased(stored.document).portions) == 2


def test_where_the_ledger_is_away_calls_are_made_all_the_same(world: World, store: CountingStore) -> None:
    store.away = True
    assert taken(instance(world), 10) == 10


def test_a_listing_waits_where_a_verdict_is_read(world: World) -> None:
    quota = Quota(world, lambda *_: 60)
    assert taken(quota, 55) == 55
    assert take(quota, Reader.OTHER) is not None
    assert take(quota) is None


def test_people_are_told_once_a_minute(world: World) -> None:
    told: list[tuple[datetime, str]] = []
    quota = instance(world, 1, lambda message, **fields: told.append((world.clock(), f"{message} {fields}")))
    assert take(quota) is None
    for _ in range(90):
        take(quota)
        world.clock.advance(0.5)
    assert [moment for moment, _ in told] == [NOW]
    assert "1 calls of logging a minute, which vividly-dev pays for, are used up" in told[0][1]


def test_threads_take_no_more_than_there_is(world: World, store: CountingStore) -> None:
    quota, counts = instance(world, 100), list[int]()
    threads = [threading.Thread(target=lambda: counts.append(taken(quota, 30))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 80 <= sum(counts) <= 100
