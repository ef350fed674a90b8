"""Which red messages are of one kind, and which of them is the first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.builders import DECIDED, POLICY, judged, pushed, uploaded
from verifier.checks.policy import Policy, Route
from verifier.checks.verdict import Verdict
from verifier.controller.slack.channel_state import ChannelState
from verifier.controller.slack.folding import FurtherRed, entered, folded, kind_of, red_messages

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CHANNEL = ChannelState("C0BUILDS01")
FOLDS = replace(POLICY, fold=HOUR)


def kind(policy: Policy = FOLDS, **changes: Any) -> str:
    build, _, judgement = judged(uploaded(**changes))
    return kind_of(build, judgement, policy)


def test_reds_on_one_image_with_one_verdict_and_mention_are_of_one_kind() -> None:
    assert kind() == kind(id="another", substitutions={})
    other_image: dict[str, Any] = {
        "results": {"images": [{"name": "us-docker.pkg.dev/p/r/other:latest", "digest": "sha256:aa"}]}
    }
    called = replace(FOLDS, routes=(Route(mention="here"),))
    assert len({kind(), kind(**other_image), kind(called)}) == 3


def test_another_verdict_is_of_another_kind() -> None:
    build, _, judgement = judged(uploaded())
    assert kind_of(build, replace(judgement, verdict=Verdict.FAILED), FOLDS) not in ("", kind())


def test_what_is_not_red_has_no_image_or_is_to_stand_by_itself_folds_with_nothing() -> None:
    build, _, judgement = judged(pushed())
    assert kind_of(build, replace(judgement, verdict=Verdict.INCONCLUSIVE), FOLDS) == ""
    assert kind(results={}) == ""
    assert kind(POLICY) == ""


def test_a_further_one_knows_the_first_and_its_own_number_however_often_it_is_entered() -> None:
    state = entered(CHANNEL, "kind", "a", DECIDED, HOUR)
    for minutes, build in ((5, "b"), (9, "c"), (10, "b")):
        state = entered(state, "kind", build, DECIDED + minutes * MINUTE, HOUR)
    assert folded(state, "kind", "a") is None
    assert folded(state, "kind", "b") == FurtherRed("a", 2, DECIDED)
    assert folded(state, "kind", "c") == FurtherRed("a", 3, DECIDED)
    assert folded(state, "other", "b") is None


def test_after_the_hour_another_one_is_the_first() -> None:
    state = entered(CHANNEL, "kind", "a", DECIDED, HOUR)
    state = entered(state, "kind", "b", DECIDED + HOUR, HOUR)
    assert folded(state, "kind", "b") is None
    assert [one.builds for one in red_messages(state)] == [("b",)]


@pytest.mark.parametrize("stored", ["", "[", "3", '[["kind"]]', '[["kind", "yesterday", []]]'])
def test_what_can_not_be_read_is_as_if_there_had_been_none(stored: str) -> None:
    state = entered(replace(CHANNEL, reds=stored), "kind", "a", DECIDED, HOUR)
    assert [one.builds for one in red_messages(state)] == [("a",)]


def test_the_channels_document_stays_small() -> None:
    state = CHANNEL
    for number in range(500):
        state = entered(state, f"kind-{number % 60}", f"{number:064x}", DECIDED, HOUR)
    assert len(state.reds) < 40_000
