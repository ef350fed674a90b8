"""The story through the real Pub/Sub emulator, while the function is killed again and again amid its work."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from tests.busy import LONG_SECONDS
from tests.crashes.documents import a_triggered_build
from tests.duplicates.accelerated import SINCE, fast_clock
from tests.duplicates.restartable import RestartableFunction, a_restartable_function
from tests.duplicates.subscriptions import Subscriptions, push_subscriptions
from verifier.adapters.firestore import FirestoreStore
from verifier.cli.demo_play import differences
from verifier.controller.ledger import BUILDS
from verifier.demo.scenario import JOB, NUMBER, POLICY, PROJECT, REGION, story
from verifier.demo.stage import Stage
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.services import Store
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.function import Function
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.push import Pusher
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.standin.storage import StorageStandIn
from verifier.times import show_time

KILLS = 5
BYSTANDERS = 10
"""Builds of another trigger that end with each new life of the function, so that it is never idle."""
TICK_SECONDS = 0.02


@dataclass
class InterruptedDemo:
    """The demo's stage, and a function that is killed on it."""

    stage: Stage
    restartable: RestartableFunction
    faults: Faults
    now: Callable[[], Any]
    letters: Subscriptions
    store: Store
    bystanders: set[str] = field(default_factory=set)
    _dice: random.Random = field(default_factory=lambda: random.Random(7))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))
    _next_kill: float = inf

    def add_bystanders(self) -> None:
        """Let some builds end that are not in the demo, and choose when to kill the function."""
        for _ in range(BYSTANDERS):
            document = a_triggered_build(next(self._numbers), self.now())
            document |= {"buildTriggerId": "another", "images": [], "results": {}}
            document["substitutions"] |= {"TRIGGER_NAME": "another"}
            self.bystanders.add(document["id"])
            self.stage.play(document, None, announced=True)
        self._next_kill = len(self.faults.calls) + self._dice.randint(5, 40)

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait until it happened, killing and restarting the function meanwhile."""
        patience = time.monotonic() + LONG_SECONDS
        while not happened():
            assert time.monotonic() < patience, self.account()
            if self.restartable.kills < KILLS and len(self.faults.calls) >= self._next_kill:
                self.restartable.kill()
                self.restartable.start()
                self.add_bystanders()
            time.sleep(TICK_SECONDS)

    def account(self) -> str:
        """Return what is known of builds without a verdict, what was given up, and which calls were made."""
        waiting = (self.bystanders | {one.build_id for one in story(self.now())}) - {
            build for build, _ in self.verdicts()
        }
        records = {
            build: self.store.read(BUILDS, BuildKey(PROJECT, REGION, build).digest, timeout=10) for build in waiting
        }
        return f"{records} {self.letters.dead_letters()} {Counter(self.faults.calls)}"

    def verdicts(self) -> Counter[tuple[str, str]]:
        """Return how often each build was given each verdict."""
        return Counter((one.build_id, one.verdict) for one in self.stage.decided())


@pytest.fixture
def demo(firestore_emulator: str, pubsub_emulator: str, project: str, tmp_path: Path) -> Iterator[InterruptedDemo]:
    since = system_clock()
    now, faults = fast_clock(since), Faults()
    cloud = Cloud(now)
    (tmp_path / "policy.toml").write_text(POLICY)
    with ExitStack() as stack:
        google = stack.enter_context(GoogleStandIn(cloud, faults))
        slack = stack.enter_context(SlackStandIn(faults, now))
        letters = stack.enter_context(push_subscriptions(pubsub_emulator, project))
        settings = {
            SINCE: show_time(since),
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_HOME_PROJECT": project,
            "VERIFIER_POLICY": str(tmp_path / "policy.toml"),
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        }
        restartable = stack.enter_context(a_restartable_function(settings, tmp_path / "function.log"))
        letters.make(restartable.url)
        function = Function(restartable.url, restartable.log, restartable.process)
        storage = stack.enter_context(StorageStandIn(faults))
        dice = random.Random(85)
        stage = Stage(cloud, slack, function, cast(Pusher, letters), dice, tmp_path, google.address, storage)
        stack.enter_context(_going(stage))
        channel = stack.enter_context(grpc.insecure_channel(firestore_emulator))
        yield InterruptedDemo(stage, restartable, faults, now, letters, FirestoreStore(project, channel=channel))


@contextmanager
def _going(stage: Stage) -> Iterator[None]:
    around = threading.Thread(target=stage.keep_going)
    around.start()
    try:
        yield
    finally:
        stage.leave()
        around.join()


@pytest.mark.timeout(1200)
def test_a_function_killed_again_and_again_ends_the_story_right_and_no_letter_dies(demo: InterruptedDemo) -> None:
    stage, episodes, runs = demo.stage, story(demo.now()), 0
    demo.until(lambda: "sweep completed" in demo.restartable.log.read_text(errors="replace"))
    demo.add_bystanders()
    for number in range(len(episodes)):
        episode = story(demo.now())[number]
        stage.play(episode.document, (JobName(PROJECT, REGION, JOB), episode.script), announced=episode.announced)
        runs += "buildTriggerId" in episode.document
        demo.until(lambda: demo.faults.calls.count("RunJob") == runs)  # noqa: B023 - asked within the round
    told = {episode.build_id for episode in episodes}
    demo.until(lambda: told | demo.bystanders <= {one.build_id for one in stage.decided()})
    demo.until(lambda: len(stage.slack.messages) >= len(episodes) and demo.restartable.kills == KILLS)
    decided = [one for one in stage.decided() if one.build_id not in demo.bystanders]
    assert differences(episodes, decided, stage.told()) == []
    assert set(demo.verdicts().values()) == {1}
    assert {verdict for build, verdict in demo.verdicts() if build in demo.bystanders} == {"VERIFIED"}
    assert demo.faults.calls.count("RunJob") == runs
    assert demo.letters.dead_letters() == []
