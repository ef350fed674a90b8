"""The line of the day is said once a day, when it is due, whatever dies or is away."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.controller.slack.test_channel_queue import WATCHED
from tests.unit.controller.test_day_count import GREEN, LOCAL, put
from tests.unit.controller.world import CHANNEL, LEASE, SOON, UNWATCHED, World, world
from verifier.checks.day import Daily
from verifier.checks.policy import Policy
from verifier.controller.budget import Budget
from verifier.controller.daily import MARK, tell_day
from verifier.controller.ledger import MARKS, LedgerContact
from verifier.controller.says import SAYINGS, name_of_saying
from verifier.controller.sweep import sweep
from verifier.errors import ServiceError, Stopping, Unavailable
from verifier.services import Document, Stored

__all__ = ["world"]

DAILY = Daily(time(9), ZoneInfo("Europe/Berlin"), "C0DAILY001")
POLICY = replace(UNWATCHED, daily=DAILY)
HOUR = timedelta(hours=1)
LOST, NO_ANSWER = Unavailable("no answer", ambiguous=True), Unavailable("no answer")


def swept(world: World, policy: Policy = POLICY) -> None:
    """Sweep as a new process would."""
    fresh = replace(world.deployment(policy), ledger=replace(world.ledger, contact=LedgerContact()))
    assert sweep(fresh, WATCHED, world.budget(), LEASE) is not None


def at(world: World, text: str, policy: Policy = POLICY) -> None:
    """Let it be this moment, in UTC, and sweep."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    world.clock.advance((moment - world.clock()).total_seconds())
    swept(world, policy)


def old(world: World) -> None:
    """Let the installation be older than its wish for a line."""
    put(world, 999, GREEN, world.clock() - 40 * 24 * HOUR)


def lines(world: World) -> list[str]:
    return [message.text for message in world.messages]


def test_at_nine_the_day_before_is_told_in_its_channel(world: World) -> None:
    swept(world)
    put(world, 1, GREEN, datetime(2026, 11, 23, 9, tzinfo=UTC))
    at(world, "2026-11-24T07:59:59")
    assert lines(world) == []
    at(world, "2026-11-24T08:00:00")
    assert lines(world) == ["Yesterday, Mon 23 Nov, since 03:23: 1 build, 1 right, 0 red, 0 open."]
    assert [message.channel for message in world.messages] == ["C0DAILY001"]


def test_of_a_day_on_which_nobody_looked_at_builds_nothing_is_said(world: World) -> None:
    swept(world)
    at(world, "2026-11-23T08:00:00")
    at(world, "2026-11-23T22:59:00")
    assert lines(world) == []


def test_where_it_is_switched_on_later_the_first_build_that_is_known_says_since_when(world: World) -> None:
    put(world, 1, GREEN, datetime(2026, 11, 22, 14, 10, tzinfo=UTC))
    swept(world)
    at(world, "2026-11-23T08:00:00")
    assert lines(world) == ["Yesterday, Sun 22 Nov, since 15:10: 1 build, 1 right, 0 red, 0 open."]


def test_without_a_channel_of_its_own_it_is_told_in_the_default_one_and_without_a_time_never(world: World) -> None:
    policies = [replace(POLICY, daily=replace(DAILY, channel="")), UNWATCHED]
    old(world)
    for policy in policies:
        swept(world, policy)
    for policy in policies:
        at(world, "2026-11-23T08:00:00", policy)
    assert [message.channel for message in world.messages] == [CHANNEL]


def test_it_is_told_once_a_day_however_often_it_is_looked_at(world: World) -> None:
    old(world)
    swept(world)
    for _ in range(3 * 24 * 4):
        world.clock.advance(900)
        swept(world)
    assert [line.partition(":")[0] for line in lines(world)] == [
        "Yesterday, Sun 22 Nov",
        "Yesterday, Mon 23 Nov",
        "Yesterday, Tue 24 Nov",
    ]
    assert len({message.key for message in world.messages}) == 3


def test_a_process_that_has_told_it_asks_the_ledger_nothing_until_the_next_is_due(world: World) -> None:
    store = Counting(world.store)
    world.store = store
    deployment = world.deployment(POLICY)
    tell_day(deployment, WATCHED, world.budget())
    world.clock.advance(6 * 3600)
    tell_day(deployment, WATCHED, world.budget())
    store.called.clear()
    for _ in range(23):
        world.clock.advance(3600)
        tell_day(deployment, WATCHED, world.budget())
    assert store.called == []
    world.clock.advance(3600)
    tell_day(deployment, WATCHED, world.budget())
    assert "read marks" in store.called


def test_a_sweep_that_has_no_time_left_to_count_leaves_it_to_the_next(world: World) -> None:
    old(world)
    swept(world)
    put(world, 1, GREEN, world.clock())
    world.clock.advance(30 * 3600)
    short = Budget(world.clock, world.clock() + timedelta(seconds=14))
    tell_day(world.deployment(POLICY), WATCHED, short)
    swept(world)
    assert lines(world) == ["Yesterday, Mon 23 Nov: 1 build, 1 right, 0 red, 0 open."]


@pytest.mark.parametrize(
    ("day", "since"),
    [("2027-03-28", date(2027, 3, 28)), ("2027-10-31", date(2027, 10, 31))],
    ids=["23 hours", "25 hours"],
)
def test_where_clocks_change_there_is_one_line_for_each_day_all_the_same(world: World, day: str, since: date) -> None:
    old(world)
    at(world, f"{since - timedelta(days=2)}T00:00:00")
    for hours in range(5 * 24):
        at(world, (datetime.fromisoformat(f"{since - timedelta(days=2)}T00:30:00") + hours * HOUR).isoformat())
    days = [since + timedelta(days=number) for number in range(-3, 2)]
    assert [f"{one:%a} {one.day} {one:%b}" for one in days] == [
        line.removeprefix("Yesterday, ").partition(":")[0] for line in lines(world)
    ]
    assert day == since.isoformat()


@pytest.mark.parametrize(
    ("back", "said"),
    [
        ("2026-11-24T14:10:00", ["Yesterday, Mon 23 Nov: no builds."]),
        ("2026-11-24T22:59:00", ["Yesterday, Mon 23 Nov: no builds."]),
        ("2026-11-24T23:01:00", ["Mon 23 Nov: no builds."]),
        ("2026-11-27T14:10:00", ["Yesterday, Thu 26 Nov: no builds."]),
    ],
)
def test_after_an_outage_there_is_one_line_about_the_latest_day_that_is_due(
    world: World, back: str, said: list[str]
) -> None:
    old(world)
    swept(world)
    at(world, "2026-11-23T08:00:00")
    world.messages.clear()
    at(world, back)
    swept(world)
    assert lines(world) == said


@dataclass
class Counting(DelegatingStore):
    """A store that notes what it is asked, and dies after a call."""

    called: list[str] = field(default_factory=list)
    dies_after: int = 0
    error: Exception | None = None

    def _noted(self, call: str, found: Stored | None) -> Stored | None:
        self.called.append(call)
        if self.error is not None and len(self.called) == self.dies_after:
            raise self.error
        return found

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        return self._noted(f"read {collection}", super().read(collection, name, timeout=timeout))

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        return self._noted(f"create {collection}", super().create(collection, name, document, timeout=timeout))

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        return self._noted(
            f"replace {collection}", super().replace(collection, name, document, revision, timeout=timeout)
        )


@pytest.mark.parametrize("error", [Stopping("asked to end"), LOST, NO_ANSWER], ids=["dies", "lost reply", "no answer"])
@pytest.mark.parametrize("dies_after", range(1, 7))
def test_whoever_dies_after_a_write_leaves_it_to_the_next_and_it_is_told_once(
    world: World, dies_after: int, error: Exception
) -> None:
    swept(world)
    put(world, 1, LOCAL, datetime(2026, 11, 23, 9, tzinfo=UTC))
    world.clock.advance((datetime(2026, 11, 24, 8, tzinfo=UTC) - world.clock()).total_seconds())
    whole = world.store
    dying = Counting(whole, dies_after=dies_after, error=error)
    world.store = dying
    with suppress(ServiceError, Stopping):
        tell_day(world.deployment(POLICY), WATCHED, world.budget())
    assert len(dying.called) >= dies_after
    world.store = whole
    for _ in range(4):
        world.clock.advance(60)
        swept(world)
    assert lines(world) == ["Yesterday, Mon 23 Nov, since 03:23: 1 build, 0 right, 1 red, 0 open."]


def test_a_line_that_may_have_been_posted_is_looked_for_before_it_is_posted_again(world: World) -> None:
    old(world)
    swept(world)
    world.posts, world.finds = [LOST], []
    at(world, "2026-11-23T08:00:00")
    for _ in range(3):
        world.clock.advance(60)
        swept(world)
    assert [message.key for message in world.looked_for] == [f"{MARK}/2026-11-22"]
    assert len(world.messages) == 1


def test_while_slack_is_away_for_hours_it_waits(world: World) -> None:
    old(world)
    swept(world)
    world.posts = [NO_ANSWER] * 4
    at(world, "2026-11-23T08:00:00")
    for _ in range(10):
        world.clock.advance(1800)
        swept(world)
    assert (world.posts, world.entries) == ([], [])
    assert lines(world) == ["Yesterday, Sun 22 Nov: no builds."]


def test_what_slack_does_not_take_for_a_day_is_in_the_audit_trail(world: World) -> None:
    old(world)
    swept(world)
    world.refusing = "C0DAILY001"
    at(world, "2026-11-23T08:00:00")
    at(world, "2026-11-24T08:01:00")
    for _ in range(3):
        world.clock.advance(900)
        swept(world)
    stored = world.store.read(SAYINGS, name_of_saying(f"{MARK}/2026-11-22"), timeout=SOON)
    assert stored is not None
    assert stored.document["why"] == "Slack did not take it for a day"
    assert [labels["kind"] for labels in world.entries] == ["undelivered"]


@pytest.mark.parametrize("moved", [time(7), time(11)], ids=["earlier", "later"])
def test_another_time_of_day_has_no_day_told_twice_or_left_out(world: World, moved: time) -> None:
    old(world)
    swept(world)
    at(world, "2026-11-23T08:00:00")
    policy = replace(POLICY, daily=replace(DAILY, at=moved))
    for hour in range(9, 24):
        at(world, f"2026-11-23T{hour:02}:00:00", policy)
    for hour in range(12):
        at(world, f"2026-11-24T{hour:02}:00:00", policy)
    assert [message.key for message in world.messages] == [f"{MARK}/2026-11-22", f"{MARK}/2026-11-23"]


def test_a_clock_that_jumps_back_has_no_day_told_again(world: World) -> None:
    old(world)
    swept(world)
    at(world, "2026-11-23T08:00:00")
    mark = world.store.read(MARKS, MARK, timeout=SOON)
    assert mark is not None
    told = {**mark.document, "told": "2026-11-30"}
    assert world.store.replace(MARKS, MARK, told, mark.revision, timeout=SOON)
    at(world, "2026-11-24T08:00:00")
    assert len(world.messages) == 1
