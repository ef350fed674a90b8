"""Where a commit is, by what ran and which builds made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders import pushed, uploaded
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.facts.build import BuildKey, Image
from verifier.facts.source import Commit, NoSource, Strength, Unclear
from verifier.history.deployed import Answer, Deployed, deployed, makers
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild, Run

START = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
HISTORY = ("a" * 40, "b" * 40, "c" * 40)
"""Three commits, oldest first."""
OLD, ASKED, NEW = HISTORY
NAME = "projects/vividly-dev/locations/us-central1/jobs/worker/executions/worker-"


def contains(descendant: str, commit: str) -> bool | str:
    """Return what git would say of them."""
    return HISTORY.index(descendant) >= HISTORY.index(commit)


def digest(build_id: str) -> str:
    return f"sha256:{build_id:>064}"


def judged(build_id: str, built: JudgedBuild) -> JudgedBuild:
    key = BuildKey("vividly-dev", "us-central1", build_id)
    return replace(built, key=key, images=(Image("worker", digest(build_id)),))


def by_commit(build_id: str, sha: str) -> JudgedBuild:
    substitutions = {"TRIGGER_NAME": "main", "COMMIT_SHA": sha, "SHORT_SHA": sha[:7]}
    git = {"url": "https://github.com/vividly/worker", "revision": sha}
    build = pushed(source={"gitSource": git}, sourceProvenance={"resolvedGitSource": git}, substitutions=substitutions)
    return judged(build_id, judge_listed(build, Policy()))


def by_hand(build_id: str) -> JudgedBuild:
    return judged(build_id, judge_listed(uploaded(), Policy()))


BUILDS = (by_commit("0", OLD), by_commit("1", ASKED), by_commit("2", NEW), by_hand("3"))


def ran(build_id: str, hour: int, **fields: Any) -> Run:
    """Return an execution of this build's image."""
    started = START + timedelta(hours=hour)
    made = makers(BUILDS).get(digest(build_id), (None, None))
    run = Run(f"{NAME}{hour}", started, started + timedelta(minutes=5), True, frozenset({digest(build_id)}), *made)
    return replace(run, **fields)


def asked(runs: Iterable[Run], builds: Iterable[JudgedBuild] = BUILDS, git: Any = contains) -> Deployed:
    known: Mapping[BuildKey, JudgedBuild] = {build.key: build for build in builds}
    return deployed(ASKED, list(runs), known, git)


def test_yes_since_the_first_execution_that_had_it() -> None:
    found = asked([ran("2", 3), ran("1", 2), ran("1", 1), ran("0", 0)])
    assert found == Deployed(
        Answer.YES,
        "Yes, since 2026-11-03 15:02 UTC: build 1, execution worker-1",
        (
            f"execution worker-3 began 2026-11-03 17:02 UTC and succeeded; image {digest('2')}",
            (
                f"build projects/vividly-dev/locations/us-central1/builds/2, finished 2026-11-23 02:00 UTC: VERIFIED; "
                f"commit {NEW} (resolved)"
            ),
            f"execution worker-1 began 2026-11-03 15:02 UTC and succeeded; image {digest('1')}",
            (
                f"build projects/vividly-dev/locations/us-central1/builds/1, finished 2026-11-23 02:00 UTC: VERIFIED; "
                f"commit {ASKED} (resolved)"
            ),
            f"the execution before, worker-0 of 2026-11-03 14:02 UTC, does not contain it: commit {OLD} (resolved)",
        ),
        since=START + timedelta(hours=1),
        since_is_exact=True,
        build=BuildKey("vividly-dev", "us-central1", "1"),
        execution=f"{NAME}1",
    )


def test_a_later_commit_counts() -> None:
    assert asked([ran("2", 0)]).answer is Answer.YES


def test_the_order_of_the_executions_does_not_matter() -> None:
    runs = [ran("0", 0), ran("1", 1), ran("2", 2)]
    assert asked(runs) == asked(runs[::-1])


def test_local_source_in_between_breaks_the_stretch() -> None:
    found = asked([ran("2", 3), ran("3", 2), ran("1", 1), ran("0", 0)])
    assert (found.since, found.since_is_exact) == (START + timedelta(hours=3), True)
    assert found.evidence[-1].startswith("the execution before, worker-2 of 2026-11-03 16:02 UTC, does not contain it")


def test_where_the_listed_time_begins_since_is_a_bound() -> None:
    found = asked([ran("1", 1), ran("1", 0)])
    assert found.text == "Yes, at least since 2026-11-03 14:02 UTC: build 1, execution worker-0"
    assert not found.since_is_exact


def test_where_an_image_is_not_known_since_is_a_bound() -> None:
    found = asked([ran("1", 1), ran("9", 0)])
    assert found.text.startswith("Yes, at least since 2026-11-03 15:02 UTC")
    assert found.evidence[-1] == "the execution before, worker-0 of 2026-11-03 14:02 UTC, may contain it or not"


def test_no_when_it_runs_local_source_whatever_ran_before() -> None:
    found = asked([ran("3", 1), ran("1", 0)])
    assert (found.answer, found.text) == (Answer.NO, "No: it runs build 3, which is local source")


def test_local_source_that_claims_the_very_commit_contains_nothing() -> None:
    claiming = judged("3", judge_listed(uploaded(substitutions={"COMMIT_SHA": ASKED}), Policy()))
    assert asked([ran("3", 0)], [claiming], lambda *_: True).answer is Answer.NO


def test_no_when_nothing_of_a_source_is_recorded() -> None:
    found = asked([ran("3", 0)], [replace(by_hand("3"), source=NoSource("unknown"))])
    assert (found.answer, found.evidence[-1][-21:]) == (Answer.NO, "no source is recorded")


def test_no_when_it_runs_an_older_commit() -> None:
    assert asked([ran("0", 0)]).text == "No: it runs build 0, which is an older commit (aaaaaaa)"


def test_no_when_it_runs_a_commit_of_another_line() -> None:
    assert asked([ran("0", 0)], git=lambda *_: False).text == (
        "No: it runs build 0, which is a commit without it (aaaaaaa)"
    )


def test_what_git_cannot_tell_is_not_told() -> None:
    found = asked([ran("2", 0)], git=lambda *_: "the clone does not have it; run: git fetch")
    assert (found.answer, found.text) == (Answer.UNKNOWN, "Can't tell: the clone does not have it; run: git fetch")


def test_an_image_that_no_listed_build_made_is_no_answer() -> None:
    found = asked([ran("9", 1), ran("1", 0)])
    assert found.answer is Answer.UNKNOWN
    assert found.text.startswith("Can't tell: none of the listed builds pushed the image of execution worker-1")


def trigger_says() -> JudgedBuild:
    """Return a commit that only the trigger's substitutions name."""
    build = pushed(source={}, sourceProvenance={}, substitutions={"COMMIT_SHA": ASKED})
    return judged("3", judge_listed(build, Policy()))


def test_the_triggers_word_alone_is_no_answer() -> None:
    built = trigger_says()
    assert isinstance(built.source, Commit)
    assert built.source.strength is Strength.TRIGGERS_WORD
    found = asked([ran("3", 0)], [built])
    assert found.answer is Answer.UNKNOWN
    assert found.text.startswith("Can't tell: the source of build 3 is not certain: ")


def test_an_unclear_source_is_no_answer() -> None:
    proxied = judged("3", judge_listed(pushed(buildTriggerId="", gitConfig={"http": {}}), Policy()))
    assert isinstance(proxied.source, Unclear)
    assert asked([ran("3", 0)], [proxied]).answer is Answer.UNKNOWN


def test_a_build_that_did_not_succeed_is_no_answer() -> None:
    failed = replace(by_commit("1", ASKED), status="FAILURE", verdict=None)
    failed = replace(failed, judgement=replace(failed.judgement, verdict=None, findings=()))
    assert (
        asked([ran("1", 0)], [failed]).text == "Can't tell: the source of build 1 is not certain: it ended as FAILURE"
    )


@pytest.mark.parametrize("runs", [[], [ran("1", 0, digests=frozenset())]])
def test_without_an_execution_that_shows_its_image_there_is_no_answer(runs: list[Run]) -> None:
    found = asked(runs)
    assert found.text == "Can't tell: no execution in this time shows which image it ran"
    assert len(found.evidence) == 1 + len(runs)


def test_an_execution_that_waits_for_its_image_is_passed_over_and_named() -> None:
    found = asked([ran("9", 1, digests=frozenset()), ran("1", 0)])
    assert found.answer is Answer.YES
    assert found.evidence[0] == "execution worker-1 does not show its image yet"


def test_an_execution_that_failed_ran_the_commit_all_the_same() -> None:
    found = asked([ran("1", 0, succeeded=False)])
    assert found.answer is Answer.YES
    assert "and did not succeed" in found.evidence[0]


@pytest.mark.parametrize("order", [1, -1])
def test_where_two_builds_pushed_the_same_digest_the_worse_verdict_counts(order: int) -> None:
    same = (Image("worker", digest("7")),)
    builds = [replace(build, images=same) for build in (by_commit("1", ASKED), by_hand("3"))][::order]
    assert makers(builds) == {digest("7"): (BuildKey("vividly-dev", "us-central1", "3"), Verdict.LOCAL_SOURCE)}
