"""What happens around the function before time goes on, play by play, and what must have come of it in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.crashes.documents import an_upload, pushed_text
from tests.crashes.stage import Stage
from tests.story.town import PROJECT
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.faults import Fault
from verifier.times import parse_time


def an_upload_is_announced(stage: Stage) -> None:
    stage.announce(stage.upload())


def a_worker_tries_a_build(stage: Stage) -> None:
    stage.announce(stage.triggered())
    stage.wait(20)


def a_build_is_silent(stage: Stage) -> None:
    stage.install()
    stage.clock.advance(30)
    stage.upload()
    stage.wait(150)
    stage.sweep()


def a_build_is_forged(stage: Stage) -> None:
    stage.announce(an_upload(404, stage.clock()))
    stage.wait(16 * 60)
    stage.sweep()


def a_message_is_malformed(stage: Stage) -> None:
    stage.deliver("/builds", pushed_text(b"{", "99"))


def a_submitter_is_known(stage: Stage) -> None:
    document = stage.upload()
    created = parse_time(document["createTime"])
    entry = create_build_entry(PROJECT, document["id"], created, "ana@vividly.example", "gcloud.builds.submit")
    stage.cloud.put_entries([entry])
    stage.announce(document)


def another_build_moves_the_tag(stage: Stage) -> None:
    tested = stage.triggered()
    stage.announce(stage.upload())
    stage.announce(tested)
    stage.wait(20)


def the_reply_to_a_start_is_lost(stage: Stage) -> None:
    stage.faults.add(Fault("RunJob", "after"))
    a_worker_tries_a_build(stage)


def the_reply_to_a_post_is_lost(stage: Stage) -> None:
    stage.faults.add(Fault("chat.postMessage", "after", status="500"))
    an_upload_is_announced(stage)


@dataclass(frozen=True, slots=True)
class Play:
    """One play."""

    perform: Callable[[Stage], None]
    verdicts: Mapping[str, int] = field(default_factory=lambda: {"LOCAL_SOURCE": 1})
    """How often each verdict must have been given."""
    executions: int = 0
    others: Mapping[str, int] = field(default_factory=dict)
    """How many entries of other kinds the audit trail must have."""
    is_noticed: bool = False
    """Slack hears of it in a notice, which may come again after an hour."""
    policy: str = ""
    """What policy says beside the usual."""
    is_published: bool = False
    """Verdicts go to a topic, too."""


PLAYS: Mapping[str, Play] = {
    "upload": Play(an_upload_is_announced),
    "worker": Play(a_worker_tries_a_build, {"VERIFIED": 1}, 1),
    "silent": Play(a_build_is_silent),
    "forged": Play(a_build_is_forged, {}, others={"unconfirmed": 1}, is_noticed=True),
    "malformed": Play(a_message_is_malformed, {}, others={"quarantined": 1}),
    "published": Play(an_upload_is_announced, is_published=True),
    "submitter": Play(a_submitter_is_known, policy="[slack]\nname_submitter = true\n"),
    "superseded": Play(another_build_moves_the_tag, {"LOCAL_SOURCE": 1, "INCONCLUSIVE": 1}, 1),
    "start without reply": Play(the_reply_to_a_start_is_lost, {"VERIFIED": 1}, 1),
    "post without reply": Play(the_reply_to_a_post_is_lost),
}
