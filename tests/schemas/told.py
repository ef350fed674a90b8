"""What the function tells in each case, over the real adapters: entries of the audit trail, and published messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tests.fixtures.records.live import fresh_harness
from tests.fixtures.records.states import BUILDS
from tests.frozen.said import CASES, Topic
from tests.repositories import Files, tgz
from tests.story.harness import CLEAN, FIXED, JOB, PROJECT, REGION, Harness, HarnessServices
from verifier.adapters.storage import CloudStorage
from verifier.checks.accept import Accept
from verifier.checks.policy import Published
from verifier.controller.runs.observe import observe
from verifier.controller.says import Saying, say
from verifier.controller.unwatched import MOST_PLACES, note_unwatched
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault, Faults
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.script import Line, Script
from verifier.standin.storage import StorageStandIn

_OURS = ("logName", "insertId", "timestamp", "severity", "labels", "jsonPayload")
"""What we write of an entry; Cloud Logging adds the rest."""
_KNOWN, _WORSE = "ValueError: no clip", "KeyError: 'lesson'"
_TRACE = (
    "ERROR worker: row 3 lost",
    "Traceback (most recent call last):",
    '  File "/w.py", line 3, in f',
    "    g()",
    _WORSE,
)


@dataclass(frozen=True, slots=True)
class ToldAll:
    """All that was told in a case."""

    entries: list[dict[str, Any]]
    messages: list[dict[str, Any]]


def told(case: str) -> ToldAll:
    """Return what is told in this case where policy publishes everything."""
    topic = Topic()
    with fresh_harness() as harness:
        assert isinstance(harness.deployment.services, HarnessServices)
        policy = replace(harness.deployment.policy, publishes=frozenset(Published), digest="ab" * 32)
        services = replace(harness.deployment.services, announcer=topic)
        harness.deployment = replace(harness.deployment, services=services, policy=policy)
        TOLD[case](harness)
        return ToldAll(
            [ours(entry) for entry in harness.cloud.audit_entries()], [decoded(each) for each in topic.messages]
        )


def ours(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what we write of an entry."""
    return {name: entry[name] for name in _OURS}


def decoded(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as a subscriber has it who decodes its data."""
    return {"data": message["payload"], "attributes": message["attributes"]}


def _complaining(*errors: str, exit_code: int = 0) -> Script:
    """Return the course of a job that logs these errors, and what its worker is expected to."""
    lines = [Line(at=1.0 + at / 10, text=text, severity="ERROR", stream="stderr") for at, text in enumerate(errors)]
    return Script(lines=(*CLEAN.lines, *lines), exit_code=exit_code)


def _printing(*texts: str) -> Script:
    """Return the course of a job that prints these lines, which have no level."""
    return Script(lines=tuple(Line(at=1 + at / 10_000, text=text, stream="stderr") for at, text in enumerate(texts)))


@contextmanager
def _uploads_read(harness: Harness) -> Iterator[StorageStandIn]:
    """Have uploads read, from a Cloud Storage of its own."""
    with StorageStandIn(Faults()) as storage:
        assert isinstance(harness.deployment.services, HarnessServices)
        services = replace(harness.deployment.services, uploads=CloudStorage(storage.address))
        harness.deployment = replace(harness.deployment, services=services)
        yield storage


def _upload(harness: Harness, storage: StorageStandIn, files: Files | None) -> None:
    """Let a build be made from these files, and read them; None: they are gone."""
    key = harness.upload()
    document = harness.deployment.services.builds.fetch(key, timeout=5).document
    place = document["source"]["storageSource"]
    if files is not None:
        storage.put(place["bucket"], place["object"], place["generation"], tgz(files))
    harness.announce(key)
    harness.live(2)


def _uploads(harness: Harness) -> None:
    """Let there be an upload, another one of the same image, and one whose archive is gone."""
    with _uploads_read(harness) as storage:
        _upload(harness, storage, {"app.py": "1", ".env": "a=b"})
        _upload(harness, storage, {"app.py": "2", "new.py": "1"})
        _upload(harness, storage, None)


def _again(harness: Harness) -> None:
    BUILDS["again"][0](harness)
    harness.live(2)


def _unwatched(harness: Harness) -> None:
    """Let there be more places than are named in an hour."""
    for number in range(MOST_PLACES + 1):
        note_unwatched(BuildKey(PROJECT, f"region{number}", "1"), harness.deployment, harness.budget())


def _unsaid(harness: Harness) -> None:
    """Let Slack refuse two messages alone, one of them about a build."""
    harness.faults.add(Fault("chat.postMessage", "before", status="no_text", times=0))
    for about in (None, BuildKey(PROJECT, REGION, "4e841fcb-0000-4000-8000-000000000001")):
        say(harness.deployment, Saying(f"pinned {about}", "", ("A line.",), about=about), harness.budget())
    harness.live(5)


def _run(harness: Harness, minutes: int = 7) -> None:
    """Let the job run on what its tag points at, be told of it, and let time pass."""
    made = harness.cloud.run_job(JobPath(PROJECT, REGION, JOB.job), Overrides({}))
    harness.clock.advance(30)
    observe(made.full_name, made.job_generation, harness.deployment, harness.budget())
    harness.live(minutes)


def _deploy(harness: Harness) -> None:
    """Let a commit be built, and judged."""
    harness.announce(harness.triggered())
    harness.clock.advance(30)
    harness.live(5)


def _errors(harness: Harness) -> None:
    """Let two builds have the same error, one where it is accepted, and one with an error that another came with."""
    for _ in range(2):
        harness.job(_complaining(_KNOWN))
        _deploy(harness)
    accept = Accept("^ValueError: ", "the import is rewritten", until=date(2026, 12, 31))
    harness.use(replace(harness.deployment.policy, accepts=(accept,)))
    _deploy(harness)
    harness.job(_printing(*_TRACE))
    _deploy(harness)


def _claimed(harness: Harness) -> None:
    """Let an upload say which commit it is."""
    harness.announce(harness.upload(substitutions={"COMMIT_SHA": FIXED}))


def _before(harness: Harness) -> None:
    """Let a job run what was built before it was watched."""
    harness.upload()
    harness.clock.advance(86_400)
    harness.sweep()
    _run(harness)


def _runs(harness: Harness) -> None:
    """Let a build run well but for an error, one without it get worse, and an upload take its place."""
    harness.sweep()
    _deploy(harness)
    harness.job(_complaining(_KNOWN))
    for _ in range(9):
        _run(harness)
    harness.job()
    _deploy(harness)
    harness.job(_complaining(_WORSE, exit_code=1))
    for _ in range(2):
        _run(harness)
    for _ in range(5):
        harness.clock.advance(3_000)
        harness.live(1)
    harness.announce(harness.upload())
    _run(harness, 10)


TOLD: dict[str, Callable[[Harness], object]] = {
    **CASES,
    "again": _again,
    "before": _before,
    "claimed": _claimed,
    "errors": _errors,
    "runs": _runs,
    "sealed": BUILDS["sealed"][0],
    "unsaid": _unsaid,
    "unwatched": _unwatched,
    "uploads": _uploads,
}
