"""No project's or region's trouble keeps others waiting, and no sweep says that all is listed where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tests.scale.effort import Size
from tests.scale.goals import GoalRow, minutes
from tests.scale.listing import SETTLED_SECONDS, longest_gap
from tests.scale.load_model import SOURCE_ONLY, LoadModel, places_of
from tests.simulation.kernel import BEGINNING
from verifier.controller.ledger import BUILDS, Record, claimed, record_document
from verifier.controller.quota.held_calls import Api
from verifier.facts.build import BuildKey

_SOON = 120.0
_CRASHED = 5
_DENIED_SINCE = timedelta(hours=2)
_MOST_GAP = 600.0
_HANGING = "region-1"


def measure(size: Size) -> Iterator[GoalRow]:
    """Play a project in which nothing may be read, a region that hangs, and more places than can be listed."""
    yield _beside_denied(size)
    yield from _beside_hanging(size)
    yield _too_few_lists(size)


def _beside_denied(size: Size) -> GoalRow:
    model = LoadModel(places=places_of(3, 1))
    model.install()
    good, _, bad = model.places
    model.services.builds.denied = frozenset({bad.project})
    now, store = model.kernel.clock(), model.services.store
    for number in range(size.denied):
        key = BuildKey(bad.project, bad.region, f"denied-{number}")
        store.put(
            BUILDS, key.digest, record_document(Record(key, created=now - _DENIED_SINCE, due=now, announced=True))
        )
    made = []
    for number in range(1, _CRASHED + 1):
        due = model.kernel.seconds + 40.0 + 130.0 * (number - 1)
        one = model.build(number, due, trigger=SOURCE_ONLY, place=good, announced=False)
        until = BEGINNING + timedelta(seconds=due)
        record = claimed(Record(one.key, created=now, announced=True), "of a process that is gone", now, until - now)
        store.put(BUILDS, one.key.digest, record_document(record))
        made.append(one)
    model.sweep_until(model.kernel.seconds + 1200.0)
    model.kernel.run(model.kernel.seconds + 1200.0)
    worst = model.delays(made)[-1]
    return GoalRow(
        f"a good project's crashed record beside {size.denied:,} denied ones",
        "> 40 min",
        f"≤ {minutes(_SOON)}",
        minutes(worst),
        worst <= _SOON,
    )


def _beside_hanging(size: Size) -> Iterator[GoalRow]:
    model = LoadModel(places=places_of(max(size.projects // 4, 4), size.regions))
    model.calls.hangs = lambda _, location: location == _HANGING
    until = SETTLED_SECONDS + size.listed_seconds
    healthy = [place for place in model.places if place.region != _HANGING]
    made = [
        model.build(
            number,
            SETTLED_SECONDS + 10.0 * number,
            trigger=SOURCE_ONLY,
            place=healthy[number % len(healthy)],
        )
        for number in range(1, int(size.listed_seconds / 20.0))
    ]
    model.sweep_until(until)
    model.kernel.run(until)
    gap = max(longest_gap(model.listings[place.project, place.region], until) for place in healthy)
    starved = sum(not model.listings[place.project, place.region] for place in healthy)
    yield GoalRow(
        f"a region hangs: longest time between two listings of {len(healthy)} healthy places",
        "288 of 400 starved for 2 h",
        f"≤ {minutes(_MOST_GAP)}",
        f"{minutes(gap)}, {starved} starved",
        gap <= _MOST_GAP,
    )
    worst = model.delays(made)[-1]
    yield GoalRow(
        "a region hangs: a healthy project's build judged within",
        "–",
        "≤ 1.0 min",
        minutes(worst),
        worst <= 60.0,
    )
    said = model.false_completions()
    yield GoalRow("a region hangs: sweeps that say completed while a place is late", "all", "0", str(said), said == 0)


def _too_few_lists(size: Size) -> GoalRow:
    places = places_of(max(size.projects // 2, 4), size.regions)
    lists = max(len(places) // 20, 1)
    model = LoadModel(places=places, quotas={Api.BUILDS: lists})
    until = SETTLED_SECONDS + size.listed_seconds
    model.sweep_until(until)
    model.kernel.run(until)
    said, never = model.false_completions(), sum(not model.listings[p.project, p.region] for p in places)
    incomplete = model.sweeps["incomplete"]
    return GoalRow(
        f"{len(places):,} places with {lists} lists a minute: sweeps that say completed while a place is late",
        "all; 4 % never listed",
        "0; 0 never listed",
        f"{said} ({incomplete} say incomplete); {never} never listed",
        said == 0 and never == 0 and incomplete > 0,
    )
