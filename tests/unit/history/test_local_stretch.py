"""The longest stretch on local source, against a plain look at all builds at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from verifier.history.local_stretch import LocalStretch, Stretches

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(hours=1000)
HISTORIES = st.dictionaries(st.integers(0, 60), st.booleans(), max_size=25).map(
    lambda found: [(NOON + timedelta(hours=hour), local) for hour, local in sorted(found.items())]
)
History = list[tuple[datetime, bool]]


def longest(builds: History) -> LocalStretch | None:
    stretches = Stretches("worker")
    for moment, local in builds:
        assert stretches.add(moment, local=local)
    return stretches.longest(NOW)


def seconds_at_once(builds: History) -> float:
    """Return the rule, said plainly: from each local build to the next one that is not, or to now."""
    ends = [
        next((later for later, local_then in builds[number:] if not local_then), NOW) - moment
        for number, (moment, local) in enumerate(builds)
        if local
    ]
    return max((end.total_seconds() for end in ends), default=0.0)


@given(HISTORIES)
def test_either_order_of_time_gives_the_longest_stretch(builds: History) -> None:
    for ordered in (builds, builds[::-1]):
        found = longest(ordered)
        assert (found.seconds(NOW) if found else 0.0) == seconds_at_once(builds)


@given(HISTORIES, st.integers(0, 25))
def test_builds_that_come_from_the_middle_outwards_count_too(builds: History, middle: int) -> None:
    found = longest(builds[middle:] + builds[:middle][::-1])
    assert (found.seconds(NOW) if found else 0.0) == seconds_at_once(builds)


def test_a_stretch_begins_with_its_first_local_build_and_ends_with_the_next_other_one() -> None:
    hours = [NOON + timedelta(hours=hour) for hour in range(5)]
    kinds = (False, True, True, False, False)
    assert longest(list(zip(hours, kinds, strict=True))) == LocalStretch("worker", hours[1], hours[3])


def test_a_stretch_that_goes_on_has_no_end() -> None:
    assert longest([(NOON, True)]) == LocalStretch("worker", NOON, None)


def test_a_build_in_the_midst_of_others_is_refused_and_changes_nothing() -> None:
    stretches = Stretches("worker")
    stretches.add(NOON, local=True)
    stretches.add(NOON + timedelta(hours=2), local=True)
    assert not stretches.add(NOON + timedelta(hours=1), local=False)
    assert stretches.longest(NOW) == LocalStretch("worker", NOON, None)
