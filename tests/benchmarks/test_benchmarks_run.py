"""The benchmarks still run and measure what they name. No figure is judged here: it would be noise."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import BENCHMARKS
from tests.benchmarks.effort import QUICK
from tests.benchmarks.results import Measurement, absent, table


@pytest.mark.soak
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_measures_each_of_its_rows(name: str, firestore_emulator: str) -> None:
    rows = list(BENCHMARKS[name](QUICK, firestore_emulator))
    assert rows
    assert [row.name for row in rows if row.value is None] == []


def test_without_the_emulator_the_row_says_so() -> None:
    [row] = BENCHMARKS["memory"](QUICK, "")
    assert (row.value, row.met, row.reference) == (None, None, "no Firestore emulator")


@pytest.mark.parametrize(
    ("value", "goals", "met"),
    [
        (0.9, {"at_least": 0.9}, True),
        (0.89, {"at_least": 0.9}, False),
        (1.25, {"at_most": 1.25}, True),
        (1.26, {"at_most": 1.25}, False),
        (1.26, {}, None),
    ],
)
def test_a_goal_is_met_up_to_its_limit(value: float, goals: dict[str, float], met: bool | None) -> None:
    assert Measurement("name", "ours", "reference", value, "×", **goals).met is met


def test_the_table_has_a_line_for_each_row_in_columns() -> None:
    rows = [
        Measurement("requests/s", "950/s", "1000/s", 0.95, "×", at_least=0.9),
        Measurement("memory", "210 MiB", "34 MiB", 210.0, "MiB", at_most=200),
        absent("verdict", "no emulator"),
    ]
    assert table(rows).splitlines() == [
        "benchmark   ours          reference    result      goal       met",
        "requests/s  950/s         1000/s       0.95 ×      ≥ 0.9 ×    yes",
        "memory      210 MiB       34 MiB       210.00 MiB  ≤ 200 MiB  NO",
        "verdict     not measured  no emulator                         –",
    ]
