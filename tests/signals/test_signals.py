"""Each failure is noticed in the function's own log, and no other one with it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.signals.failures import FAILURES, played
from tests.signals.stage import OTHER_PROJECT, TRACE
from tests.story.harness import PROJECT
from verifier.controller.signals import SignalName

NOT_TROUBLE = {SignalName.VERDICT}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_its_signals_and_no_others(name: str) -> None:
    seen = {printed.line["signal"] for printed in played(name).printed if "signal" in printed.line}
    assert seen - NOT_TROUBLE == FAILURES[name].signals


def test_every_signal_is_played() -> None:
    assert NOT_TROUBLE.union(*(failure.signals for failure in FAILURES.values())) == set(SignalName)


@pytest.mark.parametrize("name", FAILURES)
def test_every_line_names_the_trace_of_its_request(name: str) -> None:
    traces = {printed.line.get("logging.googleapis.com/trace") for printed in played(name).printed}
    assert traces == {f"projects/{PROJECT}/traces/{TRACE}"}


@pytest.mark.parametrize("name", FAILURES)
def test_every_line_about_one_build_names_its_project_and_id(name: str) -> None:
    for printed in played(name).printed:
        if "/builds/" in printed.line["message"]:
            project, _, build = printed.line["message"].partition("projects/")[2].partition("/locations/")
            assert printed.line["project"] == project
            assert printed.line["build"] == build.partition("/builds/")[2][: len(printed.line["build"])]


def test_each_verdict_is_a_line_with_its_time() -> None:
    verdicts = [printed.line for printed in played("nothing").printed if printed.line.get("signal") == "verdict"]
    assert len({line["build"] for line in verdicts}) == len(verdicts)
    assert Counter((line["project"], line["verdict"], line["objective"]) for line in verdicts) == {
        (PROJECT, "LOCAL_SOURCE", "met"): 20,
        (PROJECT, "VERIFIED", "met"): 20,
        (OTHER_PROJECT, "LOCAL_SOURCE", "met"): 20,
    }
    assert all(line["seconds"] >= line["worker_seconds"] >= 0 for line in verdicts)


def test_of_one_team_that_is_always_inconclusive_each_line_names_its_project() -> None:
    lines = [printed.line for printed in played("one team is always INCONCLUSIVE").printed]
    found = {line["project"] for line in lines if line.get("verdict") == "INCONCLUSIVE"}
    assert found == {OTHER_PROJECT}


def test_builds_that_nobody_announced_are_counted_in_a_row_by_their_place() -> None:
    lines = [printed.line for printed in played("a project's topic or subscription is gone").printed]
    counted = [line["in_a_row"] for line in lines if line.get("signal") == "unannounced"]
    assert counted == list(range(1, len(counted) + 1))
    lost = [printed.line for printed in played("some messages are lost").printed]
    assert [line["in_a_row"] for line in lost if line.get("signal") == "unannounced"] == [1, 2]


def test_a_sweep_that_cannot_list_a_place_comes_to_its_end_and_names_it() -> None:
    lines = [printed.line for printed in played("one project is deleted, or its listing revoked").printed]
    assert {line["place_late"].partition("/")[0] for line in lines if "place_late" in line} == {OTHER_PROJECT}
    assert {line["sweep"] for line in lines if "sweep" in line} == {"completed", "incomplete"}


def test_a_signal_waits_until_the_failure_lasts() -> None:
    refused = played("the audit trail can't be reached").printed
    first = next(printed.at for printed in refused if printed.line.get("signal") == SignalName.AUDIT_UNWRITTEN)
    assert 300 <= (first - refused[0].at).total_seconds() <= 900
