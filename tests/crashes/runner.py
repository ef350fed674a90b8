"""Runs scenarios, and checks what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from tests.crashes.crash_point import CrashMoment
from tests.crashes.processes import ForkServer
from tests.crashes.scenarios import SCENARIOS, CrashScenario
from tests.crashes.testbed import PINNED, POLICY, STANDS, Emulators, Testbed, a_testbed
from tests.crashes.verdict_topic import VerdictTopicReader
from tests.crashes.watch_ledger import runs_in_book, watches_of
from tests.story.harness import JOB

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ScenarioRunner:
    """One scenario after the other, each in a testbed of its own."""

    fork_server: ForkServer
    firestore: str
    folder: Path
    topic: Callable[[], VerdictTopicReader]
    """Asked for by the scenarios whose verdicts are published."""

    def run(self, name: str, crash: tuple[int, CrashMoment] | None = None) -> list[str]:
        """Run a scenario with this crash in it. Returns the calls of the first process when it was not killed.

        Raises AssertionError when not all is as it must be in the end.
        """
        scenario = SCENARIOS[name]
        topic = self.topic() if scenario.is_published else None
        emulators = Emulators(self.firestore, topic.emulator if topic else "")
        called = topic.name if topic else ""
        with a_testbed(
            self.fork_server,
            emulators,
            self.folder,
            policy=scenario.publishes + POLICY + scenario.policy,
            topic=called,
            hands_out=scenario.is_handed_out,
            reads_uploads=scenario.reads_uploads,
            looks_at_runs=bool(scenario.runs),
            looks_at_watches=bool(scenario.watches),
            looks_back=scenario.looks_back,
            crash=crash,
        ) as testbed:
            scenario.perform(testbed)
            is_settled = testbed.settle()
            where = f"{name}, killed at call {crash} {testbed.crashes}"
            assert is_settled, where
            assert len(testbed.crashes) == (crash is not None), where
            _check(scenario, testbed, where)
            if topic:
                assert topic.received() == Counter(scenario.verdicts) + Counter(scenario.published), where
            return testbed.calls


def _check(scenario: CrashScenario, testbed: Testbed, where: str) -> None:
    given = sum(scenario.verdicts.values())
    told = testbed.told()
    verdicts = {key: times for key, times in told.items() if "/builds/" in key}
    replies = [message for message in testbed.slack.messages if message.thread]
    sayings = {key: times for key, times in told.items() if key.startswith(f"{JOB.resource}@")}
    others = told.keys() - verdicts.keys() - sayings.keys() - {STANDS, PINNED}
    notices = [time for key in others for time in told[key]]
    assert testbed.verdicts() == scenario.verdicts, where
    kinds = testbed.kinds()
    if not scenario.watches:
        # The watch of what ran before ends when its runs' logs were read: a crash may make it late enough for that.
        assert kinds.pop("watch-ended", 0) <= len(scenario.runs), where
    assert kinds == Counter(verdict=given) + Counter(scenario.others), (where, kinds)
    assert testbed.known() == [], where  # a build's own errors are never taken for an earlier one's
    assert testbed.faults.calls.count("RunJob") == scenario.executions, where
    assert Counter(key.rpartition("@")[2].partition("#")[0] for key in verdicts) == scenario.verdicts, where
    assert all(len(times) == 1 for times in verdicts.values()), where
    assert testbed.cut() == ({True} if scenario.is_cut else {False} if given else set()), where
    assert bool(notices) == scenario.is_noticed, where
    assert [len(times) for times in sayings.values()] == [1] * scenario.sayings, (where, sayings)
    assert len(told.get(PINNED, [])) == scenario.is_replied_to, where
    assert bool(replies) == scenario.has_thread, where
    assert all("Uploaded: " in message.text for message in testbed.slack.messages if scenario.reads_uploads), where
    texts = "\n".join(message.text for message in testbed.slack.messages)
    assert [texts.count(text) for text in scenario.says] == [1] * len(scenario.says), where
    if scenario.runs:
        assert [runs.runs for runs in testbed.job().digests if runs.runs] == list(scenario.runs), where
    if scenario.watches:
        assert watches_of(testbed.store, given) == list(scenario.watches), where
    if scenario.watches or scenario.looks_back:
        assert runs_in_book(testbed.store) == list(scenario.book), where
    assert all(later - sooner >= HOUR for sooner, later in pairwise(notices)), where
