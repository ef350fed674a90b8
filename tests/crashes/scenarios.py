"""What happens around the function before time goes on, by scenario, and what must have come of it in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.crashes.documents import an_upload, pushed_text
from tests.crashes.testbed import Testbed
from tests.crashes.watch_scenarios import (
    a_checkpoint_is_reached,
    a_day_is_over,
    a_job_goes_back_to_what_ran_before,
    a_new_digest_takes_the_place_of_another,
    a_run_shows_a_new_error_and_fails,
    the_time_before_is_read,
    watching_has_begun,
    what_was_wrong_is_over,
)
from tests.fixtures.uploads import SUBMITTED
from tests.story.harness import CLEAN, IMAGE, JOB, PROJECT, REGION
from verifier.controller.again import judge_again
from verifier.controller.ledger import KEPT_WHOLE_FOR
from verifier.controller.runs.job_runs import RUNS
from verifier.controller.work import CHANNEL, PAST_BUILDS
from verifier.controller.work import JOB as JOB_RUNS
from verifier.facts.build import BuildKey
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.faults import Fault
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Line, Script
from verifier.times import parse_time, show_time


def an_upload_is_announced(testbed: Testbed) -> None:
    testbed.announce(testbed.upload())


def a_worker_tries_a_build(testbed: Testbed) -> None:
    testbed.announce(testbed.triggered())
    testbed.wait(20)


def a_worker_logs_an_error(testbed: Testbed) -> None:
    script = Script(lines=(*CLEAN.lines, Line(at=1.5, text="KeyError: 'lesson'", severity="ERROR", stream="stderr")))
    testbed.cloud.put_job(PROJECT, REGION, JOB.job, image=f"{IMAGE}:latest", script=script)
    a_worker_tries_a_build(testbed)


def a_build_is_silent(testbed: Testbed) -> None:
    testbed.install()
    testbed.clock.advance(30)
    testbed.upload()
    testbed.wait(150)
    testbed.sweep()


def a_silent_build_is_handed_out(testbed: Testbed) -> None:
    a_build_is_silent(testbed)
    testbed.clock.advance(10)
    testbed.sweep()


def a_build_is_forged(testbed: Testbed) -> None:
    testbed.announce(an_upload(404, testbed.clock()))
    testbed.wait(16 * 60)
    testbed.sweep()


def a_message_is_malformed(testbed: Testbed) -> None:
    testbed.deliver("/builds", pushed_text(b"{", "99"))


def a_submitter_is_known(testbed: Testbed) -> None:
    document = testbed.upload()
    created = parse_time(document["createTime"])
    entry = create_build_entry(PROJECT, document["id"], created, "ana@vividly.example", "gcloud.builds.submit")
    testbed.cloud.put_entries([entry])
    testbed.announce(document)


def another_build_moves_the_tag(testbed: Testbed) -> None:
    tested = testbed.triggered()
    testbed.announce(testbed.upload())
    testbed.announce(tested)
    testbed.wait(20)


def a_quota_is_used_up(testbed: Testbed) -> None:
    testbed.faults.add(Fault("ListLogEntries", "before", status="RESOURCE_EXHAUSTED", retry_after=40))
    a_worker_tries_a_build(testbed)


def the_reply_to_a_start_is_lost(testbed: Testbed) -> None:
    testbed.faults.add(Fault("RunJob", "after"))
    a_worker_tries_a_build(testbed)


def the_reply_to_a_post_is_lost(testbed: Testbed) -> None:
    testbed.faults.add(Fault("chat.postMessage", "after", status="500"))
    an_upload_is_announced(testbed)


def an_upload_is_read(testbed: Testbed) -> None:
    testbed.announce(testbed.upload_of(SUBMITTED.read_bytes()))
    testbed.wait(60)
    testbed.sweep()


def something_is_said_of_a_message(testbed: Testbed) -> None:
    testbed.faults.add(Fault("chat.postMessage", "after", status="500"))
    testbed.say_about(testbed.standing_message())
    testbed.sweep()
    testbed.wait(60)
    testbed.sweep()


def an_upload_runs(testbed: Testbed) -> None:
    watching_has_begun(testbed)
    with testbed.spared():
        testbed.announce(testbed.upload())
    testbed.run_job()
    testbed.work(JOB_RUNS, CHANNEL)
    testbed.spare()


def a_verified_build_runs_instead_of_an_upload(testbed: Testbed) -> None:
    watching_has_begun(testbed)
    with testbed.spared():
        testbed.announce(testbed.upload())
        testbed.run_job()
        testbed.settle()
        testbed.announce(testbed.triggered())
        testbed.wait(20)
        testbed.settle()
    testbed.run_job()
    testbed.work(JOB_RUNS, CHANNEL)
    testbed.spare()


def an_upload_of_before_runs(testbed: Testbed) -> None:
    document = an_upload(1, testbed.clock())
    testbed.cloud.put_build(document)
    for image in document["results"]["images"]:
        testbed.cloud.tag(image["name"], image["digest"])
    testbed.wait(86_400)
    watching_has_begun(testbed)
    testbed.run_job()
    testbed.work(JOB_RUNS, PAST_BUILDS)
    testbed.wait(60)
    testbed.work(JOB_RUNS, CHANNEL)
    testbed.spare()


def a_run_that_no_message_told_is_found(testbed: Testbed) -> None:
    watching_has_begun(testbed)
    with testbed.spared():
        testbed.announce(testbed.upload())
    testbed.store.create(RUNS, "of-long-ago", {"expires": show_time(testbed.clock())}, timeout=10)
    testbed.cloud.run_job(JobPath(PROJECT, REGION, JOB.job), Overrides({}))
    testbed.clock.advance(3_700)
    testbed.sweep()
    testbed.spare()
    testbed.wait(150)  # until the lease of the process that died is over
    testbed.sweep()


def a_record_grows_old(testbed: Testbed) -> None:
    document = testbed.upload()
    testbed.announce(document)
    assert testbed.settle(), "there is a verdict, from which the days are counted"
    testbed.wait(KEPT_WHOLE_FOR.total_seconds() + 60)
    testbed.sweep()
    testbed.announce(document)


def a_green_tells_that_a_red_is_over(testbed: Testbed) -> None:
    with testbed.spared():
        testbed.announce(testbed.upload())
        assert testbed.settle(), "the red one is told"
    a_worker_tries_a_build(testbed)


def a_day_has_its_line(testbed: Testbed) -> None:
    testbed.install()
    with testbed.spared():
        testbed.announce(testbed.upload())
        assert testbed.settle(), "there is a verdict, to be told of"
    testbed.wait(31 * 3_600)
    testbed.sweep()
    testbed.wait(150)  # until the lease of the process that died is over
    testbed.sweep()


def a_worker_is_tried_again(testbed: Testbed) -> None:
    with testbed.spared():
        document = testbed.triggered()
        testbed.announce(document)
        testbed.wait(20)
        assert testbed.settle(), "there is a verdict, to be given again"
    key = BuildKey(PROJECT, REGION, document["id"])
    judge_again(testbed.store, key, "a person", testbed.clock())
    testbed.sweep()
    testbed.wait(20)


@dataclass(frozen=True, slots=True)
class CrashScenario:
    """What happens, and what must come of it."""

    perform: Callable[[Testbed], None]
    verdicts: Mapping[str, int] = field(default_factory=lambda: {"LOCAL_SOURCE": 1})
    """How often each verdict must have been given."""
    executions: int = 0
    others: Mapping[str, int] = field(default_factory=dict)
    """How many entries of other kinds the audit trail must have."""
    is_noticed: bool = False
    """Slack hears of it in a notice, which may come again after an hour."""
    policy: str = ""
    """What policy says beside the usual."""
    publishes: str = ""
    """What policy says of what is published; empty: nothing."""
    is_published: bool = False
    """Verdicts go to a topic, too."""
    published: Mapping[str, int] = field(default_factory=dict)
    """How many announcements of other kinds there must be where verdicts are published."""
    is_handed_out: bool = False
    """Sweeps hand out what is due, and messages bring it."""
    reads_uploads: bool = False
    """What builds were made from is read."""
    is_replied_to: bool = False
    """Something is said of a message that stands, as a reply, once."""
    runs: tuple[int, ...] = ()
    """How often the job must be known to have run each digest, in order; empty: that is not looked at."""
    says: tuple[str, ...] = ()
    """What must be in Slack's messages once."""
    watches: tuple[tuple[str, int, int], ...] = ()
    """How the builds' watches must stand: outcome, runs, and of these those that were read; empty: not looked at."""
    book: tuple[int, ...] = ()
    """How many runs of each digest the book of the job's errors must have."""
    looks_back: bool = False
    """What runs had before the job was watched is read."""
    sayings: int = 0
    """How many messages about watches there must be, each once."""
    parts: int = 1
    """Into so many parts its points are divided: one of them is played in every run, all of them in `make soak`."""
    is_cut: bool = False
    """Its records are so old that only what must stay is left of them."""

    @property
    def has_thread(self) -> bool:
        """Whether something replies to the message about its build: what is said, or a second verdict."""
        return self.is_replied_to or self.sayings > 0 or any(count > 1 for count in self.verdicts.values())


SCENARIOS: Mapping[str, CrashScenario] = {
    "upload": CrashScenario(an_upload_is_announced),
    "worker": CrashScenario(a_worker_tries_a_build, {"VERIFIED": 1}, 1, parts=3),
    "error": CrashScenario(a_worker_logs_an_error, {"FAILED": 1}, 1, parts=4),
    "silent": CrashScenario(a_build_is_silent, parts=4),
    "handed out": CrashScenario(a_silent_build_is_handed_out, is_handed_out=True, parts=4),
    "forged": CrashScenario(a_build_is_forged, {}, others={"unconfirmed": 1}, is_noticed=True, parts=4),
    "malformed": CrashScenario(a_message_is_malformed, {}, others={"quarantined": 1}),
    "published": CrashScenario(an_upload_is_announced, is_published=True),
    "submitter": CrashScenario(a_submitter_is_known, policy="[slack]\nname_submitter = true\n"),
    "upload is read": CrashScenario(an_upload_is_read, others={"upload": 1}, reads_uploads=True, parts=6),
    "reply without reply": CrashScenario(something_is_said_of_a_message, {}, is_replied_to=True, parts=4),
    "runs": CrashScenario(an_upload_runs, others={"running": 1}, runs=(1,), says=("Runs since",), parts=4),
    "found": CrashScenario(
        a_run_that_no_message_told_is_found, others={"running": 1}, runs=(1,), says=("Runs since",), parts=4
    ),
    "over": CrashScenario(
        a_verified_build_runs_instead_of_an_upload,
        {"LOCAL_SOURCE": 1, "VERIFIED": 1},
        1,
        others={"running": 3},
        runs=(1, 1),
        says=("Ran from", "over: "),
        parts=4,
    ),
    "before": CrashScenario(
        an_upload_of_before_runs,
        {},
        others={"running": 1},
        runs=(1,),
        says=("runs an upload",),
        is_noticed=True,
        parts=4,
    ),
    "watch begins": CrashScenario(
        a_new_digest_takes_the_place_of_another,
        {"LOCAL_SOURCE": 2},
        others={"running": 1, "watch-ended": 1},
        runs=(1,),
        watches=(("REPLACED", 12, 12), ("WATCHING", 1, 1)),
        book=(12, 1),
        says=("replaced by",),
        parts=8,
    ),
    "regressed": CrashScenario(
        a_run_shows_a_new_error_and_fails,
        {"LOCAL_SOURCE": 2},
        others={"running": 1, "regressed": 1},
        publishes='publish = ["verdict", "watch"]\n',
        is_published=True,
        published={"regressed": 1},
        runs=(1,),
        watches=(("WATCHING", 12, 12), ("WATCHING", 2, 2)),
        book=(12, 1),
        sayings=1,
        says=("🔴 REGRESSED ·", "🔴 REGRESSED in"),
        parts=8,
    ),
    "read back": CrashScenario(the_time_before_is_read, {}, book=(2, 1), looks_back=True),
    "checkpoint": CrashScenario(
        a_checkpoint_is_reached,
        others={"running": 1, "checkpoint": 1},
        runs=(1,),
        watches=(("WATCHING", 10, 10),),
        book=(1,),
        says=("4 h since",),
        parts=6,
    ),
    "day over": CrashScenario(
        a_day_is_over,
        others={"running": 1, "checkpoint": 1, "watch-ended": 1},
        runs=(1,),
        watches=(("CLEAN", 9, 9),),
        book=(1,),
        says=("1 day since",),
        parts=6,
    ),
    "rolled back": CrashScenario(
        a_job_goes_back_to_what_ran_before,
        {"LOCAL_SOURCE": 2},
        others={"running": 5, "watch-ended": 2},
        runs=(1, 2),
        watches=(("WATCHING", 2, 2), ("ROLLED_BACK", 1, 1)),
        book=(1, 1, 1),
        parts=8,
    ),
    "recovered": CrashScenario(
        what_was_wrong_is_over,
        {"LOCAL_SOURCE": 1, "VERIFIED": 1},
        1,
        others={"running": 1, "checkpoint": 1},
        runs=(1,),
        watches=(("WATCHING", 10, 10),),
        book=(1,),
        sayings=1,
        says=("✅ recovered", "over: "),
        parts=6,
    ),
    "day": CrashScenario(
        a_day_has_its_line,
        is_noticed=True,
        policy='[slack]\ndaily = "09:00"\n',
        says=("Yesterday, Mon 23 Nov, since 02:00: 1 build, 0 right, 1 red, 0 open.",),
        parts=4,
    ),
    "green after red": CrashScenario(
        a_green_tells_that_a_red_is_over,
        {"LOCAL_SOURCE": 1, "VERIFIED": 1},
        1,
        policy='[slack]\nverified = "changes"\n',
        parts=4,
    ),
    "cut": CrashScenario(a_record_grows_old, is_cut=True, parts=3),
    "worker tried again": CrashScenario(a_worker_is_tried_again, {"VERIFIED": 2}, 2, parts=4),
    "superseded": CrashScenario(another_build_moves_the_tag, {"LOCAL_SOURCE": 1, "INCONCLUSIVE": 1}, 1, parts=3),
    "quota": CrashScenario(a_quota_is_used_up, {"VERIFIED": 1}, 1, parts=3),
    "start without reply": CrashScenario(the_reply_to_a_start_is_lost, {"VERIFIED": 1}, 1, parts=4),
    "post without reply": CrashScenario(the_reply_to_a_post_is_lost, parts=3),
}
