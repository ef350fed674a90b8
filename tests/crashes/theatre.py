"""Where plays are performed, and what is looked at when they are over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from tests.crashes.death import Moment
from tests.crashes.nursery import Zygote
from tests.crashes.plays import PLAYS, Play
from tests.crashes.stage import POLICY, Emulators, Stage, a_stage
from tests.crashes.topic import Topic

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Theatre:
    """One play after the other, each on a stage of its own."""

    zygote: Zygote
    firestore: str
    folder: Path
    topic: Callable[[], Topic]
    """Asked for by the plays whose verdicts are published."""

    def perform(self, name: str, death: tuple[int, Moment] | None = None) -> list[str]:
        """Perform a play with this death in it. Answers with the calls of the first process when it lived.

        Raises AssertionError when not all is as it must be in the end.
        """
        play = PLAYS[name]
        topic = self.topic() if play.is_published else None
        emulators = Emulators(self.firestore, topic.emulator if topic else "")
        called = topic.name if topic else ""
        with a_stage(
            self.zygote, emulators, self.folder, policy=POLICY + play.policy, topic=called, death=death
        ) as stage:
            play.perform(stage)
            is_settled = stage.settle()
            where = f"{name}, killed at call {death} {stage.deaths}"
            assert is_settled, where
            assert len(stage.deaths) == (death is not None), where
            _look(play, stage, where)
            if topic:
                assert topic.heard() == [*play.verdicts], where
            return stage.calls


def _look(play: Play, stage: Stage, where: str) -> None:
    given = sum(play.verdicts.values())
    told = stage.told()
    verdicts = {key: times for key, times in told.items() if "/builds/" in key}
    notices = [time for key in told.keys() - verdicts.keys() for time in told[key]]
    assert stage.verdicts() == play.verdicts, where
    assert stage.kinds() == Counter(verdict=given) + Counter(play.others), where
    assert stage.faults.calls.count("RunJob") == play.executions, where
    assert Counter(key.rpartition("@")[2] for key in verdicts) == play.verdicts, where
    assert all(len(times) == 1 for times in verdicts.values()), where
    assert bool(notices) == play.is_noticed, where
    assert all(later - sooner >= HOUR for sooner, later in pairwise(notices)), where
