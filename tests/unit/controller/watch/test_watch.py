"""What was deployed is watched: read, compared, told, and over at last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.builders import IMAGE
from tests.unit.controller.watch.deployed import HOUR, JOB, MINUTE, WatchedTeam, digest
from tests.unit.controller.world import CHANNEL, SOON, World, world
from verifier.checks.policy import Policy, Route
from verifier.checks.verdict import Verdict
from verifier.checks.watch.rules import TellWatch, WatchRules
from verifier.checks.watch.watching import WatchOutcome
from verifier.controller.ledger import BUILDS, State, record_document, settled
from verifier.controller.runs.job_runs import RUNS, name_of_run
from verifier.controller.signals import Signal, SignalName
from verifier.errors import Denied, RateLimited, Refused, ServiceError
from verifier.facts.run import RunKind, RunOutcome

__all__ = ["world"]

HALF = timedelta(minutes=30)
LESSON, CLIP = "KeyError: 'lesson'", "ValueError: no clip"


@pytest.fixture
def deployed(world: World) -> WatchedTeam:
    """Return a job that ran an image of before 12 times, with one error in half of its runs."""
    made = WatchedTeam(world)
    made.build("a")
    for number in range(12):
        made.run("a", *([CLIP] if number % 2 else []))
        assert made.go_on(HALF) == []
    return made


def test_what_ran_when_watching_began_is_watched_without_a_word(deployed: WatchedTeam) -> None:
    watch = deployed.watch("a")
    assert (watch.found, watch.runs, watch.read, watch.is_regressed) == (True, 12, 12, False)
    assert deployed.said() == []


def test_a_run_is_read_five_minutes_after_its_end_in_one_question(deployed: WatchedTeam) -> None:
    deployed.build("b")
    run = deployed.run("b")
    deployed.logs.reads.clear()
    deployed.go_on(5 * MINUTE)
    assert deployed.logs.reads.total() == 0
    deployed.go_on(2 * MINUTE)
    assert deployed.logs.reads.total() == 1
    assert deployed.watch("b").runs == 1
    stored = deployed.world.store.read(RUNS, name_of_run(run.execution), timeout=1)
    assert stored is not None
    assert (stored.document["reading"], stored.document["read"], stored.document["errors"]) == (None, "whole", [])


def test_verdicts_read_before_it(deployed: WatchedTeam) -> None:
    assert (deployed.logs.waited, deployed.logs.was_last) == ({True}, {False})


def test_a_green_day_edits_the_builds_message_and_says_nothing(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    assert deployed.every(HALF, 9, "b") == []
    assert deployed.notes(record) == [
        (
            "4 h since 620ddba in dev-vividly-content-worker: 9 runs, 9 succeeded, no new errors, "
            "“ValueError: no clip” is gone. An error in 1 run of 3 would most likely (95 %) have shown."
        )
    ]
    assert deployed.every(HALF, 44, "b") == []
    assert deployed.said() == []
    [note] = deployed.notes(record)
    assert note.startswith("1 day since 620ddba in dev-vividly-content-worker: 49 runs, 49 succeeded")
    watch = deployed.watch("b")
    assert (watch.outcome, watch.verdict) == (WatchOutcome.CLEAN, "VERIFIED")
    assert deployed.audited(record) == [
        ("checkpoint", "after-14400s"),
        ("checkpoint", "after-86400s"),
        ("watch-ended", "ended"),
    ]
    assert deployed.kept("b").due is None


def test_a_new_error_is_told_quietly_once_and_calls_people_in_the_second_run(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.every(HALF, 2, "b")
    deployed.every(HALF, 1, "b", LESSON)
    [once] = deployed.sayings()
    assert once.lines[0] == "👀 Seen once, in run 3 of 3 since 620ddba: “KeyError: 'lesson'”"
    assert (once.broadcast, once.mention, once.thread) == (False, "", "1795400000.000100")
    deployed.every(HALF, 2, "b", LESSON)
    [_, worse] = deployed.sayings()
    assert worse.lines[0] == "🔴 REGRESSED · dev-vividly-content-worker · 620ddba"
    assert worse.lines[2].startswith("In 2 of 4 runs since 620ddba, first at 2026-11-23")
    assert worse.lines[3].startswith(
        "Way back to 610ddba, VERIFIED, 12 runs without a new error: gcloud run jobs update"
    )
    assert (worse.broadcast, worse.thread, worse.channel) == (True, "1795400000.000100", CHANNEL)
    assert deployed.notes(record) == [
        "🔴 REGRESSED in dev-vividly-content-worker: “KeyError: 'lesson'” in 2 of 4 runs since 620ddba."
    ]
    assert deployed.audited(record) == [("regressed", f"regressed-{deployed.watch('b').reasons[0]}")]


def test_a_later_build_without_the_error_is_told_as_recovered_in_the_old_thread(deployed: WatchedTeam) -> None:
    old = deployed.build("b")
    deployed.every(HALF, 2, "b", LESSON, failed=True)
    assert deployed.watch("b").outcome is WatchOutcome.WATCHING
    deployed.build("c")
    deployed.every(HALF, 10, "c")
    assert deployed.watch("b").outcome is WatchOutcome.REGRESSED
    [_, recovered] = deployed.sayings()
    assert recovered.lines == (
        "✅ recovered · dev-vividly-content-worker",
        "“KeyError: 'lesson'”: gone since 630ddba (9 runs). It was REGRESSED.",
    )
    assert (recovered.broadcast, recovered.about) == (True, old.key.name)
    assert deployed.world.record(old.key).notes[-1]["was"] == "REGRESSED"


def test_the_watch_before_is_replaced_by_the_next_builds_first_run_and_keeps_its_counts(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.every(HALF, 9, "b")
    deployed.build("c")
    deployed.every(HALF, 1, "c")
    watch = deployed.watch("b")
    assert (watch.outcome, watch.runs, watch.successor) == (WatchOutcome.REPLACED, 9, digest("c"))
    assert watch.is_earned
    good = deployed.watch("c").good
    assert good is not None
    assert good.digest == digest("b")
    [note] = deployed.notes(record)
    assert note.startswith("Watched 4 h 37 min in dev-vividly-content-worker: 9 runs, 9 succeeded, no new errors")
    assert note.endswith("; replaced by 630ddba.")


def test_a_watch_that_is_replaced_before_its_first_checkpoint_says_nothing(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.every(HALF, 3, "b")
    deployed.build("c")
    deployed.every(HALF, 2, "c")
    assert deployed.watch("b").outcome is WatchOutcome.REPLACED
    assert (deployed.notes(record), deployed.said()) == ([], [])


def test_the_older_watch_goes_on_when_the_job_goes_back_to_it(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.every(HALF, 3, "b")
    deployed.build("c")
    deployed.every(HALF, 2, "c")
    deployed.every(HALF, 2, "b")
    assert deployed.watch("c").outcome is WatchOutcome.ROLLED_BACK
    back = deployed.watch("b")
    assert (back.outcome, back.runs, back.ended) == (WatchOutcome.WATCHING, 5, None)


def test_a_run_that_had_begun_when_its_watch_was_seen_to_end_takes_the_job_back_all_the_same(
    deployed: WatchedTeam,
) -> None:
    deployed.build("b")
    deployed.every(HALF, 3, "b")
    deployed.build("c")
    deployed.every(10 * MINUTE, 1, "c")
    assert deployed.watch("b").outcome is WatchOutcome.REPLACED
    deployed.run("b", lasts=5 * MINUTE)
    deployed.go_on(HALF)
    back = deployed.watch("b")
    assert (back.outcome, back.runs) == (WatchOutcome.WATCHING, 4)
    assert deployed.watch("c").outcome is WatchOutcome.ROLLED_BACK


def test_logs_that_cannot_be_read_are_no_good_news(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.logs.trouble = Denied("may not read", fix="grant roles/logging.viewer")
    troubles = deployed.every(HALF, 10, "b")
    assert "may not read" in troubles[0]
    watch = deployed.watch("b")
    assert (watch.read, watch.unread) == (0, watch.runs)
    assert watch.runs >= 7
    [note] = deployed.notes(record)
    assert "no new errors" not in note
    assert "their logs could not be read whole" in note
    deployed.logs.trouble = None
    deployed.go_on(30 * HOUR)
    assert deployed.watch("b").outcome is not WatchOutcome.CLEAN


@pytest.mark.parametrize("trouble", [Denied("may not"), Refused("bad filter"), RateLimited("used up", retry_after=60)])
def test_that_logs_cannot_be_read_is_a_signal_once_that_lasts(deployed: WatchedTeam, trouble: ServiceError) -> None:
    heard: list[Signal] = []
    deployed.through = lambda deployment: replace(deployment, listener=heard.append)
    deployed.run("a")
    deployed.logs.trouble = trouble
    deployed.go_on(9 * MINUTE)
    assert heard == []
    deployed.go_on(6 * MINUTE)
    assert {(signal.name, signal.fields["project"], signal.fields["runs"]) for signal in heard} == {
        (SignalName.LOGS_UNREAD, "vividly-dev", 1)
    }


def test_a_quota_that_is_used_up_is_waited_for_and_makes_nothing_unread(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.run("b")
    deployed.logs.trouble = RateLimited("used up", retry_after=120)
    deployed.go_on(9 * MINUTE)
    deployed.logs.trouble = None
    deployed.go_on(4 * MINUTE)
    watch = deployed.watch("b")
    assert (watch.runs, watch.read) == (1, 1)


def test_a_run_without_its_last_line_is_read_again_and_then_counts_as_unread(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.run("b", LESSON, failed=True, whole=False)
    deployed.go_on(15 * MINUTE)
    watch = deployed.watch("b")
    assert (watch.runs, watch.unread) == (1, 1)
    assert len(deployed.said()) == 1  # the error that was seen is there all the same


def test_what_is_nobodys_fault_and_what_is_not_the_jobs_own_does_not_count(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.run("b", LESSON, outcome=RunOutcome.PLATFORM)
    deployed.run("b", LESSON, failed=True, kind=RunKind.TRIAL)
    deployed.run("b", LESSON, failed=True, kind=RunKind.OTHER_ARGUMENTS)
    deployed.go_on(20 * MINUTE)
    watch = deployed.watch("b")
    assert (watch.runs, watch.benign) == (0, 1)
    assert deployed.said() == []


@pytest.mark.parametrize(("tell", "said"), [(TellWatch.CHANGES, 0), (TellWatch.ALL, 1), (TellWatch.NOTHING, 0)])
def test_policy_says_what_is_told(deployed: WatchedTeam, tell: TellWatch, said: int) -> None:
    deployed.policy = replace(deployed.policy, watch=WatchRules(tell=tell))
    record = deployed.build("b")
    deployed.every(HALF, 9, "b")
    assert len(deployed.said()) == said
    assert bool(deployed.notes(record)) is (tell is not TellWatch.NOTHING)
    assert deployed.audited(record) == [("checkpoint", "after-14400s")]


def test_where_policy_wants_to_hear_nothing_a_regression_is_in_the_audit_trail_alone(deployed: WatchedTeam) -> None:
    deployed.policy = replace(deployed.policy, watch=WatchRules(tell=TellWatch.NOTHING))
    record = deployed.build("b")
    deployed.every(HALF, 1, "b", LESSON, failed=True)
    assert (deployed.said(), deployed.notes(record)) == ([], [])
    assert [kind for kind, _ in deployed.audited(record)] == ["regressed"]


def test_a_route_of_its_own_gets_a_message_of_its_own(deployed: WatchedTeam) -> None:
    routes = (Route("C0WORSE001", "here", regressed=True), Route("", verdicts=frozenset(Verdict)))
    deployed.policy = replace(deployed.policy, routes=routes)
    deployed.build("b")
    deployed.every(HALF, 1, "b", LESSON, failed=True)
    [worse] = deployed.sayings()
    assert (worse.channel, worse.thread, worse.broadcast, worse.mention) == ("C0WORSE001", "", False, "here")
    assert worse.lines[-1].startswith("Its build: ")


def test_a_regression_of_a_build_whose_message_rests_is_a_message_of_its_own(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    resting = deployed.world.lease_of(replace(record, told=False, ts="", channel=""))
    document = record_document(settled(resting.record, State.DONE))
    assert deployed.world.store.replace(BUILDS, record.key.digest, document, resting.revision, timeout=SOON)
    deployed.every(HALF, 1, "b", LESSON, failed=True)
    [worse] = deployed.sayings()
    assert (worse.channel, worse.thread, worse.broadcast) == (CHANNEL, "", False)
    assert worse.lines[-1] == f"Its build: {record.key.id} in {record.key.project}, {record.key.location}."
    assert deployed.world.record(record.key).queue is None, "no message is to be edited"


def test_a_digest_of_no_known_build_is_watched_too(deployed: WatchedTeam) -> None:
    deployed.every(HALF, 1, "x", LESSON, failed=True)
    [worse] = deployed.sayings()
    assert worse.lines[0].startswith("🔴 REGRESSED · dev-vividly-content-worker · sha256:")
    assert (worse.thread, worse.about) == ("", "")


def test_a_job_that_is_not_watched_any_more_is_not_read(deployed: WatchedTeam) -> None:
    deployed.run("a")
    deployed.policy = Policy()
    deployed.logs.reads.clear()
    deployed.go_on(10 * MINUTE)
    assert deployed.logs.reads.total() == 0
    assert deployed.watch("a").runs == 12


def test_a_job_that_never_runs_after_its_deployment_is_no_news(deployed: WatchedTeam) -> None:
    record = deployed.build("b")
    deployed.go_on(30 * HOUR)
    assert (deployed.said(), deployed.notes(record)) == ([], [])
    assert deployed.watch("a").outcome is WatchOutcome.CLEAN


def test_a_thousand_errors_in_a_run_are_no_thousand_messages(deployed: WatchedTeam) -> None:
    deployed.build("b")
    deployed.run("b", *(f"Error{number}: it broke" for number in range(1_000)), failed=True)
    deployed.go_on(15 * MINUTE)
    said = deployed.said()
    assert [lines[0].partition(" · ")[0] for lines in said] == ["🔴 REGRESSED"] * 3
    assert [line for lines in said for line in lines if "more new" in line] == [
        "47 more new errors came with it; the audit trail has each."
    ]
    assert deployed.watch("b").unread == 1


def test_all_runs_of_a_place_are_read_in_one_question(deployed: WatchedTeam) -> None:
    jobs = [replace(JOB, job=f"job-{number}") for number in range(50)]
    deployed.policy = replace(deployed.policy, jobs=tuple(replace(job, project="") for job in jobs))
    deployed.logs.reads.clear()
    for job in jobs:
        deployed.run("a", job=job)
    deployed.go_on(8 * MINUTE)
    assert deployed.logs.reads.total() == 1
    assert all(deployed.watch("a", job).runs == 1 for job in jobs)


@pytest.mark.parametrize(
    ("generation", "images", "followed"),
    [
        (7, [f"{IMAGE}:main"], f"{IMAGE}:main"),
        (7, [f"{IMAGE}:main", "europe-docker.pkg.dev/p/r/proxy:1"], f"{IMAGE}:main"),
        (7, [f"{IMAGE}@{digest('b')}"], ""),
        (7, ["europe-docker.pkg.dev/p/r/proxy:1"], ""),
        (7, [f"{IMAGE}:main", f"{IMAGE}:next"], ""),
        (6, [f"{IMAGE}:main"], ""),
        (None, [f"{IMAGE}:main"], ""),
    ],
    ids=["a tag", "beside another image", "a digest", "another image", "two tags", "changed since", "no message"],
)
def test_a_watch_knows_the_tag_by_which_its_digest_came_to_run(
    deployed: WatchedTeam, generation: int | None, images: list[str], followed: str
) -> None:
    deployed.build("b")
    deployed.run("b", generation=generation)
    deployed.set_up(7, *images)
    deployed.go_on(10 * MINUTE)
    assert deployed.watch("b").image == followed
