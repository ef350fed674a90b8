"""The document in which the ledger remembers a job's errors, and what happens when it can't be had."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.delegating_store import DelegatingStore
from tests.unit.builders import WORKER, pushed
from tests.unit.controller.world import NOW, SOON, World, world
from verifier.checks.known_errors import (
    MOST_ALIASES,
    MOST_BUILDS,
    MOST_COUNTED,
    MOST_DIGESTS_OF_ERROR,
    MOST_DIGESTS_RUN,
    MOST_ERRORS,
    MOST_NAME,
    BookedDigest,
    ErrorBook,
    KnownError,
    name_of_build,
)
from verifier.controller.error_book import ERRORS, book_document, name_of, parse_book, remember
from verifier.controller.ledger import Record
from verifier.errors import Malformed, Refused, ServiceError, Unavailable
from verifier.facts.build import Build
from verifier.facts.logs import ALGORITHM, Repeated
from verifier.services import Document, Stored

__all__ = ["world"]

JOB = WORKER.job_for(pushed())
CRASH = Repeated("KeyError: 'lesson'", 14, NOW, "0", "text", "0123456789abcdef")
KNOWN = KnownError(CRASH.identity, NOW, NOW, "sha256:1", ("fedcba9876543210",), 6, 6, ("a", "b"))
LOST = Unavailable("no answer", ambiguous=True)
NEW = ""


def build(number: int) -> Build:
    return pushed(id=f"4e841fcb-0000-4000-8000-{number:012d}")


def told(world: World, one: Build, *errors: Repeated) -> str:
    stored = world.store.read("builds", one.key.digest, timeout=SOON)
    attempt = world.attempt(Record(one.key, created=NOW, due=NOW)) if stored is None else world.again(one.key)
    return remember(attempt, one, JOB, errors or (CRASH,), errors or (CRASH,)).known


def book(world: World) -> ErrorBook:
    stored = world.store.read(ERRORS, name_of(JOB), timeout=SOON)
    return parse_book(stored.document) if stored else ErrorBook()


@dataclass
class Shaky(DelegatingStore):
    """A store whose calls go wrong as they are told; each is made all the same where it `lands`."""

    wrong: dict[str, list[ServiceError | None]] = field(default_factory=dict)
    """By call: what is raised instead of the next answers."""
    lands: bool = True
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What others do right before the next write."""
    called: list[str] = field(default_factory=list)

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self._answer("read")
        return super().read(collection, name, timeout=timeout)

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        self._others()
        written = super().create(collection, name, document, timeout=timeout) if self.lands else None
        self._answer("create")
        return written if self.lands else super().create(collection, name, document, timeout=timeout)

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self._others()
        self._answer("replace")
        return super().replace(collection, name, document, revision, timeout=timeout)

    def _answer(self, call: str) -> None:
        self.called.append(call)
        if self.wrong.get(call) and (error := self.wrong[call].pop(0)):
            raise error

    def _others(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()


def test_what_is_stored_is_read_as_it_was() -> None:
    before = ErrorBook((KNOWN,), beyond=3)
    document = book_document(before, JOB, "a-nonce")
    assert parse_book(json.loads(json.dumps(document))) == before
    assert {name: document[name] for name in ("version", "job", "nonce", "beyond")} == {
        "version": 1,
        "job": JOB.resource,
        "nonce": "a-nonce",
        "beyond": 3,
    }


def test_the_largest_book_is_one_that_firestore_takes_thrice() -> None:
    aliases = tuple(f"{number:016x}" for number in range(MOST_ALIASES))
    latest = tuple(name_of_build(str(number)) for number in range(MOST_BUILDS))
    on = tuple((10_000 + number, 100_000) for number in range(MOST_DIGESTS_OF_ERROR))
    digest = "sha256:" + "0" * 64
    largest = KnownError("0" * 16, NOW, NOW, digest, aliases, 10**9, 10**9, latest, "Ä" * (MOST_NAME // 2), on)
    digests = tuple(BookedDigest(10_000 + number, digest, NOW, 100_000) for number in range(MOST_DIGESTS_RUN))
    counted = tuple(f"{'job' * 20}-{number:05}" for number in range(MOST_COUNTED))
    book = ErrorBook((largest,) * MOST_ERRORS, 10**9, digests=digests, counted=counted)
    document = book_document(book, JOB, "a-nonce")
    assert parse_book(document) == book
    size = sum(len(value.encode()) for value in document.values() if isinstance(value, str))
    assert size < 300_000


def test_a_book_from_before_runs_were_counted_is_read() -> None:
    document = book_document(ErrorBook((KNOWN,)), JOB, "a-nonce")
    old = {**json.loads(document["errors"])[0], "latest": ["projects/p/locations/l/builds/b", "b"]}
    del old["name"], old["on"]
    left = {name: value for name, value in document.items() if name not in ("digests", "counted")}
    [known] = parse_book({**left, "errors": json.dumps([old])}).errors
    assert known == replace(KNOWN, latest=(name_of_build("projects/p/locations/l/builds/b"), "b"))


def test_a_book_by_another_algorithm_is_read_as_one_of_before() -> None:
    document = {**book_document(ErrorBook((KNOWN,)), JOB, "a-nonce"), "algorithm": ALGORITHM + 1}
    assert [known.old for known in parse_book(document).errors] == [True]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": 2, "errors": "[]"},
        {"version": 1},
        {"version": 1, "errors": "[{}]"},
        {"version": 1, "errors": "x"},
    ],
    ids=["nothing", "a later version", "no errors", "an error without anything", "no JSON"],
)
def test_what_is_no_book_of_this_version_is_not_read(document: Document) -> None:
    with pytest.raises(Malformed):
        parse_book(document)


def test_the_first_build_with_an_error_finds_it_new_and_the_next_ones_do_not(world: World) -> None:
    assert told(world, build(1)) == NEW
    assert told(world, build(2)) == "not new: on 1 build since 23 Nov"
    world.clock.advance(timedelta(days=1).total_seconds())
    assert told(world, build(3)) == "not new: on 2 builds since 23 Nov"
    [known] = book(world).errors
    assert known.latest == tuple(name_of_build(build(number).key.name) for number in (1, 2, 3))
    assert known.digest == build(1).images[0].digest


def test_a_build_that_is_judged_again_comes_to_the_same_words(world: World) -> None:
    assert told(world, build(1)) == NEW
    before = book(world)
    assert told(world, build(1)) == NEW
    assert book(world) == before
    assert told(world, build(2)) == told(world, build(2)) == "not new: on 1 build since 23 Nov"


def test_runs_of_the_build_itself_are_not_before_it_whichever_of_its_images_they_ran(world: World) -> None:
    image = {"name": "us-central1-docker.pkg.dev/vividly-dev/vividly/base:1", "digest": f"sha256:{'1' * 64}"}
    usual = pushed().document["results"]["images"]
    one = pushed(results={"images": [image, *usual]})
    ran = ErrorBook(algorithm=ALGORITHM)
    for number in range(3):
        ran = ran.with_run([CRASH], run=f"run-{number}", digest=usual[0]["digest"], created=NOW, now=NOW)
    assert world.store.create(ERRORS, name_of(JOB), book_document(ran, JOB, "a-nonce"), timeout=SOON)
    assert told(world, one) == NEW


def test_each_job_has_a_document_of_its_own(world: World) -> None:
    told(world, build(1))
    other = WORKER.job_for(pushed(projectId="vividly-prod", id=build(1).key.id))
    assert name_of(other) != name_of(JOB)
    assert world.store.read(ERRORS, name_of(other), timeout=SOON) is None


def test_a_document_of_a_later_version_is_left_as_it_is_and_nothing_is_said(world: World) -> None:
    later = {"version": 2, "errors": "another form"}
    world.store.create(ERRORS, name_of(JOB), later, timeout=SOON)
    assert told(world, build(1)) == NEW
    stored = world.store.read(ERRORS, name_of(JOB), timeout=SOON)
    assert stored is not None
    assert stored.document == later


@pytest.fixture
def shaky(world: World) -> Shaky:
    """Return the store that the attempts after the first one meet; one build had the error."""
    told(world, build(1))
    world.attempt(Record(build(2).key, created=NOW, due=NOW))
    shaky = Shaky(world.store)
    world.store = shaky
    return shaky


def test_it_takes_one_read_and_one_write(world: World, shaky: Shaky) -> None:
    attempt = world.again(build(2).key)
    shaky.called.clear()
    assert remember(attempt, build(2), JOB, (CRASH,), (CRASH,)).known == "not new: on 1 build since 23 Nov"
    assert shaky.called == ["read", "replace"]
    shaky.called.clear()
    remember(attempt, build(2), JOB, (CRASH,), (CRASH,))
    assert shaky.called == ["read"]


@pytest.mark.parametrize("call", ["read", "replace"])
@pytest.mark.parametrize("error", [Unavailable("down"), Refused("no"), LOST], ids=["down", "refused", "lost"])
def test_where_the_book_cannot_be_had_nothing_is_said(
    world: World, shaky: Shaky, call: str, error: ServiceError
) -> None:
    attempt = world.again(build(2).key)
    shaky.wrong = {call: [error] * 9}
    assert remember(attempt, build(2), JOB, (CRASH,), (CRASH,)).known == NEW


def test_a_write_whose_reply_was_lost_is_known_again_by_its_nonce(world: World) -> None:
    attempt = world.attempt(Record(build(1).key, created=NOW, due=NOW))
    shaky = Shaky(world.store, {"create": [LOST]})
    world.store = shaky
    assert remember(attempt, build(1), JOB, (CRASH,), (CRASH,)).known == NEW
    assert shaky.called == ["read", "create", "read"]
    assert [known.builds for known in book(world).errors] == [1]


def test_a_write_that_never_arrived_is_made_again(world: World) -> None:
    attempt = world.attempt(Record(build(1).key, created=NOW, due=NOW))
    shaky = Shaky(world.store, {"create": [LOST]}, lands=False)
    world.store = shaky
    remember(attempt, build(1), JOB, (CRASH,), (CRASH,))
    assert shaky.called == ["read", "create", "read", "read", "create"]
    assert [known.builds for known in book(world).errors] == [1]


def test_a_build_that_ended_at_the_same_moment_is_not_lost(world: World, shaky: Shaky) -> None:
    world.store = shaky.inner
    other = world.attempt(Record(build(3).key, created=NOW, due=NOW))
    attempt = world.again(build(2).key)
    world.store = shaky
    shaky.meanwhile = [lambda: remember(other, build(3), JOB, (CRASH,), (CRASH,))]
    assert remember(attempt, build(2), JOB, (CRASH,), (CRASH,)).known == "not new: on 2 builds since 23 Nov"
    assert [known.builds for known in book(world).errors] == [3]


def test_a_store_that_is_too_slow_is_not_asked_again(world: World, shaky: Shaky) -> None:
    attempt = world.again(build(2).key)
    shaky.wrong = {"replace": [LOST]}
    shaky.meanwhile = [lambda: world.clock.advance(2.8)]
    shaky.called.clear()
    assert remember(attempt, build(2), JOB, (CRASH,), (CRASH,)).known == NEW
    assert shaky.called == ["read", "replace"]
