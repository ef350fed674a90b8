"""What is made of an upload after the verdict: read once, saved before it is told, and never more than evidence."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.controller.world import SOON, World, world
from tests.unit.facts.upload.archives import Entry, tgz
from verifier.config import Watched
from verifier.controller.ledger import BUILDS, State, claimed, record_document
from verifier.controller.reconcile import reconcile
from verifier.controller.uploads import LIMITS, SECONDS, UPLOADS, read_upload
from verifier.controller.work import WorkContext, WorkDone, do_work
from verifier.errors import Denied, Missing, Unavailable, UnreadableUpload
from verifier.facts.build import Build, parse_build
from verifier.facts.upload import Limits, UploadListing
from verifier.facts.upload.archive import Archive
from verifier.facts.upload.reading import read_listing
from verifier.facts.upload.tree_id import tree_id

__all__ = ["world"]

FIRST = tgz(Entry("main.py", b"1"), Entry("lib.py", b"1"), Entry(".env", b"A=1"))
SECOND = tgz(Entry("main.py", b"2"), Entry("lib.py", b"1"), Entry("new.py", b"1"))
IMAGE = "us-docker.pkg.dev/vividly-dev/images/content-worker"


@dataclass
class ArchivesInMemory:
    """Cloud Storage, by the addresses of what it holds."""

    world: World
    held: dict[str, bytes] = field(default_factory=dict)
    answers: list[Exception] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    limits: list[tuple[Limits, float]] = field(default_factory=list)
    takes: timedelta = timedelta()

    def list_files(self, archive: Archive, *, limits: Limits, timeout: float) -> UploadListing:
        self.world.clock.advance(self.takes.total_seconds())
        self.read.append(archive.uri)
        self.limits.append((limits, timeout))
        if self.answers:
            raise self.answers.pop(0)
        if archive.uri not in self.held:
            raise Missing(f"{archive.uri} is gone")
        return read_listing(io.BytesIO(self.held[archive.uri]))


def uploaded(number: int, world: World, **changes: Any) -> Build:
    """Return a build of an upload, created now."""
    created = world.clock().isoformat()
    place = {"bucket": "vividly-dev_cloudbuild", "object": f"{number}.tgz", "generation": "17"}
    document = {
        "id": f"4e841fcb-{number}",
        "projectId": "vividly-dev",
        "name": f"projects/vividly-dev/locations/us-central1/builds/4e841fcb-{number}",
        "status": "SUCCESS",
        "createTime": created,
        "finishTime": created,
        "source": {"storageSource": place},
        "results": {"images": [{"name": f"{IMAGE}:latest", "digest": f"sha256:{number:064x}"}]},
    }
    return parse_build(document | changes)


def uri(number: int) -> str:
    return f"gs://vividly-dev_cloudbuild/{number}.tgz#17"


@pytest.fixture
def archives(world: World) -> ArchivesInMemory:
    world.uploads = found = ArchivesInMemory(world, {uri(1): FIRST, uri(2): SECOND})
    return found


def judged(world: World, build: Build) -> None:
    world.build = build
    assert reconcile(build.key, world.deployment(), world.budget()) == ""


def work(world: World, build: Build) -> WorkDone:
    world.build = build
    watched = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
    return do_work("upload", build.key.digest, WorkContext(world.deployment(), watched, world.budget()))


def document(world: World, build: Build) -> dict[str, Any]:
    stored = world.store.read(UPLOADS, build.key.digest, timeout=SOON)
    assert stored is not None
    return dict(stored.document)


def kinds(world: World) -> Sequence[str]:
    return [labels["kind"] for labels in world.entries]


def test_the_upload_of_a_local_build_is_read_after_its_verdict_and_recorded(
    world: World, archives: ArchivesInMemory
) -> None:
    build = uploaded(1, world)
    judged(world, build)
    assert archives.read == []
    assert kinds(world) == ["verdict"]
    assert work(world, build) == WorkDone()
    assert archives.read == [uri(1)]
    assert kinds(world) == ["verdict", "upload"]
    stored = document(world, build)
    assert stored["due"] is None
    found = stored["found"]
    assert found["upload"]["tree"] == tree_id(read_listing(io.BytesIO(FIRST)).files.values())
    assert found["said"] == (
        "Uploaded: 3 files. .env is named like a secret, was uploaded and is now in gs://vividly-dev_cloudbuild."
    )
    assert archives.limits == [(LIMITS, SECONDS)]


def test_nothing_is_read_where_uploads_are_not_to_be_read(world: World) -> None:
    build = uploaded(1, world)
    judged(world, build)
    assert world.store.read(UPLOADS, build.key.digest, timeout=SOON) is None
    assert "expected a document of uploads" in work(world, build).ignored


def test_what_waits_when_uploads_are_not_to_be_read_any_more_is_never_due_again(
    world: World, archives: ArchivesInMemory
) -> None:
    build = uploaded(1, world)
    judged(world, build)
    world.uploads = None
    assert "not to be read any more" in work(world, build).ignored
    assert document(world, build)["due"] is None


def test_of_a_build_that_is_not_local_nothing_is_read(world: World, archives: ArchivesInMemory) -> None:
    build = uploaded(1, world, status="FAILURE")
    judged(world, build)
    assert world.store.read(UPLOADS, build.key.digest, timeout=SOON) is None


def test_the_same_files_again_are_said_to_be_the_same(world: World, archives: ArchivesInMemory) -> None:
    archives.held[uri(2)] = tgz(*[Entry("lib.py", b"1"), Entry(".env", b"A=1"), Entry("main.py", b"1")])
    first = uploaded(1, world)
    judged(world, first)
    work(world, first)
    world.clock.advance(21 * 60)
    second = uploaded(2, world)
    judged(world, second)
    work(world, second)
    found = document(world, second)["found"]
    assert found["before"] == {
        "build": "4e841fcb-1",
        "seconds": 21 * 60,
        "same": True,
        "differs": {"changed": 0, "new": 0, "gone": 0},
    }
    assert found["said"].startswith(
        "Uploaded: 3 files, the very same as build 4e841fcb's, 21 minutes before: building again changed nothing."
    )
    assert archives.read == [uri(1), uri(2)], "equal trees say it: the archive before is not read again"


def test_other_files_are_counted_while_the_archive_before_exists(world: World, archives: ArchivesInMemory) -> None:
    first = uploaded(1, world)
    judged(world, first)
    work(world, first)
    world.clock.advance(21 * 60)
    second = uploaded(2, world)
    judged(world, second)
    work(world, second)
    found = document(world, second)["found"]
    assert found["before"]["differs"] == {"changed": 1, "new": 1, "gone": 1}
    assert found["said"] == "Uploaded: 3 files; 3 differ from build 4e841fcb's, 21 minutes before."


def test_other_files_are_only_said_to_be_others_when_the_archive_before_is_gone(
    world: World, archives: ArchivesInMemory
) -> None:
    first = uploaded(1, world)
    judged(world, first)
    work(world, first)
    del archives.held[uri(1)]
    world.clock.advance(3 * 3600)
    second = uploaded(2, world)
    judged(world, second)
    work(world, second)
    assert document(world, second)["found"]["said"] == (
        "Uploaded: 3 files, other ones than build 4e841fcb's, 3 hours before."
    )


def test_uploads_of_other_images_are_not_compared(world: World, archives: ArchivesInMemory) -> None:
    first = uploaded(1, world)
    judged(world, first)
    work(world, first)
    other = {"images": [{"name": "us-docker.pkg.dev/vividly-dev/images/site:1", "digest": f"sha256:{2:064x}"}]}
    second = uploaded(2, world, results=other)
    judged(world, second)
    work(world, second)
    assert document(world, second)["found"]["before"] is None


def test_an_earlier_upload_that_is_read_later_does_not_take_the_place_of_the_last(
    world: World, archives: ArchivesInMemory
) -> None:
    first = uploaded(1, world)
    world.clock.advance(60)
    second = uploaded(2, world)
    for build in (first, second):
        judged(world, build)
    for build in (second, first):
        work(world, build)
    assert document(world, first)["found"]["before"] is None
    world.clock.advance(60)
    third = uploaded(3, world)
    archives.held[uri(3)] = FIRST
    judged(world, third)
    work(world, third)
    assert document(world, third)["found"]["before"]["build"] == second.key.id


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Missing("gs://b/o#17 is gone"), "What was uploaded was not read: gs://b/o#17 is gone."),
        (UnreadableUpload("expected an archive of at most 256 MiB, got 3 GiB"), "256 MiB, got 3 GiB."),
    ],
)
def test_what_can_not_be_read_is_said_in_a_sentence_and_done(
    world: World, archives: ArchivesInMemory, error: Exception, said: str
) -> None:
    build = uploaded(1, world)
    judged(world, build)
    archives.answers = [error]
    assert work(world, build) == WorkDone()
    stored = document(world, build)
    assert stored["due"] is None
    assert stored["found"]["said"].endswith(said)
    assert kinds(world)[-1] == "upload"


@pytest.mark.parametrize("error", [Unavailable("no answer"), Denied("permission denied")])
def test_what_may_pass_is_tried_again_some_times_with_longer_and_longer_pauses(
    world: World, archives: ArchivesInMemory, error: Exception
) -> None:
    build = uploaded(1, world)
    judged(world, build)
    archives.answers = [error] * 9
    waits = []
    for _ in range(4):
        before = world.clock()
        assert str(error) in work(world, build).trouble
        assert "not due before" in work(world, build).ignored
        while document(world, build)["due"] > world.clock().isoformat():
            world.clock.advance(10)
        waits.append((world.clock() - before).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    assert work(world, build) == WorkDone()
    assert document(world, build)["due"] is None
    assert str(error) in document(world, build)["found"]["said"]


def test_reading_two_archives_takes_no_longer_than_one_may(world: World, archives: ArchivesInMemory) -> None:
    first = uploaded(1, world)
    judged(world, first)
    work(world, first)
    archives.takes = timedelta(seconds=15)
    second = uploaded(2, world)
    judged(world, second)
    work(world, second)
    assert [timeout for _, timeout in archives.limits[1:]] == [SECONDS, SECONDS - 15]


def test_it_is_not_begun_when_too_little_time_is_left(world: World, archives: ArchivesInMemory) -> None:
    build = uploaded(1, world)
    judged(world, build)
    world.build = build
    watched = Watched({"vividly-dev": ""}, frozenset({"us-central1"}))
    short = replace(world.budget(), until=world.clock() + timedelta(seconds=30))
    done = do_work("upload", build.key.digest, WorkContext(world.deployment(), watched, short))
    assert "too little time" in done.ignored
    assert archives.read == []


def test_what_was_found_is_told_after_a_crash_without_reading_again(world: World, archives: ArchivesInMemory) -> None:
    build = uploaded(1, world)
    judged(world, build)
    work(world, build)
    stored = world.store.read(UPLOADS, build.key.digest, timeout=SOON)
    assert stored is not None
    died = {**stored.document, "due": world.clock().isoformat()}
    world.store.replace(UPLOADS, build.key.digest, died, stored.revision, timeout=SOON)
    del archives.held[uri(1)]
    assert work(world, build) == WorkDone()
    assert archives.read == [uri(1)]
    assert document(world, build)["found"] == stored.document["found"]


def test_of_two_invocations_one_reads_it(world: World, archives: ArchivesInMemory) -> None:
    build = uploaded(1, world)
    judged(world, build)
    stored = world.store.read(UPLOADS, build.key.digest, timeout=SOON)
    assert stored is not None
    first, second = (read_upload(build.key.digest, stored, world.deployment(), world.budget()) for _ in range(2))
    assert (first.ignored, second.ignored) == ("", "another invocation has it")
    assert archives.read == [uri(1)]


def test_what_was_found_becomes_a_note_of_the_builds_message(world: World, archives: ArchivesInMemory) -> None:
    build = uploaded(1, world)
    judged(world, build)
    work(world, build)
    record = world.record(build.key)
    said = document(world, build)["found"]["said"]
    assert record.notes == ({"kind": "upload", "key": "upload", "said": said, "revision": 1},)
    assert record.queue is not None
    assert len(world.messages) == 1


def test_that_an_upload_was_not_read_is_noted_too(world: World, archives: ArchivesInMemory) -> None:
    build = uploaded(3, world)
    judged(world, build)
    work(world, build)
    assert [note["said"] for note in world.record(build.key).notes] == [document(world, build)["found"]["said"]]


def test_while_the_verdict_is_being_told_the_note_waits_and_nothing_is_read_again(
    world: World, archives: ArchivesInMemory
) -> None:
    build = uploaded(1, world)
    judged(world, build)
    done = world.record(build.key)
    stored = world.store.read(BUILDS, build.key.digest, timeout=SOON)
    assert stored is not None
    leased = record_document(claimed(replace(done, state=State.OPEN), "another", world.clock(), timedelta(minutes=2)))
    world.store.replace(BUILDS, build.key.digest, leased, stored.revision, timeout=SOON)
    assert work(world, build) == WorkDone(ignored="put off: another invocation has its build's record")
    stored = world.store.read(BUILDS, build.key.digest, timeout=SOON)
    assert stored is not None
    world.store.replace(BUILDS, build.key.digest, record_document(done), stored.revision, timeout=SOON)
    world.clock.advance(31)
    assert work(world, build) == WorkDone()
    assert (len(world.record(build.key).notes), archives.read) == (1, [uri(1)])
    assert document(world, build)["due"] is None
