"""What people are told of what a job runs: by a note on the build's message where there is one, else by a message.

| what | how |
|---|---|
| what ran when watching began | one message for all jobs, an hour after the first of them was seen to run |
| it runs what it should not | a note on the build: its message is edited; a message where it has none |
| it runs what no build pushed | a message |
| that is over | the notes say so; a message where there was one |
| it goes on with an older image | a note on each newer build: its message is edited; else one message in all |

A note has a key for each job, a message one for each digest in a job: what was told is told again as the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.running import (
    SAID,
    TELLING,
    News,
    NewsTopic,
    has_told,
    is_first,
    news,
    runs_since,
    told,
    was_moved_back,
)
from verifier.checks.verdict import Verdict
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS
from verifier.controller.notes import Noted, note_on
from verifier.controller.runs.start_message import StartMessage, start_message
from verifier.controller.says import Saying, say
from verifier.errors import Malformed, OutOfTime, ServiceError
from verifier.facts.build import BuildKey, parse_build_name
from verifier.reporting.note_text import OVER, RUNS
from verifier.reporting.running_entry import build_key_of
from verifier.reporting.running_text import over_lines, pinned_lines, pinned_sentence, shown_job, wrong_lines
from verifier.services import Document
from verifier.times import show_time

_WITH_INTENT = frozenset({NewsTopic.WRONG, NewsTopic.UNKNOWN})
"""What is to be closed, too: that it may be told is saved before."""
_OVER_KEY = "over"
"""There is one such note on a build: it is over where the last job has ceased to run it."""
_NOT_OVER: Document = {"kind": "not-over", "key": _OVER_KEY}


def inform(job: JobRuns, deployment: Deployment, budget: Budget) -> JobRuns:
    """Return the job with the next thing told that is to be told; as it is where nothing is.

    Trouble with one thing does not keep people from hearing another. Raises ServiceError, Malformed and Stopping.
    """
    trouble: ServiceError | Malformed | None = None
    for what in news(job, deployment.services.clock()):
        if what.topic in _WITH_INTENT and not has_told(job, what.digest, TELLING):
            return told(job, what.digest, TELLING)
        try:
            after = _TELLS[what.topic](_Telling(job, what, deployment, budget))
        except OutOfTime:
            raise
        except (ServiceError, Malformed) as error:
            trouble = trouble or error
        else:
            if after != job:
                return after
    if trouble is not None:
        raise trouble
    return job


@dataclass(frozen=True, slots=True)
class _Telling:
    """One thing that is to be told."""

    job: JobRuns
    what: News
    deployment: Deployment
    budget: Budget

    @property
    def runs(self) -> DigestRuns:
        """Return what is known of the digest that it is about."""
        found = self.job.of(self.what.digest)
        assert found is not None  # `news` names digests of the job
        return found

    @property
    def now(self) -> DigestRuns:
        """Return what the job runs now."""
        found = self.job.now
        assert found is not None  # there is no news of a job that has not run
        return found

    def told(self, *more: str) -> JobRuns:
        """Return the job once people have heard."""
        return told(self.job, self.what.digest, self.what.word, *more)

    def note(self, key: BuildKey | None, note: Mapping[str, Any]) -> bool:
        """Keep a note on a build, and return whether its message says it, or will. Raises ServiceError."""
        if key is None:
            return False
        return note_on(self.deployment, key, note, self.budget) is Noted.NOTED

    def notes(self, key: BuildKey) -> Sequence[Document]:
        """Return the notes on a build. Raises ServiceError."""
        stored = self.deployment.services.store.read(BUILDS, key.digest, timeout=self.budget.seconds(LEDGER_SECONDS))
        found = stored.document.get("notes") if stored else None
        return found if isinstance(found, list) else []

    def say(self, word: str, lines: Sequence[str], verdict: Verdict, *, calls: bool) -> None:
        """Say it in a message of its own, where such a verdict goes. Raises ServiceError."""
        route = self.deployment.policy.route_of_job(verdict, self.job.job)
        key = f"{self.job.job.resource}/{self.what.digest}/{word}"
        mention = route.mention if calls else ""
        say(self.deployment, Saying(key, route.channel, tuple(lines), mention=mention), self.budget)


def _tell_start(at: _Telling) -> JobRuns:
    """Let the one message about the beginning tell what ran first in this job, which then has no message of its own."""
    became = start_message(at.deployment, at.budget)
    job = at.told() if became is not StartMessage.BEFORE and is_first(at.job, at.runs) else at.job
    return job if became is StartMessage.WAITS else replace(job, started=True)


def _tell_wrong(at: _Telling) -> JobRuns:
    runs, key = at.runs, build_key_of(at.runs)
    name = shown_job(at.job.job)
    if key and key.project != at.job.job.project:
        name = f"{name} of {at.job.job.project}"
    note = {"kind": RUNS, "key": _runs_key(at), "job": name, "since": show_time(runs.begun or runs.since)}
    is_noted = at.note(key, note)
    if is_noted and key and any(each.get("kind") == OVER for each in at.notes(key)):
        at.note(key, _NOT_OVER)
    verdict = Verdict(runs.verdict)
    is_wanted = verdict in at.deployment.policy.posts or verdict is Verdict.EXEMPT
    if is_noted or not is_wanted or {SAID, NewsTopic.START} & set(runs.told):
        return at.told()
    at.say("wrong", wrong_lines(at.job.job, runs), verdict, calls=verdict is not Verdict.EXEMPT)
    return at.told(SAID)


def _tell_unknown(at: _Telling) -> JobRuns:
    at.say("unknown", wrong_lines(at.job.job, at.runs), Verdict.LOCAL_SOURCE, calls=True)
    return at.told(SAID)


def _tell_closed(at: _Telling) -> JobRuns:
    runs, now = at.runs, at.now
    key = build_key_of(runs)
    since, until = runs.begun or runs.since, runs.ceased or runs.last
    span = {"since": show_time(since), "until": show_time(until)}
    is_noted = at.note(key, {"kind": RUNS, "key": _runs_key(at), "job": shown_job(at.job.job), **span})
    if now.tie is not Tie.BUILD or now.verdict != Verdict.VERIFIED:
        return at.told()
    if is_noted and key and not any(_goes_on(note) for note in at.notes(key)):
        begun = show_time(now.begun or now.since)
        over = {"commit": now.commit[:7], "since": begun, "began": span["since"], "ended": span["until"]}
        at.note(key, {"kind": OVER, "key": _OVER_KEY, **over})
    is_uncertain = not {NewsTopic.WRONG, NewsTopic.UNKNOWN} & set(runs.told)
    if SAID in runs.told or (is_uncertain and not is_noted):
        verdict = Verdict(runs.verdict) if runs.verdict else Verdict.LOCAL_SOURCE
        at.say(f"over {span['until']}", over_lines(at.job.job, runs, now), verdict, calls=False)
    return at.told()


def _tell_pinned(at: _Telling) -> JobRuns:
    newer, count, moved = at.job.newer, runs_since(at.job), was_moved_back(at.job)
    if newer is None:
        return at.job
    said = pinned_sentence(at.job.job, at.runs, count, moved=moved)
    note = {"kind": "pinned", "key": f"pinned/{at.job.job.resource}", "said": said}
    if not at.note(BuildKey(*parse_build_name(newer.build)), note):
        lines = pinned_lines(at.job.job, at.runs, count, newer=newer.build, moved=moved)
        # Once for what it runs, whatever is built later: where images are promoted by hand, each build would be news.
        at.say(str(NewsTopic.PINNED), lines, Verdict.INCONCLUSIVE, calls=False)
    return at.told()


def _runs_key(at: _Telling) -> str:
    return f"runs/{at.job.job.resource}"


def _goes_on(note: Document) -> bool:
    """Return whether a note says that a job runs the build's image now."""
    return note.get("kind") == RUNS and not note.get("until")


_TELLS: Mapping[NewsTopic, Callable[[_Telling], JobRuns]] = {
    NewsTopic.START: _tell_start,
    NewsTopic.WRONG: _tell_wrong,
    NewsTopic.UNKNOWN: _tell_unknown,
    NewsTopic.CLOSED: _tell_closed,
    NewsTopic.PINNED: _tell_pinned,
}
