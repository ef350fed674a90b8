"""Whatever is sent instead of a build is refused by what it looks like, and whoever sent it reads what to send."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.builds import CASES, document
from verifier.errors import Malformed
from verifier.history.recognize import PARTS, build_of, likely_note, no_build, no_json


@pytest.mark.parametrize("case", CASES)
def test_every_known_form_of_build_is_one(case: str) -> None:
    assert no_build(document(case)) == ""


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_of_a_build_is_enough(part: str) -> None:
    assert no_build({part: {}}) == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({}, "got an object with no fields"),
        ({"hello": 1}, "got an object with hello"),
        ({"status": "SUCCESS"}, "got an object with status"),
        (
            {"message": {"data": "e30="}, "subscription": "s"},
            "this is a Pub/Sub push envelope: its build is in message.data",
        ),
        ({"ackId": "a", "message": {"data": "e30="}}, "this is a Pub/Sub push envelope"),
        ({"specversion": "1.0", "id": "1", "source": "//pubsub", "data": {}}, "this is a CloudEvent"),
        ({"logName": "projects/p/logs/l", "insertId": "i"}, "this looks like a log entry: use verifier logs"),
        ({"insertId": "i", "textPayload": "x"}, "this looks like a log entry: use verifier logs"),
        (
            {"error": {"code": 403, "status": "PERMISSION_DENIED"}},
            "this is an error of the API's (403 PERMISSION_DENIED)",
        ),
        (
            {"project_id": "p", "source_provenance": {}},
            "this looks like a build in snake_case, as a client library prints it: save what gcloud builds list",
        ),
        ({"id": "x", "project_id": "p", "source": {"storage_source": {}}}, "this looks like a build in snake_case"),
    ],
)
def test_what_is_no_build_is_told_by_what_it_looks_like(other: dict[str, Any], said: str) -> None:
    why = no_build(other)
    assert why.startswith("expected a build")
    assert said in why
    with pytest.raises(Malformed) as raised:
        build_of(other)
    assert str(raised.value) == why


def test_a_build_that_also_has_a_field_of_something_else_is_a_build() -> None:
    build = document("commit-resolved-git")
    assert no_build(build | {"message": "text", "error": {}, "project_id": "p"}) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\nid: abc\n", "this looks like YAML: add --format=json"),
        ("id: abc\nsteps:\n- name: a\n", "this looks like YAML: add --format=json"),
        ("- id: abc\n", "this looks like YAML: add --format=json"),
        ("ID      CREATE_TIME   DURATION  SOURCE\n", "this looks like gcloud's table: add --format=json"),
        ("id,create_time,status\n", "this looks like CSV: add --format=json"),
        ("ERROR: (gcloud.builds.list) no\nmore", "this is an error of gcloud's (ERROR: (gcloud.builds.list) no)"),
        ("Listed 0 items.\n", "this says that nothing was listed"),
        ("<!doctype html>", "this looks like a web page or XML"),
        ("PK\x03\x04", "this looks like a zip archive: unpack it"),
        ("a" * 257 + "ustar", "this looks like a tar archive: unpack it"),
    ],
)
def test_text_that_is_no_json_is_told_by_what_it_looks_like(text: str, said: str) -> None:
    assert said in no_json(text)


@pytest.mark.parametrize("text", ["7", '"text"', "null", "oops", "{}", "[]"])
def test_text_that_looks_like_nothing_else_is_left_to_the_reader(text: str) -> None:
    assert no_json(text) == ""


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("WARNING: something is odd\n", True),
        ("Updates are available for some CLI components.\n\nTo install them, run:\n", True),
        ("ERROR: (gcloud.builds.list) no\n", False),
        ('WARNING", "id": "one"}\n', False),
        ("WARNING: see {\n", False),
        ("id: abc\n", False),
        ("", False),
    ],
)
def test_a_note_of_gcloud_is_told_from_everything_else(text: str, note: bool) -> None:
    assert likely_note(text) is note
