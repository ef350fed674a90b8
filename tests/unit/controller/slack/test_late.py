"""Which of the messages that Slack missed are still news: a row a night."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.controller.world import NOW
from verifier.checks.verdict import Verdict
from verifier.controller.slack.late import MissedMessage, still_red

WORKER, API = frozenset({"pkg/worker"}), frozenset({"pkg/api"})
LOCAL, FAILED, VERIFIED = Verdict.LOCAL_SOURCE, Verdict.FAILED, Verdict.VERIFIED


def missed(*messages: tuple[Verdict | None, frozenset[str]]) -> list[MissedMessage]:
    """Return messages a minute apart, named 0, 1, 2, …"""
    return [
        MissedMessage(str(number), NOW + timedelta(minutes=number), verdict, images)
        for number, (verdict, images) in enumerate(messages)
    ]


@pytest.mark.parametrize(
    ("night", "red"),
    [
        ([], []),
        ([(LOCAL, WORKER)], ["0"]),
        ([(LOCAL, WORKER), (LOCAL, WORKER), (FAILED, WORKER)], ["2"]),
        ([(LOCAL, WORKER), (VERIFIED, WORKER)], []),
        ([(VERIFIED, WORKER), (LOCAL, WORKER)], ["1"]),
        ([(LOCAL, WORKER), (VERIFIED, API)], ["0"]),
        ([(LOCAL, WORKER), (FAILED, API)], ["0", "1"]),
        ([(LOCAL, WORKER), (Verdict.INCONCLUSIVE, WORKER)], ["0"]),
        ([(LOCAL, WORKER), (Verdict.EXEMPT, WORKER)], []),
        ([(LOCAL, WORKER), (None, WORKER)], ["0"]),
        ([(Verdict.INCONCLUSIVE, WORKER), (Verdict.EXEMPT, API), (None, frozenset())], []),
        ([(LOCAL, frozenset()), (LOCAL, frozenset()), (VERIFIED, frozenset())], ["0", "1"]),
        ([(LOCAL, WORKER), (LOCAL, WORKER | API)], ["0", "1"]),
    ],
    ids=[
        "nothing",
        "one-red",
        "the-last-of-three",
        "not-red-any-more",
        "red-again",
        "green-of-another",
        "two-images",
        "what-is-open-replaces-nothing",
        "exempt-now",
        "what-was-not-built-replaces-nothing",
        "nothing-red",
        "what-pushed-nothing-is-replaced-by-nothing",
        "other-images",
    ],
)
def test_what_was_replaced_is_not_red_any_more(
    night: list[tuple[Verdict | None, frozenset[str]]], red: list[str]
) -> None:
    assert still_red(missed(*night)) == set(red)
    assert still_red(reversed(missed(*night))) == set(red), "whatever the order in which they are listed"
