"""A build's document is read strictly where judgement needs it, and a build has one identity."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.builds import CASES, document
from verifier.errors import Malformed
from verifier.facts.build import (
    NOT_TERMINAL,
    TERMINAL,
    Build,
    BuildKey,
    Image,
    checked_key,
    parse_build,
    parse_build_name,
)

ID = "6d0c2f7e-1b7a-4c55-a3d9-5f2b8e90c114"
NUMBERED = f"projects/402118557731/locations/us-central1/builds/{ID}"
DEEP: Any = {"url": {1, 2}}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "build: expected an object, got NoneType"),
        ([], "build: expected an object, got list"),
        ("text", "build: expected an object, got str"),
        (7, "build: expected an object, got int"),
        ({"id": True}, "id: expected text, got bool"),
        ({"id": ["x"]}, "id: expected text, got list"),
        ({"name": 5}, "name: expected text, got int"),
        ({"projectId": 402118557731}, "projectId: expected text, got int"),
        ({"status": 3}, "status: expected text, got int"),
        ({"buildTriggerId": {}}, "buildTriggerId: expected text, got dict"),
        ({"source": []}, "source: expected an object, got list"),
        ({"source": "main"}, "source: expected an object, got str"),
        ({"sourceProvenance": ["x"]}, "sourceProvenance: expected an object, got list"),
        ({"substitutions": ["COMMIT_SHA"]}, "substitutions: expected an object, got list"),
        ({"substitutions": {"COMMIT_SHA": 7}}, "substitutions.COMMIT_SHA: expected text, got int"),
        ({"tags": "nightly"}, "tags: expected a list, got str"),
        ({"tags": ["nightly", 7]}, "tags: expected text, got int"),
        ({"results": ["x"]}, "results: expected an object, got list"),
        ({"steps": [{"args": 5}]}, "steps[0].args: expected a list, got int"),
        ({"finishTime": 5}, "finishTime: expected text, got int"),
        ({"finishTime": "yesterday"}, "finishTime: expected an RFC 3339 time, got 'yesterday'"),
        ({"finishTime": "2026-11-03T09:14:22"}, "finishTime: expected an RFC 3339 time, got '2026-11-03T09:14:22'"),
    ],
)
def test_a_wrong_shape_is_named_with_its_place(wrong: object, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_build(wrong)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "wrong",
    [
        {"substitutions": {"COMMIT_SHA": "\ud800"}},
        {"name": "\udfff"},
        {"source": {"gitSource": DEEP}},
        {"tags": ["\ud800"]},
    ],
)
def test_what_could_not_be_stored_is_malformed(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="expected JSON values in valid Unicode"):
        parse_build(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    "id name projectId status source sourceProvenance buildTriggerId substitutions tags results steps images "
    "finishTime dependencies gitConfig serviceAccount".split()
)


@settings(deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_json_is_read_or_refused_as_malformed(changes: dict[str, Any]) -> None:
    try:
        build = parse_build(document("commit-resolved-git") | changes)
    except Malformed:
        return
    assert isinstance(build, Build)
    assert build.default_source_is_ignored in (True, False)


@pytest.mark.parametrize("case", CASES)
def test_what_is_kept_of_a_document_reads_as_the_same_build(case: str) -> None:
    build = parse_build(document(case))
    assert parse_build(build.document) == build


def test_the_project_is_known_by_its_id_though_the_name_has_its_number() -> None:
    build = parse_build({"name": NUMBERED, "projectId": "vividly-dev", "id": ID})
    assert build.key == BuildKey("vividly-dev", "us-central1", ID)
    assert build.key.name == f"projects/vividly-dev/locations/us-central1/builds/{ID}"


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ({"name": NUMBERED}, BuildKey("402118557731", "us-central1", ID)),
        ({"name": f"projects/vividly-dev/builds/{ID}"}, BuildKey("vividly-dev", "global", ID)),
        ({"projectId": "vividly-dev", "id": ID}, BuildKey("vividly-dev", "global", ID)),
        ({"projectId": "vividly-dev", "id": 42}, BuildKey("vividly-dev", "global", "42")),
        ({}, BuildKey("", "global", "")),
    ],
)
def test_an_identity_is_made_of_what_the_document_has(identity: dict[str, Any], key: BuildKey) -> None:
    assert parse_build(identity).key == key


def test_two_builds_that_differ_in_any_part_have_different_digests() -> None:
    one = BuildKey("vividly-dev", "global", ID)
    others = [
        BuildKey("vividly", "global", ID),
        BuildKey("vividly-dev", "us", ID),
        BuildKey("vividly-dev", "global", "x"),
    ]
    assert len({key.digest for key in (one, *others)}) == 4
    assert one.digest == BuildKey("vividly-dev", "global", ID).digest
    assert one.digest.isalnum()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (NUMBERED, ("402118557731", "us-central1", ID)),
        ("projects/example.com:vividly/builds/7", ("example.com:vividly", "global", "7")),
    ],
)
def test_a_resource_name_gives_its_parts(name: str, parts: tuple[str, str, str]) -> None:
    assert parse_build_name(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        "",
        ID,
        "projects//builds/x",
        "projects/p/locations//builds/x",
        f"{NUMBERED}/",
        f"{NUMBERED}\n/x",
        f"/{NUMBERED}",
        f"x{NUMBERED}",
        f"{NUMBERED}/log",
        "projects/p/triggers/x",
        "projects/p/locations/l/builds/\ud800",
    ],
)
def test_another_kind_of_name_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match="build name: expected projects/PROJECT/locations/LOCATION/builds/ID, got "):
        parse_build_name(name)


@pytest.mark.parametrize(
    "parts",
    [
        ("vividly-dev", "global", ID),
        ("402118557731", "us-central1", ID),
        ("example.com:vividly", "europe-west1", "a_1"),
    ],
)
def test_a_key_of_plain_parts_is_accepted(parts: tuple[str, str, str]) -> None:
    assert checked_key(*parts) == BuildKey(*parts)


HOSTILE = [
    "",
    "..",
    ".",
    "a/b",
    "a b",
    "a\n",
    "\n",
    "__x__",
    "é",
    "\ud800",
    "*",
    "-",
    "x" * 200,
    "%2e",
    "a?b",
    "\u0430",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(("place", "label"), [(0, "project"), (1, "location"), (2, "build")])
def test_a_key_with_a_hostile_part_is_refused_by_the_name_of_the_part(place: int, label: str, hostile: str) -> None:
    parts = ["vividly-dev", "global", ID]
    parts[place] = hostile
    with pytest.raises(Malformed, match=f"^{label}: expected "):
        checked_key(*parts)


def test_only_images_with_a_digest_were_pushed() -> None:
    digest = f"sha256:{'4e' * 32}"
    images = [{"name": "a:latest", "digest": digest}, {"name": "b:latest"}, {"digest": digest}, "c"]
    build = parse_build({"results": {"images": images}})
    assert build.images == (Image("a:latest", digest), Image("", digest))


def test_a_triggers_name_is_believed_only_beside_its_id() -> None:
    named = {"substitutions": {"TRIGGER_NAME": "content-worker-main"}}
    assert parse_build(named).trigger_name == ""
    assert parse_build(named | {"buildTriggerId": "c2b7"}).trigger_name == "content-worker-main"


def test_a_pull_request_and_a_proxy_are_seen() -> None:
    assert parse_build(document("pull-request")).pull_request == "214"
    assert parse_build(document("commit-resolved-git")).pull_request == ""
    assert parse_build(document("unclear-proxied-by-hand")).repository_is_proxied
    assert not parse_build(document("commit-resolved-git")).repository_is_proxied


def test_a_time_is_read_to_the_microsecond() -> None:
    build = parse_build({"finishTime": "2026-11-03T10:16:50.868204418+01:00"})
    assert build.finished == datetime(2026, 11, 3, 9, 16, 50, 868204, UTC)
    assert parse_build({}).finished is None


def test_file_hashes_are_not_kept() -> None:
    build = parse_build(document("upload-builds-submit"))
    assert set(build.provenance) == {"resolvedStorageSource"}
    assert "fileHashes" not in str(build.document)


def test_every_status_is_final_or_not() -> None:
    assert not TERMINAL & NOT_TERMINAL
    assert {parse_build(document(case)).status for case in CASES} <= TERMINAL | NOT_TERMINAL
