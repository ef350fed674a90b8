"""Where policy lets greens rest, the first one after a red of the same image is posted, and no other, whatever dies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from tests.unit.builders import IMAGE, POLICY, judged, pushed, uploaded
from tests.unit.controller.world import CHANNEL, NOW, SOON, World, world
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Greens, Policy
from verifier.checks.verdict import Verdict
from verifier.controller.attempt import Attempt
from verifier.controller.ledger import MARKS, Record, State, settled
from verifier.controller.notes import Noted, note_on
from verifier.controller.notify import channel_of_message
from verifier.controller.slack.greens import RedImage, name_of_image, with_green, with_red
from verifier.facts.build import Build
from verifier.services import Document

__all__ = ["world"]

CHANGES = replace(POLICY, verified=Greens.CHANGES)
MINUTE = timedelta(minutes=1)
GREEN, RED = Verdict.VERIFIED, Verdict.FAILED


class JudgedInTurn:
    """Builds that are judged one after the other; each says where its message is to stand."""

    def __init__(self, world: World, policy: Policy = CHANGES) -> None:
        self.world, self.policy = world, policy
        self.numbers, self.attempts = count(1), dict[int, tuple[Attempt, Build, Judgement]]()

    def judge(self, verdict: Verdict, *images: str, thread: str = "") -> str | None:
        number = next(self.numbers)
        pushes = [{"name": f"{one}:latest", "digest": f"sha256:{number:064x}"} for one in images or (IMAGE,)]
        identity = f"4e841fcb-0000-4000-8000-{number:012d}"
        build = pushed(id=identity, name="", results={"images": pushes})
        _, _, judgement = judged(build)
        judgement = replace(judgement, verdict=verdict, decided=NOW + number * MINUTE)
        attempt = self.world.attempt(
            Record(build.key, NOW, thread=thread, channel="C-THREAD" * bool(thread)), self.policy
        )
        self.attempts[number] = attempt, build, judgement
        return channel_of_message(attempt, build, judgement)

    def again(self, number: int) -> str | None:
        """Let another process take that build up, as it was judged."""
        attempt, build, judgement = self.attempts[number]
        return channel_of_message(self.world.again(attempt.key, self.policy), build, judgement)


def _marks(world: World) -> dict[str, Document]:
    name = name_of_image(IMAGE)
    stored = world.store.read(MARKS, name, timeout=SOON)
    return {name: stored.document} if stored else {}


def test_the_first_green_after_a_red_is_posted_and_the_others_rest(world: World) -> None:
    told = JudgedInTurn(world)
    assert [told.judge(verdict) for verdict in (GREEN, RED, RED, GREEN, GREEN, RED, GREEN, GREEN)] == [
        None,
        CHANNEL,
        CHANNEL,
        CHANNEL,
        None,
        CHANNEL,
        CHANNEL,
        None,
    ]


def test_it_is_the_same_one_however_often_it_and_the_red_are_taken_up(world: World) -> None:
    told = JudgedInTurn(world)
    for verdict in (RED, GREEN, GREEN):
        told.judge(verdict)
    for _ in range(2):
        assert [told.again(number) for number in (1, 2, 3)] == [CHANNEL, CHANNEL, None]
    assert told.judge(GREEN) is None


def test_each_image_has_its_own_red_and_green(world: World) -> None:
    told = JudgedInTurn(world)
    assert told.judge(RED, "pkg/a", "pkg/b") == CHANNEL
    assert told.judge(GREEN, "pkg/c") is None
    assert told.judge(GREEN, "pkg/a") == CHANNEL
    assert told.judge(GREEN, "pkg/a") is None
    assert told.judge(GREEN, "pkg/a", "pkg/b") == CHANNEL
    assert told.judge(GREEN, "pkg/b") is None


def test_what_is_neither_red_nor_green_changes_nothing(world: World) -> None:
    told = JudgedInTurn(world)
    told.judge(RED)
    assert told.judge(Verdict.INCONCLUSIVE) == CHANNEL
    assert told.judge(Verdict.EXEMPT) is None
    assert told.judge(GREEN) == CHANNEL
    assert told.judge(Verdict.INCONCLUSIVE) == CHANNEL
    assert told.judge(GREEN) is None


def test_a_red_that_nobody_heard_of_has_no_green(world: World) -> None:
    told = JudgedInTurn(world, replace(CHANGES, posts=frozenset({Verdict.LOCAL_SOURCE})))
    assert told.judge(RED) is None
    assert told.judge(GREEN) is None


def test_what_is_judged_anew_replies_all_the_same_and_is_the_green_that_tells(world: World) -> None:
    told = JudgedInTurn(world)
    told.judge(RED)
    assert told.judge(GREEN, thread="1795400000.000100") == "C-THREAD"
    assert told.judge(GREEN) is None
    assert told.judge(GREEN, thread="1795400000.000200") == "C-THREAD"


def test_under_another_policy_the_ledger_is_asked_nothing(world: World) -> None:
    told = JudgedInTurn(world, replace(POLICY, verified=Greens.NONE))
    assert [told.judge(verdict) for verdict in (RED, GREEN)] == [CHANNEL, None]
    told = JudgedInTurn(world, POLICY)
    told.numbers = count(7)
    assert [told.judge(verdict) for verdict in (RED, GREEN)] == [CHANNEL, None]
    assert _marks(world) == {}


def test_a_mark_that_cannot_be_read_is_as_if_there_had_been_no_red(world: World) -> None:
    told = JudgedInTurn(world)
    told.judge(RED)
    [(name, document)] = _marks(world).items()
    stored = world.store.read(MARKS, name, timeout=SOON)
    assert stored is not None
    world.store.replace(MARKS, name, {**document, "decided": "yesterday"}, stored.revision, timeout=SOON)
    assert told.judge(GREEN) is None
    assert told.judge(RED) == CHANNEL
    assert told.judge(GREEN) == CHANNEL


@pytest.mark.parametrize("order", [("red", "green"), ("green", "red")])
def test_a_green_that_was_decided_before_the_red_does_not_end_it(order: tuple[str, str]) -> None:
    red, known = RedImage("a", NOW), None
    for what in order:
        known = with_red(known, "a", NOW) if what == "red" else with_green(known, "b", NOW - MINUTE)
    assert known == red


def test_a_red_that_comes_late_changes_nothing_and_a_later_one_begins_anew() -> None:
    over = with_green(with_red(None, "a", NOW), "b", NOW + MINUTE)
    assert over == RedImage("a", NOW, "b")
    assert with_red(over, "late", NOW - MINUTE) == over
    assert with_red(over, "a", NOW + 9 * MINUTE) == over
    assert with_red(over, "later", NOW + 2 * MINUTE) == RedImage("later", NOW + 2 * MINUTE)


def test_a_note_on_a_green_that_rests_is_no_edit_and_no_message(world: World) -> None:
    build = pushed()
    _, _, judgement = judged(build)
    record = Record(build.key, NOW, build=build.document, judgement=replace(judgement, verdict=GREEN))
    world.put(settled(record, State.DONE))
    note = {"kind": "watch", "key": "watch/job", "said": "4 h since: 8 runs"}
    assert note_on(world.deployment(CHANGES), build.key, note, world.budget()) is Noted.NO_MESSAGE
    assert (world.edited, world.messages) == ([], [])


def test_an_upload_of_the_same_image_is_a_red_too(world: World) -> None:
    told = JudgedInTurn(world)
    build = uploaded()
    _, _, judgement = judged(build)
    attempt = world.attempt(Record(build.key, NOW), CHANGES)
    assert channel_of_message(attempt, build, judgement) == CHANNEL
    assert told.judge(GREEN) == CHANNEL
