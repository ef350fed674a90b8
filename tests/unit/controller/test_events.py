"""Bodies from outside become hints, or are quarantined with a reason; nothing makes `decode` raise."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.counted import CountedBytes
from verifier.config import Watched
from verifier.controller.events import (
    EXCERPT,
    MOST_BYTES,
    BuildStatus,
    ExecutionFinished,
    Hint,
    Irrelevant,
    Quarantined,
    RunEnded,
    Sweep,
    Unwatched,
    Work,
    decode,
)
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.redact import MARGIN

PROJECT, NUMBER = "vividly-dev", "4711"
WATCHED = Watched({PROJECT: NUMBER, "vividly-new": ""}, frozenset({"global", "us-central1"}))
ID = "4e841fcb-9a1d-4a6e-8c5f-0f9d2b7a6c3e"
KEY = BuildKey("vividly-dev", "us-central1", ID)


def build(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "projectId": "vividly-dev",
        "name": f"projects/4711/locations/us-central1/builds/{ID}",
        "status": "SUCCESS",
        "steps": [{"name": "gcr.io/cloud-builders/docker", "args": ["build", "."]}],
        **changes,
    }


def completion(env: object = None, **changes: Any) -> dict[str, Any]:
    """Return the audit entry about an execution's end."""
    env = [{"name": "MODE", "value": "once"}, {"name": "VERIFIER_BUILD", "value": KEY.name}] if env is None else env
    container = {"image": "us-docker.pkg.dev/vividly-dev/images/content-worker@sha256:0a", "env": env}
    return {
        "protoPayload": {
            "methodName": "/Jobs.RunJob",
            "response": {"spec": {"template": {"spec": {"containers": [container]}}}},
        },
        "labels": {"run.googleapis.com/execution_name": "content-worker-x7k2p"},
        "resource": {
            "type": "cloud_run_job",
            "labels": {"project_id": "vividly-dev", "location": "us-central1", "job_name": "content-worker"},
        },
        **changes,
    }


def of_job(**changes: Any) -> dict[str, Any]:
    """Return what an entry says of the resource that it is about."""
    labels = {"project_id": PROJECT, "location": "us-central1", "job_name": "content-worker", **changes}
    return {"type": "cloud_run_job", "labels": labels}


def run_of_generation(generation: object) -> dict[str, Any]:
    """Return what an entry says of an execution that ran by this generation of its job."""
    labels = {"run.googleapis.com/jobGeneration": generation}
    return {"methodName": "/Jobs.RunJob", "response": {"metadata": {"labels": labels}}}


def encoded(data: object) -> str:
    text = data if isinstance(data, str) else json.dumps(data)
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def push(content: object, attributes: object = None, **changes: Any) -> bytes:
    """Return a raw push body."""
    message = {"data": encoded(content), "attributes": attributes or {}, "messageId": "15160438672984373", **changes}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 3}).encode()


def read(data: object, path: str = "/", **changes: Any) -> Hint:
    return decode(push(data, **changes), path, WATCHED)


def reason(body: bytes, path: str = "/builds") -> str:
    hint = decode(body, path, WATCHED)
    assert isinstance(hint, Quarantined), hint
    return hint.reason


@pytest.mark.parametrize("path", ["/builds", "/builds/", "/", ""])
@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "TIMEOUT", "CANCELLED", "EXPIRED", "INTERNAL_ERROR"])
def test_a_build_that_ended_is_to_be_looked_at(path: str, status: str) -> None:
    assert read(build(status=status), path, attributes={"buildId": ID, "status": status}) == BuildStatus(KEY, status)


def test_a_status_that_is_not_known_may_be_an_end() -> None:
    assert read(build(status="SUPERSEDED")) == BuildStatus(KEY, "SUPERSEDED")


@pytest.mark.parametrize("status", ["QUEUED", "WORKING", "PENDING", "STATUS_UNKNOWN"])
def test_a_build_that_goes_on_asks_for_nothing(status: str) -> None:
    assert read(build(status=status)) == Irrelevant(f"build status {status}")


def test_a_build_that_goes_on_is_told_by_its_attributes_without_decoding_its_data() -> None:
    body = push({}, {"status": "WORKING"}, data="not base64")

    assert decode(body, "/builds", WATCHED) == Irrelevant("build status WORKING")


def test_the_status_in_the_data_decides_where_the_attributes_claim_an_end() -> None:
    assert read(build(status="WORKING"), attributes={"status": "SUCCESS"}) == Irrelevant("build status WORKING")
    assert read(build(status="FAILURE"), attributes={"status": "SUCCESS"}) == BuildStatus(KEY, "FAILURE")


@pytest.mark.parametrize("path", ["/executions", "/sweep"])
def test_a_status_attribute_means_nothing_elsewhere(path: str) -> None:
    assert not isinstance(read(completion(), path, attributes={"status": "WORKING"}), Irrelevant)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": f"projects/vividly-dev/locations/us-central1/builds/{ID}"},
        {"projectId": "4711"},
        {"projectId": None, "id": None},
        {"id": None},
    ],
    ids=["number in name", "id in name", "number as project id", "name alone", "no id"],
)
def test_a_build_has_one_key_however_its_project_is_written(changes: Mapping[str, Any]) -> None:
    document = {field: value for field, value in build(**changes).items() if value is not None}

    assert read(document) == BuildStatus(KEY, "SUCCESS")


def test_a_build_without_a_name_is_global() -> None:
    document = build()
    del document["name"]

    assert read(document) == BuildStatus(BuildKey("vividly-dev", "global", ID), "SUCCESS")


def test_a_number_that_nobody_told_is_taken_for_the_project_that_is_named_beside_it() -> None:
    document = build(projectId="vividly-new", name=f"projects/99/locations/global/builds/{ID}")

    assert read(document) == BuildStatus(BuildKey("vividly-new", "global", ID), "SUCCESS")


@pytest.mark.parametrize(
    "changes",
    [
        {"projectId": "someone-else", "name": f"projects/someone-else/locations/global/builds/{ID}"},
        {"projectId": "someone-else", "name": f"projects/12/locations/global/builds/{ID}"},
        {"projectId": "vividly-dev-2", "name": f"projects/vividly-dev-2/locations/global/builds/{ID}"},
        {"name": f"projects/4711/locations/europe-west1/builds/{ID}"},
    ],
)
def test_builds_of_other_projects_and_regions_are_not_watched(changes: Mapping[str, Any]) -> None:
    hint = read(build(**changes))

    assert isinstance(hint, Unwatched)
    assert (hint.key.project, hint.key.location) not in [("vividly-dev", "us-central1"), ("vividly-dev", "global")]


@pytest.mark.parametrize("path", ["/builds", "/"])
@pytest.mark.parametrize("headers", [{}, {"x-goog-pubsub-message-id": "7"}], ids=["bare", "with metadata"])
def test_an_unwrapped_message_asks_for_what_a_wrapped_one_does(path: str, headers: Mapping[str, str]) -> None:
    def unwrapped(data: object, to: str = path) -> Hint:
        return decode(json.dumps(data).encode(), to, WATCHED, headers)

    assert unwrapped(build()) == BuildStatus(KEY, "SUCCESS")
    assert unwrapped(build(status="WORKING")) == Irrelevant("build status WORKING")
    assert unwrapped(completion(), "/executions") == unwrapped(completion(), "/") == ExecutionFinished(KEY)
    assert unwrapped({}, "/sweep") == unwrapped({}, "/") == Sweep()
    assert isinstance(unwrapped(build(name="x")), Quarantined)


def test_an_unwrapped_message_that_is_malformed_has_the_id_and_time_of_its_headers() -> None:
    headers = {
        "x-goog-pubsub-message-id": "15160438672984373",
        "x-goog-pubsub-publish-time": "2026-11-23T02:00:00.5Z",
        "x-goog-pubsub-subscription-name": "projects/p/subscriptions/s",
    }
    for body in (b"no JSON", json.dumps(build(status="?")).encode()):
        hint = decode(body, "/builds", WATCHED, headers)
        assert isinstance(hint, Quarantined)
        assert hint.message_id == "15160438672984373"
        assert hint.published == datetime(2026, 11, 23, 2, 0, 0, 500_000, UTC)
        assert hint.excerpt == body.decode()


def test_a_body_that_is_neither_wrapped_nor_of_a_known_shape_is_told_what_was_expected() -> None:
    assert reason(b'{"hello": 1}') == "message: expected an object, got nothing"


def test_without_a_list_of_locations_every_location_is_watched() -> None:
    everywhere = Watched({"vividly-dev": "4711"})

    hint = decode(push(build(name=f"projects/4711/locations/europe-west9/builds/{ID}")), "/", everywhere)

    assert hint == BuildStatus(BuildKey("vividly-dev", "europe-west9", ID), "SUCCESS")


def test_an_execution_that_ended_names_its_build() -> None:
    assert read(completion(), "/executions") == ExecutionFinished(KEY)
    assert read(completion()) == ExecutionFinished(KEY)


@pytest.mark.parametrize(
    "entry",
    [
        completion(protoPayload={"methodName": "/Jobs.CreateJob"}),
        completion(protoPayload={}),
        completion(labels={}),
        completion(env=[], resource=of_job(project_id="other")),
    ],
    ids=["other method", "no method", "no execution", "other project"],
)
def test_entries_about_anything_but_executions_of_ours_are_irrelevant(entry: Mapping[str, Any]) -> None:
    assert isinstance(read(entry, "/executions"), Irrelevant)


@pytest.mark.parametrize(
    ("entry", "generation"),
    [
        (completion(env=[]), None),
        (completion(env=[{"name": "OTHER", "value": KEY.name}]), None),
        (completion(protoPayload={"methodName": "/Jobs.RunJob"}), None),
        (completion(protoPayload=run_of_generation("17")), 17),
        (completion(protoPayload=run_of_generation("seventeen")), None),
        (completion(protoPayload=run_of_generation("9" * 16)), None),
        (completion(protoPayload=run_of_generation(17)), None),
        (completion(env=[], resource=of_job(project_id=NUMBER)), None),
    ],
    ids=[
        "no variables",
        "other variable",
        "no response",
        "a generation",
        "no number",
        "a number that none is",
        "no text",
        "the project's number",
    ],
)
def test_an_execution_that_names_no_build_is_a_run_of_its_job(entry: Mapping[str, Any], generation: int | None) -> None:
    job = JobName(PROJECT, "us-central1", "content-worker")
    assert read(entry, "/executions") == RunEnded(f"{job.resource}/executions/content-worker-x7k2p", job, generation)


def test_nothing_that_an_entry_says_of_digests_counts_or_the_environment_is_kept() -> None:
    forged = {"name": "DATABASE_URL", "value": "postgres://ada:hunter2@db"}
    hint = read(completion(env=[forged]), "/executions")
    assert isinstance(hint, RunEnded)
    assert {field.name for field in fields(hint)} == {"execution", "job", "generation"}
    assert "hunter2" not in repr(hint)


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"labels": {}},
        of_job(location=7),
        of_job(job_name="../other"),
        of_job(job_name="a/executions/b"),
        of_job(location="Us Central"),
        of_job(project_id=""),
    ],
    ids=["nothing", "no labels", "no text", "a path", "slashes", "spaces", "empty"],
)
def test_a_run_whose_job_can_not_be_read_is_quarantined(resource: Mapping[str, Any]) -> None:
    assert isinstance(read(completion(env=[], resource=resource), "/executions"), Quarantined)


def test_a_run_whose_own_name_is_none_is_quarantined() -> None:
    entry = completion(env=[], labels={"run.googleapis.com/execution_name": "a/../b"})
    assert isinstance(read(entry, "/executions"), Quarantined)


def test_an_execution_for_a_build_in_another_project_is_not_watched() -> None:
    entry = completion(env=[{"name": "VERIFIER_BUILD", "value": f"projects/other/locations/global/builds/{ID}"}])
    assert read(entry, "/executions") == Unwatched(BuildKey("other", "global", ID))


@pytest.mark.parametrize("path", ["/sweep", "/"])
def test_an_empty_object_is_a_sweep(path: str) -> None:
    assert read({}, path) == Sweep()


def test_an_empty_object_is_no_build() -> None:
    assert reason(push({})) == "status: expected text, got nothing"


@pytest.mark.parametrize("id_field", ["messageId", "message_id"])
def test_events_in_both_content_modes_read_like_raw_pushes(id_field: str) -> None:
    published = {"message": {"data": encoded(build()), id_field: "1"}, "subscription": "s"}
    event = {
        "specversion": "1.0",
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
        "source": "//pubsub.googleapis.com/projects/p/topics/cloud-builds",
        "id": "1",
        "data": published,
    }

    for body in (published, event):
        assert decode(json.dumps(body).encode(), "/builds", WATCHED) == BuildStatus(KEY, "SUCCESS")


_DEEP = "[" * 100_000 + "]" * 100_000

MALFORMED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "body: expected JSON in UTF-8, got Expecting value: line 1 column 1 (char 0)"),
    "too long": (b" " * (MOST_BYTES + 1), "body: expected at most 1048576 bytes, got more"),
    "not UTF-8": (b'{"message": "\xff"}', "body: expected JSON in UTF-8, got 'utf-8' codec can't decode byte 0xff"),
    "UTF-16": ('{"message": {}}'.encode("utf-16"), "body: expected JSON in UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf" + push(build()), "body: expected JSON in UTF-8"),
    "a list": (b"[]", "body: expected an object, got list"),
    "too deep": (_DEEP.encode(), "body: expected JSON, got it nested too deeply"),
    "a key twice": (b'{"message": {}, "message": {}}', "body: expected JSON in UTF-8, got the key 'message' more than"),
    "NaN": (b'{"message": NaN}', "body: expected JSON in UTF-8, got the number NaN"),
    "infinity": (b'{"message": -Infinity}', "body: expected JSON in UTF-8, got the number -Infinity"),
    "a number too large": (b'{"message": 1e999}', "body: expected JSON in UTF-8, got the number 1e999"),
    "a huge integer": (b'{"message": ' + b"9" * 5000 + b"}", "body: expected JSON in UTF-8, got Exceeds the limit"),
    "half a surrogate pair": (
        b'{"message": "\\ud800"}',
        "body: expected JSON in UTF-8, got 'utf-8' codec can't encode",
    ),
    "no message": (b"{}", "message: expected an object, got nothing"),
    "message is text": (b'{"message": "x"}', "message: expected an object, got 'x'"),
    "another event": (
        b'{"specversion": "1.0", "type": "google.cloud.audit.log.v1.written", "data": {}}',
        "type: expected google.cloud.pubsub.topic.v1.messagePublished, got 'google.cloud.audit.log.v1.written'",
    ),
    "event without data": (
        b'{"specversion": "1.0", "type": "google.cloud.pubsub.topic.v1.messagePublished"}',
        "data: expected an object, got nothing",
    ),
    "attributes are a list": (push(build(), ["x"]), "message.attributes: expected an object, got list"),
    "status attribute is a list": (push({}, {"status": ["WORKING"]}), "status: expected text, got nothing"),
    "no data": (b'{"message": {"messageId": "1"}}', "message.data: expected text, got nothing"),
    "data is a number": (push({}, data=5), "message.data: expected text, got int"),
    "data without padding": (push({}, data="e30"), "message.data: expected padded base64"),
    "data in the URL alphabet": (push({}, data="_-__"), "message.data: expected padded base64"),
    "data with a line break": (push({}, data="e3\n0="), "message.data: expected padded base64"),
    "data beyond ASCII": (push({}, data="é30="), "message.data: expected padded base64"),
    "empty data": (push({}, data=""), "data: expected JSON in UTF-8, got Expecting value"),
    "data is null": (push("null"), "data: expected an object, got nothing"),
    "data too deep": (push(_DEEP), "data: expected JSON, got it nested too deeply"),
    "data with a key twice": (
        push('{"status": "SUCCESS", "status": "WORKING"}'),
        "data: expected JSON in UTF-8, got the",
    ),
    "data with half a pair": (
        push('{"status": "\\udfff"}'),
        "data: expected JSON in UTF-8, got 'utf-8' codec can't en",
    ),
    "data with a raw half": (
        push('{"status": "\ud800"}'),
        "data: expected JSON in UTF-8, got 'utf-8' codec can't decode",
    ),
    "status is a number": (push(build(status=3)), "status: expected text, got int"),
    "status is a sentence": (push(build(status="it works")), "status: expected ^[A-Z][A-Z_]{0,39}$, got 'it works'"),
    "no identity": (push({"status": "SUCCESS"}), "name: expected text, got nothing"),
    "name of something else": (
        push(build(name="projects/p/builds")),
        "build name: expected projects/PROJECT/locations/",
    ),
    "path in the id": (
        push({"id": "../x", "projectId": "vividly-dev", "status": "SUCCESS"}),
        "build: expected a build id such as ",
    ),
    "dots as project": (push(build(projectId="..")), "project: expected a project id such as "),
    "two ids": (push(build(id="another")), f"name: expected the build 'another' of `id`, got '{ID}'"),
    "two projects": (
        push(build(projectId="vividly-new", name=f"projects/vividly-dev/builds/{ID}")),
        "name: expected the",
    ),
    "another number": (push(build(name=f"projects/12/builds/{ID}")), "name: expected the project 'vividly-dev' of"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_message_is_quarantined_with_what_was_expected(case: str) -> None:
    body, expected = MALFORMED[case]

    assert reason(body).startswith(expected)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, "protoPayload: expected an object, got nothing"),
        (completion(labels=[]), "labels: expected an object, got list"),
        (completion(protoPayload={"methodName": "/Jobs.RunJob", "response": []}), "protoPayload.response: expected an"),
        (completion(env={}), "protoPayload.response.spec.template.spec.containers.env: expected a list, got dict"),
        (completion(env=["x"]), "protoPayload.response.spec.template.spec.containers.env: expected an object, got 'x'"),
        (completion(env=[{"name": "VERIFIER_BUILD", "valueFrom": {}}]), "VERIFIER_BUILD: expected text, got nothing"),
        (completion(env=[{"name": "VERIFIER_BUILD", "value": "latest"}]), "build name: expected projects/PROJECT/"),
        (completion(env=[{"name": "VERIFIER_BUILD", "value": v} for v in "ab"]), "VERIFIER_BUILD: expected one build"),
    ],
)
def test_a_malformed_log_entry_is_quarantined_with_its_place(entry: Mapping[str, Any], expected: str) -> None:
    assert reason(push(entry), "/executions").startswith(expected)


def test_data_of_no_known_shape_are_quarantined_where_the_shape_decides() -> None:
    assert reason(push({"hello": 1}), "/") == (
        "data: expected a build with a status, a log entry with protoPayload, work with a kind, or {}, got none of them"
    )


@pytest.mark.parametrize("path", ["/build", "/sweep/now", "/../builds", "builds", "/\u202ebuilds"])
def test_a_path_of_no_meaning_is_quarantined(path: str) -> None:
    assert reason(push(build()), path).startswith("path: expected /builds, /executions, /sweep, /work or /, got ")


def test_the_quarantined_message_is_kept_as_far_as_it_helps() -> None:
    token = "ghp_" + "a1" * 18
    data = build(status="?", note=f"\x1b[31m{token}", more="x" * 5_000)

    hint = decode(push(data), "/builds", WATCHED)

    assert isinstance(hint, Quarantined)
    assert hint.message_id == "15160438672984373"
    assert hint.excerpt.startswith(f'{{"id": "{ID}", ')
    assert "[redacted]" in hint.excerpt
    assert token not in hint.excerpt
    assert len(hint.excerpt) == EXCERPT


def test_a_time_of_publication_that_is_out_of_range_is_left_out() -> None:
    hint = read([], "/builds", publishTime="0001-01-01T00:00:00+23:59")
    assert isinstance(hint, Quarantined)
    assert hint.published is None


def test_a_message_id_that_is_no_text_is_left_out() -> None:
    hint = decode(push({}, messageId=["x"]), "/builds", WATCHED)

    assert isinstance(hint, Quarantined)
    assert hint.message_id == ""


_PATHS = st.sampled_from(["/builds", "/executions", "/sweep", "/", "", "/x"]) | st.text(max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_SOUND = [build(), build(status="WORKING"), completion(), {}]


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Yield the way to every value inside."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [path, *(place for key, item in inside for place in places(item, (*path, key)))]


def changed(value: Any, place: tuple[str | int, ...], new: object) -> Any:
    if not place:
        return new
    head, *rest = place
    copy = value.copy()
    copy[head] = changed(value[head], tuple(rest), new)
    return copy


@given(st.binary(), _PATHS)
def test_no_bytes_make_it_raise(body: bytes, path: str) -> None:
    assert isinstance(decode(body, path, WATCHED), Hint)


@given(st.sampled_from(_SOUND), st.data(), _JSON, _PATHS)
def test_no_change_to_sound_data_makes_it_raise(data: Any, draw: st.DataObject, new: Any, path: str) -> None:
    place = draw.draw(st.sampled_from(places(data)))

    assert isinstance(decode(push(json.dumps(changed(data, place, new))), path, WATCHED), Hint)


@given(st.sampled_from(_SOUND), st.data(), _JSON, _PATHS)
def test_no_change_to_a_sound_envelope_makes_it_raise(data: Any, draw: st.DataObject, new: Any, path: str) -> None:
    envelope = json.loads(push(data, {"status": "SUCCESS"}))
    place = draw.draw(st.sampled_from(places(envelope)))

    assert isinstance(decode(json.dumps(changed(envelope, place, new)).encode(), path, WATCHED), Hint)


@given(st.sampled_from(_SOUND), st.data(), st.binary(max_size=4), _PATHS)
def test_no_damage_to_the_bytes_makes_it_raise(data: Any, draw: st.DataObject, new: bytes, path: str) -> None:
    body = push(data)
    start, end = sorted(draw.draw(st.tuples(*[st.integers(0, len(body))] * 2)))

    assert isinstance(decode(body[:start] + new + body[end:], path, WATCHED), Hint)


@given(st.sampled_from(_SOUND), st.data(), _JSON)
def test_whatever_is_changed_only_watched_builds_are_looked_at(data: Any, draw: st.DataObject, new: Any) -> None:
    place = draw.draw(st.sampled_from(places(data)))

    hint = decode(push(json.dumps(changed(data, place, new))), "/", WATCHED)

    if isinstance(hint, BuildStatus | ExecutionFinished):
        assert WATCHED.covers(hint.key)


@pytest.mark.parametrize(
    "body",
    [
        b"x" * MOST_BYTES,
        b"\xff" * MOST_BYTES,
        b"password=a," * (MOST_BYTES // 11),
        b"[" + b"1," * (MOST_BYTES // 2 - 1) + b"1]",
        b"[" + b"[]," * (MOST_BYTES // 3 - 1) + b"[]]",
        b"{" + b'"a":1,' * (MOST_BYTES // 6 - 2) + b'"b":1}',
        b'{"message": {"data": "' + b"!" * (MOST_BYTES - 40) + b'"}}',
        b'{"message": {"data": "' + base64.b64encode(b"token: a " * 80_000) + b'"}}',
    ],
    ids=["text", "no text", "secrets", "numbers", "lists", "one key", "no base64", "data"],
)
def test_a_malformed_body_of_a_megabyte_is_read_once_and_its_beginning_again(body: bytes) -> None:
    counted = CountedBytes(body)

    hint = decode(counted, "/builds", WATCHED)

    assert isinstance(hint, Quarantined)
    assert len(hint.excerpt) <= EXCERPT
    assert counted.taken <= len(body) + 4 * (EXCERPT + MARGIN + 1)


@pytest.mark.parametrize("path", ["/work", "/work/", "/"])
def test_a_work_message_names_a_kind_and_a_document(path: str) -> None:
    assert decode(push({"kind": "record", "name": "0a-_F"}), path, WATCHED) == Work("record", "0a-_F")
    assert decode(push({"kind": "of-tomorrow", "name": "x", "more": 1}), path, WATCHED) == Work("of-tomorrow", "x")
    assert decode(json.dumps({"kind": "record", "name": "x"}).encode(), path, WATCHED) == Work("record", "x")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"name": "x"}, "kind: "),
        ({"kind": "record"}, "name: "),
        ({"kind": "record", "name": 7}, "name: "),
        ({"kind": "", "name": "x"}, "kind: expected "),
        ({"kind": "record", "name": ""}, "name: expected "),
        ({"kind": "record", "name": ".."}, "name: expected "),
        ({"kind": "record", "name": "__x__"}, "name: expected "),
        ({"kind": "record", "name": "a/b"}, "name: expected "),
        ({"kind": "record", "name": "a" * 129}, "name: expected "),
        ({"kind": "record\n", "name": "a"}, "kind: expected "),
    ],
)
def test_a_work_message_whose_words_are_none_is_quarantined(data: Mapping[str, Any], expected: str) -> None:
    assert reason(push(data), "/work").startswith(expected)
