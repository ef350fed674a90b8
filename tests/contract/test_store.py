"""What every storage of the ledger promises, on SQLite and on the real Firestore emulator."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest

from verifier.adapters.sqlite import QUEUES, SqliteStore
from verifier.errors import Refused
from verifier.services import MOST_DELETED, Document, Store, Stored
from verifier.standin.clock import system_clock

SOON = 20.0
"""A timeout that a healthy storage never needs."""
RACERS = 8
CLOCKS = timedelta(seconds=5)
"""By which the clocks of two processes of one machine may differ."""


def create(store: Store, name: str, document: Document, collection: str = "builds") -> Stored:
    stored = store.create(collection, name, document, timeout=SOON)
    assert stored is not None
    return stored


def race(write: Callable[[Document], Stored | None]) -> list[int]:
    """Let threads write themselves as the owner at the same moment; those that won."""
    start = Barrier(RACERS)

    def run(racer: int) -> bool:
        start.wait()
        return write({"owner": racer}) is not None

    with ThreadPoolExecutor(RACERS) as threads:
        return [racer for racer, won in enumerate(threads.map(run, range(RACERS))) if won]


def test_a_document_is_read_as_it_was_written(store: Store) -> None:
    document: Document = {
        "none": None,
        "flags": [True, False],
        "numbers": [0, 2**63 - 1, -(2**63), 0.1, 1.0],
        "text": "naïve ✅ 🔴 \u202e \x00 end",
        "list": [1, None, {"inside": ["deeper"]}],
        "object": {"a key.with `marks`": {"again": {}}},
        "empty": [],
    }
    written = create(store, "a", document)
    assert store.read("builds", "a", timeout=SOON) == Stored(document, written.revision)


def test_a_document_says_when_it_was_written_where_the_storage_has_a_clock_of_its_own(store: Store) -> None:
    before = system_clock()
    written = create(store, "a", {"n": 1})
    replaced = store.replace("builds", "a", {"n": 2}, written.revision, timeout=SOON)
    read = store.read("builds", "a", timeout=SOON)
    assert replaced is not None
    assert read is not None
    moments = [stored.written for stored in (written, replaced, read)]
    if isinstance(store, SqliteStore):
        assert moments == [None] * 3
    else:
        known = [moment for moment in moments if moment is not None]
        assert before - CLOCKS <= known[0] < known[1] == known[2] <= system_clock() + CLOCKS


def test_types_that_compare_equal_are_kept_apart(store: Store) -> None:
    create(store, "a", {"values": [True, 1, 1.0, "1"]})
    stored = store.read("builds", "a", timeout=SOON)
    assert stored is not None
    assert [type(value) for value in stored.document["values"]] == [bool, int, float, str]


def test_a_document_of_200_kib_is_kept_whole(store: Store) -> None:
    document = {"log": "é" * 100 * 1024, "lines": [{"n": n} for n in range(100)]}
    written = create(store, "a", document)
    assert store.read("builds", "a", timeout=SOON) == Stored(document, written.revision)


def test_what_was_never_written_is_none(store: Store) -> None:
    assert store.read("builds", "a", timeout=SOON) is None


def test_a_second_create_changes_nothing(store: Store) -> None:
    first = create(store, "a", {"owner": 1})
    assert store.create("builds", "a", {"owner": 2}, timeout=SOON) is None
    assert store.read("builds", "a", timeout=SOON) == first


def test_of_creates_at_the_same_moment_exactly_one_wins(store: Store) -> None:
    for name in ("a", "b", "c"):
        winners = race(partial(store.create, "builds", name, timeout=SOON))
        stored = store.read("builds", name, timeout=SOON)
        assert stored is not None
        assert [stored.document["owner"]] == winners


def test_a_replaced_document_has_a_new_revision(store: Store) -> None:
    first = create(store, "a", {"state": 1})
    second = store.replace("builds", "a", {"state": 2}, first.revision, timeout=SOON)
    assert second is not None
    assert second.revision != first.revision
    assert store.read("builds", "a", timeout=SOON) == Stored({"state": 2}, second.revision)


def test_a_stale_revision_is_refused(store: Store) -> None:
    first = create(store, "a", {"state": 1})
    second = store.replace("builds", "a", {"state": 2}, first.revision, timeout=SOON)
    assert store.replace("builds", "a", {"state": 3}, first.revision, timeout=SOON) is None
    assert store.read("builds", "a", timeout=SOON) == second


def test_a_document_that_is_not_there_is_not_replaced(store: Store) -> None:
    elsewhere = create(store, "a", {})
    assert store.replace("builds", "b", {}, elsewhere.revision, timeout=SOON) is None
    assert store.read("builds", "b", timeout=SOON) is None


def test_of_replaces_at_the_same_moment_exactly_one_wins(store: Store) -> None:
    for name in ("a", "b", "c"):
        revision = create(store, name, {"owner": None}).revision
        winners = race(partial(store.replace, "builds", name, revision=revision, timeout=SOON))
        stored = store.read("builds", name, timeout=SOON)
        assert stored is not None
        assert [stored.document["owner"]] == winners


def test_no_increment_is_lost_between_threads_that_compare_and_set(store: Store) -> None:
    create(store, "a", {"count": 0})

    def increment(_: int) -> Stored:
        while True:
            seen = store.read("builds", "a", timeout=SOON)
            assert seen is not None
            count = seen.document["count"] + 1
            if stored := store.replace("builds", "a", {"count": count}, seen.revision, timeout=SOON):
                return stored

    with ThreadPoolExecutor(4) as threads:
        revisions = {stored.revision for stored in threads.map(increment, range(20))}
    final = store.read("builds", "a", timeout=SOON)
    assert final is not None
    assert (final.document, len(revisions)) == ({"count": 20}, 20)


def test_fields_that_a_replacement_lacks_are_gone(store: Store) -> None:
    first = create(store, "a", {"due": "2026-01-01", "inner": {"kept": 1, "dropped": 2}, "list": ["x"]})
    second = store.replace("builds", "a", {"inner": {"kept": 1}}, first.revision, timeout=SOON)
    assert store.read("builds", "a", timeout=SOON) == second
    assert second is not None
    assert second.document == {"inner": {"kept": 1}}
    assert store.due("builds", "2027", 10, timeout=SOON) == []
    assert store.holding("builds", "list", "x", timeout=SOON) is None


def test_an_equal_replacement_keeps_the_revision_so_a_claim_must_differ_from_the_last(store: Store) -> None:
    first = create(store, "a", {"state": 1, "due": None})
    assert store.replace("builds", "a", {"due": None, "state": 1}, first.revision, timeout=SOON) == first


FIELDS = pytest.mark.parametrize("field", ["due", *QUEUES])


@FIELDS
def test_due_is_longest_due_first_up_to_and_with_now(store: Store, field: str) -> None:
    for name, due in {"a": "2026-03", "b": "2026-01", "c": "2026-02", "d": "2026-04"}.items():
        create(store, name, {field: due})
    found = store.due("builds", "2026-03", 10, field=field, timeout=SOON)
    assert [(name, stored.document[field]) for name, stored in found] == [
        ("b", "2026-01"),
        ("c", "2026-02"),
        ("a", "2026-03"),
    ]
    assert found[0][1] == store.read("builds", "b", timeout=SOON)


@FIELDS
def test_due_goes_on_where_it_was_left(store: Store, field: str) -> None:
    for name in "abcd":
        create(store, name, {field: f"2026-0{'abcd'.index(name) + 1}"})
    found = store.due("builds", "2026-03", 10, field=field, since="2026-02", timeout=SOON)
    assert [name for name, _ in found] == ["b", "c"]


@FIELDS
def test_due_stops_at_the_limit(store: Store, field: str) -> None:
    for name in "cab":
        create(store, name, {field: "2026-01"})
    assert [name for name, _ in store.due("builds", "2026-02", 2, field=field, timeout=SOON)] == ["a", "b"]


@FIELDS
def test_only_documents_of_the_collection_whose_due_is_text_are_due(store: Store, field: str) -> None:
    other = "unsaid" if field == "due" else "due"
    create(store, "null", {field: None})
    create(store, "absent", {})
    create(store, "number", {field: 1})
    create(store, "other", {field: None, other: "2026-01"})
    create(store, "mark", {field: "2026-01"}, collection="marks")
    assert store.due("builds", "2026-02", 10, field=field, timeout=SOON) == []


@FIELDS
@pytest.mark.parametrize("collection", ["marks", "errors", "anything"])
def test_any_collection_can_be_a_queue(store: Store, field: str, collection: str) -> None:
    for name, due in {"a": "2026-03", "b": "2026-01", "c": "2026-02"}.items():
        create(store, name, {field: due}, collection)
    create(store, "d", {field: "2026-01"})
    found = store.due(collection, "2026-02", 10, field=field, timeout=SOON)
    assert [name for name, _ in found] == ["b", "c"]
    assert found[0][1] == store.read(collection, "b", timeout=SOON)


@FIELDS
def test_due_brings_only_the_fields_that_are_wanted(store: Store, field: str) -> None:
    create(store, "a", {field: "2026-01", "key": {"project": "p", "id": 7}, "build": "x" * 1000, "none": None})
    create(store, "b", {field: "2026-01"})
    found = store.due("builds", "2026-02", 10, field=field, only=("key", "none"), timeout=SOON)
    assert [(name, stored.document) for name, stored in found] == [
        ("a", {field: "2026-01", "key": {"project": "p", "id": 7}, "none": None}),
        ("b", {field: "2026-01"}),
    ]


@FIELDS
def test_due_follows_the_replacement(store: Store, field: str) -> None:
    first = create(store, "a", {field: "2026-01"})
    second = store.replace("builds", "a", {field: "2026-05"}, first.revision, timeout=SOON)
    assert store.due("builds", "2026-02", 10, field=field, timeout=SOON) == []
    assert store.due("builds", "2026-05", 10, field=field, timeout=SOON) == [("a", second)]


def test_present_names_those_that_have_a_document(store: Store) -> None:
    create(store, "a", {"due": None})
    create(store, "b", {"other": 1})
    create(store, "c", {}, collection="marks")
    assert store.present("builds", ["a", "b", "c", "d"], timeout=SOON) == {"a", "b"}
    assert store.present("builds", [], timeout=SOON) == set()


def test_a_document_whose_field_has_the_unwanted_value_does_not_count_as_present(store: Store) -> None:
    create(store, "a", {"state": "unconfirmed"})
    create(store, "b", {"state": "done"})
    create(store, "c", {"other": 1})
    names = ["a", "b", "c", "d"]
    assert store.present("builds", names, unless=("state", "unconfirmed"), timeout=SOON) == {"b", "c"}


def test_holding_finds_the_document_whose_list_contains_the_value(store: Store) -> None:
    create(store, "a", {"images": ["sha256:1", "sha256:2"]})
    second = create(store, "b", {"images": ["sha256:3", None, 4]})
    assert store.holding("builds", "images", "sha256:3", timeout=SOON) == second


@pytest.mark.parametrize("images", [None, "x", {"x": "x"}, ["xx"], [{"x": "x"}], []])
def test_holding_finds_nothing_that_is_not_in_a_list(store: Store, images: object) -> None:
    create(store, "a", {"images": images, "others": ["x"]})
    create(store, "b", {"images": ["x"]}, collection="marks")
    assert store.holding("builds", "images", "x", timeout=SOON) is None


def test_holders_are_all_documents_whose_list_contains_the_value_by_name(store: Store) -> None:
    second = create(store, "b", {"images": ["x", "y"]})
    first = create(store, "a", {"images": ["x"]})
    create(store, "c", {"images": ["y"]})
    create(store, "d", {"images": "x"})
    create(store, "e", {"images": ["x"]}, collection="marks")
    assert store.holders("builds", "images", "x", 10, timeout=SOON) == [("a", first), ("b", second)]
    assert store.holders("builds", "images", "x", 1, timeout=SOON) == [("a", first)]
    assert store.holders("builds", "images", "z", 10, timeout=SOON) == []


def test_deleted_documents_are_gone_from_every_look_and_may_be_written_anew(store: Store) -> None:
    for name in "abc":
        create(store, name, {"due": "2026-01", "images": ["x"]})
    create(store, "a", {"due": "2026-01"}, collection="marks")
    store.delete("builds", ["a", "b"], timeout=SOON)
    assert store.read("builds", "a", timeout=SOON) is None
    assert store.present("builds", ["a", "b", "c"], timeout=SOON) == {"c"}
    assert [name for name, _ in store.due("builds", "2027", 10, timeout=SOON)] == ["c"]
    assert [name for name, _ in store.holders("builds", "images", "x", 10, timeout=SOON)] == ["c"]
    assert store.present("marks", ["a"], timeout=SOON) == {"a"}
    create(store, "a", {"due": "2026-02"})


def test_what_is_gone_is_deleted_without_an_error_and_so_is_nothing(store: Store) -> None:
    create(store, "a", {})
    store.delete("builds", ["a", "never"], timeout=SOON)
    store.delete("builds", ["a"], timeout=SOON)
    store.delete("builds", [], timeout=SOON)
    assert store.read("builds", "a", timeout=SOON) is None


def test_a_deleted_document_is_not_replaced(store: Store) -> None:
    first = create(store, "a", {"state": 1})
    store.delete("builds", ["a"], timeout=SOON)
    assert store.replace("builds", "a", {"state": 2}, first.revision, timeout=SOON) is None


def test_as_many_documents_as_one_commit_takes_are_deleted_at_once(store: Store) -> None:
    names = [f"n{number}" for number in range(MOST_DELETED)]
    create(store, names[0], {})
    create(store, names[-1], {})
    store.delete("builds", names, timeout=SOON)
    assert store.present("builds", [names[0], names[-1]], timeout=SOON) == set()


def test_collections_are_kept_apart(store: Store) -> None:
    build = create(store, "a", {"kind": "build"})
    mark = create(store, "a", {"kind": "mark"}, collection="marks")
    assert store.read("builds", "a", timeout=SOON) == build
    assert store.read("marks", "a", timeout=SOON) == mark


@pytest.mark.parametrize(
    "value", [[["a list in a list"]], 2**63, "\ud800", {1}, b"bytes"], ids=["nested", "huge", "text", "set", "bytes"]
)
def test_what_firestore_cannot_hold_is_refused_everywhere(store: Store, value: Any) -> None:
    with pytest.raises(Refused):
        store.create("builds", "a", {"outer": {"value": value}}, timeout=SOON)
    assert store.read("builds", "a", timeout=SOON) is None
