"""Output of successful runs is gathered; what failed or is not there is named, and counts for nothing."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.successful import Gathered, WantedRun, gather, runs


def test_what_a_successful_run_printed_is_kept_without_empty_lines(tmp_path: Path) -> None:
    wanted = [WantedRun("two", "sh", "echo one; echo; echo two >&2")]
    assert list(gather(wanted, tmp_path)) == [Gathered("two", 2)]
    assert (tmp_path / "two.log").read_text() == "one\ntwo\n"


def test_a_run_that_fails_gives_nothing_and_is_named(tmp_path: Path) -> None:
    assert list(gather([WantedRun("bad", "sh", "echo no space; exit 3")], tmp_path)) == [
        Gathered("bad", 0, "exit 3: no space")
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_is_not_there_is_named(tmp_path: Path) -> None:
    (gathered,) = gather([WantedRun("absent", "no-such-tool", "true")], tmp_path)
    assert gathered.problem == "no-such-tool is not there"


def test_no_run_counts_for_more_than_its_share(tmp_path: Path) -> None:
    assert list(gather([WantedRun("long", "sh", "seq 100")], tmp_path, most=10)) == [Gathered("long", 10)]


def test_each_run_has_a_name_of_its_own() -> None:
    assert len({run.name for run in runs()}) == len(runs()) > 20
