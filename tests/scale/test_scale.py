"""Each row of the table is played small, and the table says what is missed."""

from __future__ import annotations

from types import ModuleType

import pytest
import re2

from tests.scale import cost, fairness, listing, outage, runs, slack, throughput
from tests.scale.__main__ import PARTS
from tests.scale.cost import prices_of, usage
from tests.scale.effort import TINY
from tests.scale.goals import GoalRow, share, sum_of, table
from tests.scale.load_model import SOURCE_ONLY, LoadModel, places_of
from tests.scale.model_calls import ServiceQuota
from tests.simulation.world_model import GOOD
from verifier.controller.quota.held_calls import Api
from verifier.errors import RateLimited


@pytest.mark.parametrize("part", [listing, throughput, fairness, slack, runs], ids=lambda part: part.__name__)
def test_a_small_load_meets_each_goal(part: ModuleType) -> None:
    rows = list(PARTS[part.__name__.rpartition(".")[2]](TINY))
    assert rows
    assert [row for row in rows if not row.is_met] == []


def test_all_builds_of_an_outage_are_judged() -> None:
    rows = list(outage.measure(TINY))
    assert len(rows) == 2
    assert not any("never" in row.seen for row in rows)


def test_calls_of_an_idle_installation_cost_about_a_dollar_a_month() -> None:
    (row,) = cost.measure(TINY)
    found = re2.search(r"calls ([0-9.]+)", row.seen)
    assert found is not None
    assert 0.1 < float(found[1]) < 1.2


def test_an_idle_installation_uses_something_of_each_priced_row() -> None:
    model = LoadModel(places=places_of(1, 2))
    model.install()
    prices, fixed = prices_of(cost.README.read_text())
    used = usage(model)
    assert set(used) <= set(prices)
    assert all(amount > 0 for amount in used.values())
    assert set(fixed) == set(cost.FIXED)


def test_the_model_loses_no_build_and_reads_logs_twice() -> None:
    model = LoadModel(quotas={Api.LOGGING: 60})
    model.install()
    begin = model.kernel.seconds
    made = [model.build(number, begin + number, GOOD) for number in range(1, 6)]
    model.sweep_until(begin + 600.0)
    model.kernel.run(begin + 600.0)
    assert share(model.delays(made), 300.0) == 1.0
    assert model.calls.counts["logs.read"] == 10
    assert model.verdicts == {"VERIFIED": 5}


def test_a_build_that_nobody_announces_is_found_by_listing() -> None:
    model = LoadModel()
    model.install()
    made = model.build(1, model.kernel.seconds + 10.0, trigger=SOURCE_ONLY, announced=False)
    model.sweep_until(model.kernel.seconds + 1800.0)
    model.kernel.run(model.kernel.seconds + 600.0)
    assert made.key.digest not in model.judged
    model.kernel.run(model.kernel.seconds + 900.0)
    assert made.key.digest in model.judged


def test_a_service_takes_as_many_calls_in_any_minute_as_its_quota_says() -> None:
    quota = ServiceQuota(per_minute=2)
    quota.take(0.0)
    quota.take(30.0)
    with pytest.raises(RateLimited):
        quota.take(59.0)
    quota.take(61.0)
    with pytest.raises(RateLimited):
        quota.take(62.0)
    assert quota.refused == 2


def test_the_table_names_what_is_missed_and_its_last_line_is_the_sum() -> None:
    rows = [GoalRow("one", "12", "≤ 3", "2", True), GoalRow("another", "1", "≥ 2", "1", False)]
    assert table(rows).splitlines() == [
        "what     0.1.0  goal  seen",
        "one      12     ≤ 3   2     ok",
        "another  1      ≥ 2   1     MISSED",
    ]
    assert sum_of(rows) == "1 of 2 goals met; missed: another"
    assert sum_of(rows[:1]) == "1 of 1 goals met"
