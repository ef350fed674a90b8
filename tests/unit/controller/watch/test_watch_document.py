"""A watch is stored whole, and read as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.watch.made import CRASH, START, after, hours_before, quiet, run, watch
from verifier.checks.known_errors import MOST_COUNTED, MOST_NAME
from verifier.checks.watch.ending import replaced
from verifier.checks.watch.watching import MOST_DAYS, MOST_ERRORS_WATCHED, Good, Hour, Red, Watch
from verifier.controller.watch.watch_document import KeptWatch, parse_watch, watch_document
from verifier.errors import Malformed
from verifier.services import Document

GOOD = Good("sha256:1", "repository", "build", "commit", 8, START)
RED = Red("REGRESSED", "sha256:2", "build", "commit", START, ("crash",), ("KeyError",))
FULL = replace(
    after(quiet(watch(before=hours_before(48, 1), reds=(RED,), good=GOOD), 3), run(4, CRASH, failed=True)),
    reasons=("crash",),
    told=("after-14400s",),
)


@pytest.mark.parametrize("one", [watch(), FULL, replaced(FULL, START + timedelta(hours=1), "sha256:3", is_older=True)])
def test_what_is_stored_is_read_as_it_was(one: Watch) -> None:
    kept = KeptWatch(one, ({"kind": "once", "lines": ["a"]},), START, START + timedelta(minutes=2), "sha256:1")
    document = watch_document(kept)
    assert parse_watch(json.loads(json.dumps(document))) == kept
    assert {name: document[name] for name in ("project", "digest", "outcome")} == {
        "project": one.job.project,
        "digest": one.digest,
        "outcome": one.outcome,
    }


def test_a_field_that_is_not_known_is_passed_over() -> None:
    document = watch_document(KeptWatch(FULL))
    body = {**json.loads(document["watch"]), "mood": "good"}
    assert parse_watch({**document, "watch": json.dumps(body)}).watch == FULL


@pytest.mark.parametrize(
    "document",
    [{}, {"version": 2}, {"version": 1}, {**watch_document(KeptWatch(FULL)), "watch": "[]"}],
    ids=["nothing", "a later version", "nothing else", "no watch"],
)
def test_what_is_no_watch_of_this_version_is_not_read(document: Document) -> None:
    with pytest.raises(Malformed):
        parse_watch(document)


def test_the_largest_watch_is_one_that_firestore_takes_thrice() -> None:
    [error] = FULL.errors
    largest = replace(error, name="Ä" * (MOST_NAME // 2), identity="0" * 16)
    hours = tuple(
        Hour(START + timedelta(hours=number), hours_before(10_000, 1_000)[0].counts)
        for number in range(24 * (MOST_DAYS + 1))
    )
    counted = tuple(f"{'job' * 20}-{number:05}" for number in range(MOST_COUNTED))
    full = replace(FULL, errors=(largest,) * MOST_ERRORS_WATCHED, hours=hours, before=hours, counted=counted)
    assert len(json.dumps(watch_document(KeptWatch(full)))) < 300_000
