"""A quota is leased in portions: never more than it allows in a minute, and verdicts go first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.controller.quota.portions import (
    MINUTE,
    SPAN,
    Leased,
    Portion,
    QuotaRule,
    Reader,
    Returned,
    closed,
    lease,
    leased_document,
    parse_leased,
    without,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SIXTY = QuotaRule(60)
SHARED = QuotaRule(60, kept=3)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def spent(*calls: int, reader: Reader = Reader.VERDICT) -> Leased:
    """Return what is written down after portions of so many calls that end a second after each other, from now on."""
    return Leased(tuple(Portion(at(second), one, reader) for second, one in enumerate(calls)))


def calls(answer: tuple[Leased, Portion] | datetime) -> int:
    assert isinstance(answer, tuple), answer
    return answer[1].calls


def test_a_portion_is_written_down_with_the_moment_until_which_it_lasts() -> None:
    portion = Portion(at(10), 10, Reader.VERDICT)
    assert lease(Leased(), SIXTY, Reader.VERDICT, 10, NOW) == (Leased((portion,)), portion)


@pytest.mark.parametrize(("used", "got"), [(0, 10), (50, 10), (51, 9), (59, 1)])
def test_no_more_is_leased_than_what_is_left(used: int, got: int) -> None:
    assert calls(lease(spent(used), SIXTY, Reader.VERDICT, 10, at(1))) == got


def test_where_nothing_is_left_the_oldest_portion_is_waited_for() -> None:
    assert lease(spent(1, 2, 57), SIXTY, Reader.VERDICT, 10, at(5)) == at(60)


def test_who_may_have_less_waits_for_as_many_portions_as_it_takes() -> None:
    assert lease(spent(1, 2, 57), SIXTY, Reader.OTHER, 10, at(5)) == at(60 + 2)


def test_portions_that_ended_more_than_a_minute_ago_are_forgotten() -> None:
    answer = lease(spent(30, 30), SIXTY, Reader.VERDICT, 10, at(60))
    assert isinstance(answer, tuple)
    assert [portion.until for portion in answer[0].portions] == [at(1), at(70)]


def test_more_than_the_quota_is_never_wanted() -> None:
    assert calls(lease(Leased(), QuotaRule(3), Reader.VERDICT, 10, NOW)) == 3


def test_the_others_leave_five_seconds_worth_to_verdicts() -> None:
    assert calls(lease(spent(50), SIXTY, Reader.OTHER, 10, at(1))) == 5
    assert lease(spent(55), SIXTY, Reader.OTHER, 10, at(1)) == at(60)
    assert calls(lease(spent(55), SIXTY, Reader.VERDICT, 10, at(1))) == 5


def test_who_is_last_leaves_half_of_the_quota_to_all_others() -> None:
    assert calls(lease(spent(20), SIXTY, Reader.LAST, 20, at(1))) == 10
    assert lease(spent(30), SIXTY, Reader.LAST, 10, at(1)) == at(60)
    assert calls(lease(spent(30), SIXTY, Reader.OTHER, 10, at(1))) == 10


def test_what_is_leased_last_is_written_down_as_one_of_the_others() -> None:
    answer = lease(Leased(), SIXTY, Reader.LAST, 3, NOW)
    assert isinstance(answer, tuple)
    assert answer[1].reader is Reader.OTHER
    assert parse_leased(leased_document(answer[0])) == answer[0]


def test_verdicts_leave_to_the_others_what_is_kept_for_them() -> None:
    assert calls(lease(spent(50), SHARED, Reader.VERDICT, 10, at(1))) == 7
    busy = spent(57)
    assert lease(busy, SHARED, Reader.VERDICT, 1, at(1)) == at(60)
    assert calls(lease(busy, SHARED, Reader.OTHER, 2, at(1))) == 2


def test_what_the_others_have_leased_is_not_kept_for_them_once_more() -> None:
    both = Leased((Portion(NOW, 54, Reader.VERDICT), Portion(NOW, 3, Reader.OTHER)))
    assert calls(lease(both, SHARED, Reader.VERDICT, 3, at(1))) == 3


HELD = Portion(at(1), 10, Reader.VERDICT)


def test_of_what_goes_back_the_calls_that_were_made_still_count_from_when_they_were() -> None:
    back = Returned((HELD,), 4, at(0.5))
    answer = lease(spent(50, 10), SIXTY, Reader.VERDICT, 10, at(5), back)
    assert isinstance(answer, tuple)
    told = [(portion.until, portion.calls) for portion in answer[0].portions]
    assert told == [(NOW, 50), (at(0.5), 4), (at(15), 6)]


def test_several_portions_go_back_together() -> None:
    assert without(spent(5, 10), Returned(spent(5, 10).portions, 0, NOW)) == Leased()


@pytest.mark.parametrize(
    "portions",
    [(replace(HELD, calls=9),), (replace(HELD, reader=Reader.OTHER),), (HELD, HELD), ()],
    ids=["other calls", "of others", "twice", "nothing"],
)
def test_what_is_not_written_down_does_not_go_back(portions: tuple[Portion, ...]) -> None:
    assert without(spent(50, 10), Returned(portions, 0, NOW)) == spent(50, 10)


def test_a_closed_quota_is_waited_for_and_then_open_again() -> None:
    shut = closed(Leased(), NOW, 90)
    assert lease(shut, SIXTY, Reader.VERDICT, 2, at(89)) == at(90)
    assert calls(lease(shut, SIXTY, Reader.VERDICT, 2, at(90))) == 2


def test_a_quota_is_not_opened_by_a_shorter_wait() -> None:
    assert closed(closed(Leased(), NOW, 90), at(1), 5).closed == at(90)


def test_a_lower_limit_that_the_service_told_of_counts_for_an_hour() -> None:
    told = closed(Leased(), NOW, 1, told=4)
    assert calls(lease(told, SIXTY, Reader.VERDICT, 10, at(2))) == 4
    assert calls(lease(told, SIXTY, Reader.VERDICT, 10, NOW + timedelta(hours=1))) == 10


def test_a_higher_limit_that_the_service_told_of_changes_nothing() -> None:
    assert calls(lease(closed(Leased(), NOW, 1, told=900), QuotaRule(4), Reader.VERDICT, 10, at(2))) == 4


@pytest.mark.parametrize(
    ("rule", "span", "worth"),
    [(SIXTY, 10, 10), (SIXTY, 2, 2), (QuotaRule(300), 10, 50), (QuotaRule(5), 2, 1), (QuotaRule(5), 10, 1)],
)
def test_a_span_is_worth_its_part_of_the_minute_and_one_call_at_least(rule: QuotaRule, span: int, worth: int) -> None:
    assert rule.worth(timedelta(seconds=span)) == worth


def test_what_is_written_down_is_read_again() -> None:
    leased = closed(Leased((Portion(NOW, 3, Reader.VERDICT), Portion(at(2), 1, Reader.OTHER))), at(3), 20, told=75)
    assert parse_leased(leased_document(leased)) == leased
    assert parse_leased(leased_document(Leased())) == Leased()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"portions": None},
        {**leased_document(Leased()), "portions": ["x"]},
        {**leased_document(Leased()), "told": "x"},
    ],
    ids=["empty", "no list", "no portion", "no number"],
)
def test_what_can_not_be_read_is_taken_for_nothing_leased(document: dict[str, object]) -> None:
    assert parse_leased(document) == Leased()


ASKS = st.lists(
    st.tuples(st.floats(0.0, 20.0), st.integers(1, 60), st.sampled_from(Reader), st.floats(0.0, 1.0)),
    min_size=1,
    max_size=60,
)
"""Pauses, what is wanted, by whom, and the share of it that is made when it ends."""


@given(ASKS, st.integers(1, 100), st.integers(0, 5))
def test_no_minute_has_more_calls_than_the_quota_and_what_is_refused_is_granted_when_it_is_said(
    asks: list[tuple[float, int, Reader, float]], per_minute: int, kept: int
) -> None:
    rule, leased, now = QuotaRule(per_minute, min(kept, per_minute // 20)), Leased(), NOW
    made: list[tuple[datetime, int]] = []
    held: Returned | None = None
    for pause, want, reader, share in asks:
        now += timedelta(seconds=pause)
        answer = lease(leased, rule, reader, want, now, held)
        if isinstance(answer, datetime):
            assert now < answer <= now + MINUTE + SPAN
            assert isinstance(lease(leased, rule, reader, want, answer, held), tuple)
            continue
        leased, portion = answer
        assert 1 <= portion.calls <= want
        last = now + SPAN * share
        made.append((last, portion.calls))
        held = Returned((portion,), portion.calls, last) if share < 0.5 else None  # one in two dies with it
        now = max(now, last)
    for first, _ in made:
        inside = [calls for moment, calls in made if first <= moment < first + MINUTE]
        assert sum(inside) <= per_minute
