"""Whatever a job runs, and whatever is lost meanwhile: in the end the audit trail and the messages say what ran."""

from __future__ import annotations

from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.effort import EXAMPLES
from tests.properties.fickle import MOODS, SOUND, FickleStore
from tests.unit.builders import IMAGE, judged, pushed, uploaded
from tests.unit.controller.world import CHANNEL, NOW, SOON, World
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.job_runs import JobRuns
from verifier.checks.run_count import counted
from verifier.checks.running import UNTIED_FOR
from verifier.config import Watched
from verifier.controller.ledger import Record, State, settled
from verifier.controller.runs.job_work import told
from verifier.controller.runs.tell import tie_and_tell
from verifier.controller.says import SAYINGS
from verifier.controller.work import WorkContext, do_work
from verifier.errors import Unavailable
from verifier.facts.build import Build, BuildKey
from verifier.facts.execution import JobName
from verifier.facts.run import EndedRun, RunKind, RunOutcome
from verifier.services import Document
from verifier.times import parse_time, show_time

JOB = JobName("vividly-dev", "us-central1", "dev-vividly-content-worker")
WATCHED = Watched(projects={"vividly-dev": ""}, locations=frozenset({"us-central1"}))
GREEN, RED, OTHER_RED, NOBODYS = (f"sha256:{letter * 64}" for letter in "abcd")
DIGESTS = (GREEN, RED, OTHER_RED, NOBODYS)

RUN = st.tuples(
    st.just("run"), st.sampled_from(DIGESTS), st.sampled_from([0, 0, 0, 7, 90]), st.sampled_from(list(RunKind))
)
STEP = st.tuples(
    st.just("step"), st.sampled_from([*[SOUND] * 6, *MOODS]), st.integers(0, 15), st.sampled_from([1, 2, 15, 15])
)
WAIT = st.tuples(st.just("wait"), st.sampled_from([1, 20, 200]), st.just(0), st.just(0))
EVENTS = st.lists(st.one_of(RUN, STEP, STEP, WAIT), min_size=1, max_size=30)


class WatchedJob:
    """A job, what is known of it, and the world that hears of it."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = FickleStore(store)
        self.world = World(self.store)
        self.job = JobRuns(JOB, NOW - timedelta(days=1))
        self.runs = 0
        self.reds = {
            RED: self._put(uploaded(id="red", name=""), RED),
            OTHER_RED: self._put(uploaded(id="other", name=""), OTHER_RED),
        }
        self._put(pushed(id="green", name=""), GREEN)

    def _put(self, build: Build, digest: str) -> BuildKey:
        """Let the ledger have a judged build whose message stands in Slack."""
        build, _, judgement = judged(build)
        document = {**build.document, "results": {"images": [{"name": IMAGE, "digest": digest}]}}
        kept = Record(build.key, NOW, build=document, images=(digest,), judgement=judgement, told=True, ts="17.1")
        self.world.put(settled(replace(kept, channel=CHANNEL), State.DONE))
        return build.key

    def run(self, digest: str, minutes_ago: int, kind: RunKind) -> None:
        """Count a run that was created so long ago."""
        self.runs += 1
        created = self.world.clock() - timedelta(minutes=minutes_ago)
        execution = f"{JOB.resource}/executions/run-{self.runs}"
        run = EndedRun(execution, JOB, digest, IMAGE, created, created, RunOutcome.SUCCEEDED, kind)
        self.job = counted(self.job, run)

    def step(self, mood: str, *, is_lost: bool) -> None:
        """Take a step with a ledger of this mood; where it is lost, what it returned is never saved."""
        self.store.be(mood)
        with suppress(Unavailable):
            after = tie_and_tell(self.job, self.world.deployment(), WATCHED, self.world.budget())
            if not is_lost:
                self.job = told(self.job, self.job, after)
        self.store.be(SOUND)

    def settle(self) -> None:
        """Let all that is to be told be told."""
        self.world.clock.advance(2 * UNTIED_FOR.total_seconds())
        for _ in range(3):
            for name, _ in self.store.due("past", "9999", 9, timeout=SOON):
                do_work("past", name, WorkContext(self.world.deployment(), WATCHED, self.world.budget()))
            for _ in range(40):
                before = self.job
                self.step(SOUND, is_lost=False)
                if replace(self.job, tell=None) == replace(before, tell=None):
                    break
            else:
                raise AssertionError("expected an end of steps")
            self.world.clock.advance(3600)

    def heard(self) -> dict[str, list[tuple[str, datetime]]]:
        """Return what the audit trail says of each digest, in the order in which it was first said."""
        found: dict[str, list[tuple[str, datetime]]] = {}
        for (_, time), payload in self.world.trail.items():
            found.setdefault(str(payload["digest"]), []).append((str(payload["event"]), time))
        return found

    def notes(self, key: BuildKey) -> list[Document]:
        return [note for note in self.world.record(key).notes if note["kind"] == "runs"]


@settings(max_examples=EXAMPLES)
@given(events=EVENTS)
def test_in_the_end_everybody_has_heard_once_what_ran(events: list[tuple[str, object, object, object]]) -> None:
    with closing(SqliteStore(":memory:")) as store:
        watched = WatchedJob(store)
        for event in events:
            match event:
                case ("run", str(digest), int(ago), RunKind() as kind):
                    watched.run(digest, ago, kind)
                case ("step", str(mood), int(bad), int(count)):
                    # All goes well before the bad one; nothing is done after it.
                    for number in range(min(count, bad + 1)):
                        watched.step(mood if number == bad else SOUND, is_lost=number == bad)
                case ("wait", int(minutes), _, _):
                    watched.world.clock.advance(minutes * 60)
        watched.settle()
        check(watched)


def check(watched: WatchedJob) -> None:
    """Hold the rules about what the audit trail and the messages say."""
    job, heard = watched.job, watched.heard()
    ran = {runs.digest for runs in job.digests if runs.has_run}
    assert heard.keys() == ran
    for digest, said in heard.items():
        words = ["begun", "ceased"] * len(said)
        assert [word for word, _ in said] == words[: len(said)]
        assert [time for _, time in said] == sorted(time for _, time in said)
        assert (said[-1][0] == "begun") == (digest == job.digest)
    for digest, key in watched.reds.items():
        notes, runs = watched.notes(key), job.of(digest)
        if digest == job.digest:
            assert runs is not None
            assert [(parse_time(note["since"]), note.get("until")) for note in notes] == [(runs.begun, None)]
        assert all(note.get("until") for note in notes if digest != job.digest)
        assert len(notes) <= 1
        is_over = any(note["kind"] == "over" for note in watched.world.record(key).notes)
        assert not (is_over and digest == job.digest)
        assert not is_over or notes
    sayings = watched.store.due(SAYINGS, "\U0010ffff", 99, field="queue", timeout=SOON)
    keys = Counter(str(stored.document["lines"][0]) for _, stored in sayings)
    assert sum("watched; what runs" in line for line in keys) == bool(ran)
    assert sum("no build pushed" in line for line in keys) <= 1
    assert not any("LOCAL_SOURCE" in line for line in keys)
    assert job.started == bool(ran)
    assert show_time(watched.world.clock()) > show_time(NOW)
