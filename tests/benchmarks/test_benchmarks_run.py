"""The benchmarks still run and measure what they name. No figure is judged here: it would be noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import BENCHMARKS
from tests.benchmarks.effort import QUICK
from tests.benchmarks.errors import found_in_corpus, known_again
from tests.benchmarks.results import Measurement, absent, table
from tests.corpus.logs.score import JudgedSequence
from tests.corpus.logs.sequences import Sequence, Truth


@pytest.mark.soak
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_measures_each_of_its_rows(name: str, firestore_emulator: str) -> None:
    rows = list(BENCHMARKS[name](QUICK, firestore_emulator))
    assert rows
    of_folders = {"SUCCESSFUL", "LOGHUB", "git's"}
    assert [row.name for row in rows if row.value is None and row.reference.split()[0] not in of_folders] == []


def test_without_the_emulator_the_row_says_so() -> None:
    [row] = BENCHMARKS["memory"](QUICK, "")
    assert (row.value, row.met, row.reference) == (None, None, "no Firestore emulator")


def test_a_sample_is_told_apart_from_what_was_before(tmp_path: Path) -> None:
    lines = ["disk 1 is full", "no lease", "disk 2 is full", "no lease of 'a'"]
    kinds = ["E1", "E2", "E1", "E3"]
    sample = tmp_path / "Disks" / "Disks_2k.log_structured.csv"
    sample.parent.mkdir()
    rows = [f"{kind},{line}" for kind, line in zip(kinds, lines, strict=True)]
    sample.write_text("\n".join(["EventId,Content", *rows]))
    falsely, missed = known_again(str(tmp_path))
    assert (falsely.ours, falsely.value, missed.ours, missed.value) == ("0 of 1 said", 0, "0 of 1", 0)
    sample.write_text("\n".join(["EventId,Content", *rows[:3], "E3,no lease"]))
    assert [row.ours for row in known_again(str(tmp_path))] == ["0 of 0 said", "1 of 1"]
    sample.write_text("\n".join(["EventId,Content", *rows[:3], "E2,no lease of 'a'"]))
    assert [row.ours for row in known_again(str(tmp_path))] == ["1 of 1 said", "0 of 0"]


def test_a_sample_that_is_not_there_is_told() -> None:
    assert [row.reference for row in known_again("")] == ["LOGHUB names no copy of logpai/loghub (not set)"] * 2


def test_the_corpus_is_told_by_language_and_by_the_loggers_that_are_judged_wrong() -> None:
    def one(logger: str, truth: Truth, *, found: bool) -> JudgedSequence:
        return JudgedSequence(Sequence(logger, "go", logger, truth, "quiet", "so", 0, ()), joined=found, split=found)

    rows = list(
        found_in_corpus(
            [one("zap", "error", found=True), one("log", "error", found=False), one("slog", "benign", found=True)]
        )
    )
    assert [(row.name, row.value, row.met) for row in rows] == [
        ("errors, language go", 50, None),
        ("errors, logger log", 0, None),
        ("errors, logger slog", 100, None),
        ("errors, other loggers", 1, None),
        ("errors: silent ones found, joined", 50, False),
        ("errors: false alarms, joined", 100, False),
        ("errors: silent ones found, split", 50, False),
        ("errors: false alarms, split", 100, False),
    ]


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
