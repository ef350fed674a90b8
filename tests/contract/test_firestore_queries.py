"""Every query of the ledger's storage is served by an index that is there: an automatic one, or one of Terraform's.

The emulator asks for no index, the real service refuses a query that lacks one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import re2

from tests.emulators.firestore import CALLS
from verifier.adapters.firestore import FirestoreStore
from verifier.adapters.sqlite import QUEUES
from verifier.checks.known_errors import BookedDigest, ErrorBook, KnownError
from verifier.checks.watch.book import ErrorState
from verifier.checks.watch.watching import SeenError, Watch
from verifier.controller.day_count import COUNTED
from verifier.controller.error_book import book_document
from verifier.controller.runs.baselines import Baseline, ReadingBack, baseline_document
from verifier.controller.watch.watch_document import KeptWatch, watch_document
from verifier.controller.work import KINDS
from verifier.facts.execution import JobName
from verifier.services import Store
from verifier.times import parse_time

TERRAFORM = Path(__file__).parents[2] / "terraform"
NOW = "2026-11-28T10:00:00.000000Z"
JOB = JobName("acme-dev", "europe-west1", "worker")
QUERIES: dict[str, Callable[[Store], object]] = {
    **{
        f"what is due of the kind {kind.word}": lambda store, kind=kind: store.due(  # type: ignore[misc]  # bound early
            kind.collection, NOW, 500, field=kind.field, since=NOW, only=kind.owner_fields, timeout=5
        )
        for kind in KINDS.values()
    },
    **{
        f"the queue by {field}": lambda store, field=field: store.due("builds", NOW, 50, field=field, timeout=5)  # type: ignore[misc]
        for field in ("due", *QUEUES)
    },
    **{
        f"what a day is counted by, of {asked[0]}": lambda store, asked=asked: store.due(  # type: ignore[misc]
            asked[0], NOW, 200, field=asked[1], since=NOW, only=asked[2], timeout=5
        )
        for asked in COUNTED
    },
    "the build of a digest": lambda store: store.holding("builds", "images", "sha256:0", timeout=5),
    "every build of a digest": lambda store: store.holders("builds", "images", "sha256:0", 20, timeout=5),
}


class QueryCatcher(grpc.UnaryStreamClientInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Keeps every query, and answers it with nothing."""

    def __init__(self) -> None:
        self.queries: list[Any] = []

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        assert client_call_details.method.endswith("/RunQuery")
        self.queries.append(getattr(request, "_pb", request).structured_query)
        return NoAnswers()


class NoAnswers:
    """A stream of answers that is at its end."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def initial_metadata(self) -> tuple[()]:
        return ()

    trailing_metadata = initial_metadata

    def __next__(self) -> Any:
        raise StopIteration


def caught(call: Callable[[Store], object]) -> Any:
    catcher = QueryCatcher()
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        call(FirestoreStore("acme-home", channel=grpc.intercept_channel(channel, catcher)))
    (query,) = catcher.queries
    return query


def indexed_fields(query: Any) -> list[str]:
    """Return the fields by which a query selects and sorts, each once."""
    where = query.where
    filters = list(where.composite_filter.filters) if where.HasField("composite_filter") else [where]
    named = [one.field_filter.field.field_path for one in filters]
    return list(dict.fromkeys([*named, *(order.field.field_path for order in query.order_by)]))


def declared() -> set[tuple[str, tuple[str, ...]]]:
    """Return the composite indexes that Terraform makes: the collection and its fields."""
    text = "\n".join(file.read_text() for file in TERRAFORM.glob("*.tf"))
    blocks = re2.findall(r'(?ms)^resource "google_firestore_index" .*?^}', text)
    return {
        (re2.search(r'collection\s*=\s*"(\w+)"', block)[1], tuple(re2.findall(r'field_path\s*=\s*"(\w+)"', block)))
        for block in blocks
    }


def unindexed() -> set[tuple[str, str]]:
    """Return the fields for which Terraform has no index made, each with its collection."""
    text = (TERRAFORM / "ledger.tf").read_text()
    lists = re2.findall(r'for field in \[(.*?)\] : field => \{ collection = "(\w+)"', text)
    listed = {(collection, field) for fields, collection in lists for field in re2.findall(r'"(\w+)"', fields)}
    return listed | set(re2.findall(r'collection = "(\w+)", field = "(\w+)"', text))


def test_no_query_asks_for_a_field_that_has_no_index() -> None:
    asked = {
        (query.from_[0].collection_id, field)
        for query in map(caught, QUERIES.values())
        for field in indexed_fields(query)
    }
    assert ("builds", "build") in unindexed()
    assert ("jobs", "digests") in unindexed()
    assert not asked & unindexed()


def test_what_may_be_longer_than_an_index_takes_has_none() -> None:
    long, moment = "x" * 100, parse_time(NOW)
    errors = tuple(SeenError(f"{number}", long, ErrorState.NEW, moment, 1) for number in range(60))
    shorts = tuple(f"{long[:60]}-{number}" for number in range(256))
    watch = Watch(JOB, "sha256:1", long, moment, errors=errors, counted=shorts)
    book = ErrorBook(
        errors=tuple(KnownError(f"{number}", moment, moment, name=long) for number in range(300)),
        digests=tuple(BookedDigest(number, long, moment) for number in range(40)),
        counted=shorts,
    )
    documents = {
        "watches": watch_document(KeptWatch(watch, ({"kind": "once", "lines": [long] * 60},))),
        "errors": book_document(book, JOB, long),
        "baselines": baseline_document(
            Baseline("acme-dev", (JOB,), ReadingBack(JOB, moment, moment, moment, book=book))
        ),
    }
    too_long = {(of, name) for of, document in documents.items() for name in document if _is_long(document[name])}
    assert len(too_long) == 6
    assert too_long <= unindexed()


def _is_long(value: object) -> bool:
    """Return whether it is a text that an index would cut."""
    return isinstance(value, str) and len(value.encode()) > 1_500


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_looks_at_one_field_or_has_an_index_in_terraform(name: str) -> None:
    query = caught(QUERIES[name])
    fields = indexed_fields(query)
    assert fields
    assert query.limit.value > 0
    (source,) = query.from_
    assert not source.all_descendants
    assert len(fields) == 1 or (source.collection_id, tuple(fields)) in declared()


def test_every_call_of_the_storage_is_a_query_that_is_listed_here_or_names_its_documents() -> None:
    by_name = {"read", "present", "create", "replace", "delete"}
    assert set(CALLS) == by_name | {"due", "holding", "holders"}
    own = {name for name in vars(FirestoreStore) if not name.startswith("_")}
    assert own == set(CALLS)
