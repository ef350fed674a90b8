"""A record as a value: what is stored of it, what is read again, and what each step leaves in it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from verifier import __version__
from verifier.checks.judgement import Judgement, judgement_document
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.controller.ledger import (
    VERSION,
    Record,
    State,
    after_failure,
    channel_of,
    claimed,
    cut,
    cut_due,
    failures,
    parse_record,
    queue_of,
    queue_place,
    queued,
    record_document,
    released,
    settled,
)
from verifier.errors import Malformed
from verifier.facts.build import BuildKey

KEY = BuildKey("vividly-dev", "us-central1", "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6")
CREATED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOW = CREATED + timedelta(minutes=40)
LEASE = timedelta(seconds=120)
WAITS_FOR_ITS_VERSION = "it waits for the version that wrote it; install that one, or a later one"
JUDGEMENT = Judgement(Verdict.FAILED, (Finding(Check.WORKER_STARTED, Outcome.FAILS, "no", "do this"),), NOW)


def at(minute: int) -> datetime:
    """Return a moment that no other field of the record has."""
    return CREATED + timedelta(minutes=minute)


WHOLE = Record(
    KEY,
    created=CREATED,
    state=State.OPEN,
    fence=3,
    owner="a-nonce",
    lease_until=at(1),
    due=at(2),
    unsaid=at(3),
    attempts=4,
    step="observe",
    error="why",
    announced=False,
    build={"id": KEY.id, "a.key": {"b": None}},
    images=("sha256:1", "sha256:2"),
    intent=at(4),
    job="a-job",
    looked=at(5),
    starts=2,
    execution="an-execution",
    extras=("another",),
    ended=at(6),
    whole=at(7),
    judgement=JUDGEMENT,
    recorded=True,
    published=True,
    told=True,
    posting=at(8),
    unanswered=at(9),
    channel="C1",
    ts="1.2",
    missing=at(10),
    warned=True,
    refused=True,
    tried=at(11),
)
STORED: dict[str, Any] = {
    "version": 1,
    "key": {"project": "vividly-dev", "location": "us-central1", "id": KEY.id},
    "created": "2026-11-23T02:00:00.000000Z",
    "state": "open",
    "fence": 3,
    "owner": "a-nonce",
    "lease_until": "2026-11-23T02:01:00.000000Z",
    "due": "2026-11-23T02:02:00.000000Z",
    "unsaid": "2026-11-23T02:03:00.000000Z",
    "attempts": 4,
    "step": "observe",
    "error": "why",
    "announced": False,
    "build": '{"a.key": {"b": null}, "id": "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6"}',
    "images": ["sha256:1", "sha256:2"],
    "intent": "2026-11-23T02:04:00.000000Z",
    "job": "a-job",
    "looked": "2026-11-23T02:05:00.000000Z",
    "starts": 2,
    "execution": "an-execution",
    "extras": ["another"],
    "ended": "2026-11-23T02:06:00.000000Z",
    "whole": "2026-11-23T02:07:00.000000Z",
    "judgement": judgement_document(JUDGEMENT),
    "recorded": True,
    "published": True,
    "told": True,
    "posting": "2026-11-23T02:08:00.000000Z",
    "unanswered": "2026-11-23T02:09:00.000000Z",
    "channel": "C1",
    "ts": "1.2",
    "missing": "2026-11-23T02:10:00.000000Z",
    "warned": True,
    "refused": True,
    "tried": "2026-11-23T02:11:00.000000Z",
}


# what is stored


def test_every_field_is_stored_under_its_own_name_with_the_version_of_the_form() -> None:
    assert {name: value for name, value in record_document(WHOLE).items() if name in STORED} == STORED


def test_a_stored_record_is_text_numbers_and_lists_alone() -> None:
    document = record_document(WHOLE)
    assert json.loads(json.dumps(document)) == document


def test_the_example_leaves_no_field_of_0_1_0_as_it_is_by_default() -> None:
    fresh = Record(KEY, created=CREATED)
    same = {item.name for item in fields(Record) if getattr(WHOLE, item.name) == getattr(fresh, item.name)}
    assert same & STORED.keys() == {"key", "created", "state"}


def test_what_was_stored_is_read_as_it_was() -> None:
    assert parse_record(record_document(WHOLE)) == WHOLE
    assert parse_record(STORED) == WHOLE


def test_what_has_not_happened_yet_is_stored_as_nothing() -> None:
    fresh = Record(KEY, created=CREATED)
    document = record_document(fresh)
    moments = "lease_until due unsaid intent looked ended whole posting unanswered missing tried".split()
    assert {name: document[name] for name in (*moments, "build", "judgement")} == dict.fromkeys(
        (*moments, "build", "judgement")
    )
    assert (document["images"], document["extras"]) == ([], [])
    assert parse_record(document) == fresh


def test_an_empty_document_of_a_build_is_another_thing_than_none() -> None:
    empty = Record(KEY, created=CREATED, build={})
    assert record_document(empty)["build"] == "{}"
    assert parse_record(record_document(empty)) == empty


def test_a_new_record_is_open_announced_and_knows_of_nothing_else() -> None:
    """As an earlier version's record is read, which lacks what was added since."""
    old = {name: STORED[name] for name in ("key", "created", "state")}
    fresh = parse_record(old)
    assert fresh == Record(KEY, created=CREATED)
    values = {item.name: getattr(fresh, item.name) for item in fields(Record) if item.name in STORED}
    assert values == {
        "key": KEY,
        "created": CREATED,
        "state": State.OPEN,
        "announced": True,
        **dict.fromkeys("fence attempts starts".split(), 0),
        **dict.fromkeys("owner step error job execution channel ts".split(), ""),
        **dict.fromkeys("images extras".split(), ()),
        **dict.fromkeys("recorded published told warned refused".split(), False),
        **dict.fromkeys("lease_until due unsaid build intent looked ended whole judgement".split()),
        **dict.fromkeys("posting unanswered missing tried".split()),
    }
    assert type(fresh.fence) is type(fresh.attempts) is type(fresh.starts) is int
    assert type(fresh.told) is bool


@pytest.mark.parametrize("state", State)
def test_each_state_is_read_again(state: State) -> None:
    assert parse_record(record_document(replace(WHOLE, state=state))).state is state


# what is not read


@pytest.mark.parametrize("version", [VERSION + 1, 0, -1, "1", 1.0, True, None])
def test_a_record_of_a_version_to_come_or_of_none_that_there_is_waits_untouched(version: object) -> None:
    with pytest.raises(Malformed) as refused:
        parse_record(STORED | {"version": version})
    assert str(refused.value) == (
        f"expected a record of version 1 at most, got version {version!r}: {WAITS_FOR_ITS_VERSION}"
    )


def test_0_1_0_wrote_no_version() -> None:
    assert parse_record({name: value for name, value in STORED.items() if name != "version"}) == WHOLE


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"fence": "3"}, "TypeError('fence: expected int, got str')"),
        ({"fence": True}, "TypeError('fence: expected int, got bool')"),
        ({"told": 1}, "TypeError('told: expected bool, got int')"),
        ({"owner": None}, "TypeError('owner: expected str, got NoneType')"),
        ({"state": "closed"}, "ValueError(\"'closed' is not a valid State\")"),
        ({"due": "soon"}, "ValueError(\"Invalid isoformat string: 'soon'\")"),
        ({"images": 7}, "TypeError(\"'int' object is not iterable\")"),
        ({"judgement": {"verdict": "FAILED"}}, "KeyError('findings')"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_the_version_that_could_not(
    changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(Malformed) as refused:
        parse_record(STORED | changed)
    assert str(refused.value) == (
        f"expected a record that version {__version__} can read, got one with {why}: {WAITS_FOR_ITS_VERSION}"
    )
    assert refused.value.__cause__ is not None


@pytest.mark.parametrize("field", ["key", "created", "state"])
def test_a_record_without_what_every_version_writes_is_not_read(field: str) -> None:
    with pytest.raises(Malformed, match=field):
        parse_record({name: value for name, value in STORED.items() if name != field})


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert parse_record(STORED | {"something_new": {"a": 1}}) == WHOLE


# what a step leaves in it


def test_a_claim_counts_the_fence_up_and_is_due_when_its_lease_ends() -> None:
    before = replace(WHOLE, state=State.UNCONFIRMED)
    assert claimed(before, "mine", NOW, LEASE) == replace(
        before, state=State.OPEN, fence=4, owner="mine", lease_until=NOW + LEASE, due=NOW + LEASE, unsaid=None
    )


def test_a_release_changes_nothing_but_who_may_take_it_and_when() -> None:
    assert released(WHOLE, NOW) == replace(WHOLE, owner="", lease_until=None, due=NOW, unsaid=None)


def test_in_slacks_queue_a_record_waits_by_the_moment_of_its_verdict() -> None:
    assert queued(WHOLE, "Slack is away") == replace(
        WHOLE,
        owner="",
        lease_until=None,
        due=None,
        unsaid=JUDGEMENT.decided,
        attempts=0,
        error="Slack is away",
        queue="C1|0 2026-11-23T02:40:00.000000Z",
    )


def test_places_in_a_queue_are_in_the_order_of_verdicts_first_then_the_earliest() -> None:
    places = [
        queue_place("C1", NOW, is_verdict=True),
        queue_place("C1", NOW + LEASE, is_verdict=True),
        queue_place("C1", CREATED, is_verdict=False),
    ]
    begin, end = queue_of("C1")
    assert sorted([begin, *reversed(places), end]) == [begin, *places, end]
    assert {channel_of(place) for place in places} == {"C1"}
    assert channel_of(queue_place("", NOW, is_verdict=True)) == "", "the webhook's"
    assert not begin <= queue_place("C11", NOW, is_verdict=True) <= end


def test_without_a_verdict_it_waits_by_its_own_beginning() -> None:
    assert queued(replace(WHOLE, judgement=None), "Slack is away").unsaid == CREATED


@pytest.mark.parametrize("state", [State.DONE, State.UNCONFIRMED])
def test_a_settled_record_is_due_never_again_and_has_no_trouble_left(state: State) -> None:
    assert replace(settled(WHOLE, state), cut_due=None) == replace(
        WHOLE, state=state, owner="", lease_until=None, due=None, unsaid=None, attempts=0, error="", cut_due=None
    )


def test_a_record_is_cut_400_days_after_its_verdict_if_it_is_done_and_not_cut_yet() -> None:
    assert WHOLE.judgement is not None
    done, days = settled(WHOLE, State.DONE), timedelta(days=400)
    assert done.cut_due == cut_due(done) == WHOLE.judgement.decided + days
    assert cut_due(replace(done, cut=NOW)) is None
    assert cut_due(replace(done, judgement=None)) is None
    assert settled(WHOLE, State.UNCONFIRMED).cut_due is None


def test_a_cut_record_has_lost_its_builds_document_and_findings_and_nothing_else() -> None:
    assert WHOLE.judgement is not None
    done = settled(WHOLE, State.DONE)
    lean = replace(WHOLE.judgement, findings=(), errors=())
    assert cut(done, NOW) == replace(done, build=None, judgement=lean, cut_due=None, cut=NOW)
    assert parse_record(record_document(cut(done, NOW))) == cut(done, NOW)
    assert cut(replace(done, judgement=None), NOW).judgement is None


def test_a_failure_counts_on_at_its_step_and_keeps_what_was_done() -> None:
    assert after_failure(WHOLE, "no answer", NOW, step="observe") == replace(
        WHOLE, owner="", lease_until=None, due=NOW + timedelta(minutes=8), unsaid=None, attempts=5, error="no answer"
    )


def test_a_failure_at_another_step_is_the_first_one_there() -> None:
    assert after_failure(WHOLE, "no answer", NOW, step="judge") == replace(
        WHOLE,
        owner="",
        lease_until=None,
        due=NOW + timedelta(seconds=30),
        unsaid=None,
        attempts=1,
        step="judge",
        error="no answer",
    )
    assert (failures(WHOLE, "observe"), failures(WHOLE, "judge")) == (4, 0)


@pytest.mark.parametrize(
    ("failed", "seconds"), [(0, 30), (1, 60), (2, 120), (3, 240), (4, 480), (5, 600), (6, 600), (10**9, 600)]
)
def test_each_failure_in_a_row_waits_twice_as_long_up_to_ten_minutes(failed: int, seconds: int) -> None:
    due = after_failure(replace(WHOLE, attempts=failed), "no answer", NOW, step="observe").due
    assert due == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, 30), (-5.0, 30), (0.0, 30), (30.5, 30.5), (3_599.0, 3_599), (3_601.0, 3_600), (1e9, 3_600)],
)
def test_a_service_may_ask_for_more_patience_up_to_an_hour(asked: float | None, seconds: float) -> None:
    assert after_failure(WHOLE, "no answer", NOW, asked).due == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("length", [500, 501, 10_000])
def test_of_a_long_error_the_beginning_is_kept(length: int) -> None:
    long = "x" * (length - 1) + "y"
    assert after_failure(WHOLE, long, NOW).error == long[:500]
    assert queued(WHOLE, long).error == long[:500]


def test_a_fresh_record_is_open_has_no_owner_and_says_that_nothing_was_done() -> None:
    nothing = {
        item.name: {"int": 0, "bool": False, "str": "", "tuple[str, ...]": [], "tuple[Document, ...]": []}.get(
            str(item.type)
        )
        for item in fields(Record)
    }
    of_its_own = {name: record_document(WHOLE)[name] for name in ("version", "key", "created", "state")}
    assert record_document(Record(KEY, created=CREATED)) == nothing | of_its_own | {"announced": True}
