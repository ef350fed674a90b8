"""A crash at any outward call, before it or after its effect: every build still gets one verdict, told once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.story.crashing import Crash, Death, make_mortal
from tests.story.town import Town, a_town
from verifier.build import BuildKey
from verifier.local.sqlite import SqliteStore


def delivered(deliver: Callable[[BuildKey], None], key: BuildKey) -> None:
    """What is not acknowledged is delivered again."""
    try:
        deliver(key)
    except Crash:
        deliver(key)


def an_upload(town: Town) -> BuildKey:
    key = town.upload()
    delivered(town.announce, key)
    return key


def a_trial(town: Town) -> BuildKey:
    key = town.triggered()
    delivered(town.announce, key)
    town.clock.advance(20)
    delivered(town.finish, key)
    return key


def a_silent_build(town: Town) -> BuildKey:
    town.clock.advance(60)
    return town.upload()


PLAYS: dict[str, tuple[Callable[[Town], BuildKey], str, int]] = {
    "upload": (an_upload, "LOCAL_SOURCE", 0),
    "worker": (a_trial, "VERIFIED", 1),
    "silent": (a_silent_build, "LOCAL_SOURCE", 0),
}


def play(folder: Path, name: str, death: Death) -> Town:
    """The play with this death in it, then an hour of sweeps in which the dead stay dead."""
    perform, verdict, executions = PLAYS[name]
    store = SqliteStore(folder / f"{name}-{death.at}-{death.after}.sqlite")
    with a_town(store) as town:
        town.sweep()
        make_mortal(town, death)
        key = perform(town)
        for _ in range(45):
            town.clock.advance(60)
            with contextlib.suppress(Crash):
                town.sweep()
        where = death.calls[death.at - 1] if death.at else "nowhere"
        assert town.record(key).state == "done", where
        assert town.verdict(key) == verdict, where
        assert len(town.cloud.audit_entries()) == 1, where
        assert len(town.slack.messages) == 1, where
        assert town.calls("RunJob") == executions, where
    store.close()
    return town


@pytest.mark.parametrize("name", PLAYS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after its effect"])
def test_a_crash_at_any_call_loses_nothing_and_repeats_nothing(tmp_path: Path, name: str, after: bool) -> None:
    alive = Death()
    play(tmp_path, name, alive)
    until_done = alive.calls.index("chat.post") + 2
    assert until_done > 5
    for at in range(1, until_done + 1):
        play(tmp_path, name, Death(at, after))
