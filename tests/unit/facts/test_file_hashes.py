"""The hashes that a build recorded of what it fetched: read leniently, and never taken for more than they are."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.build import parse_build
from verifier.facts.file_hashes import file_hashes

ADDRESS = "gs://vividly-dev_cloudbuild/source/a.tgz#17"


def recorded(*hashes: object) -> dict[str, Any]:
    return {ADDRESS: {"fileHash": list(hashes)}}


def test_the_hashes_of_each_file_are_by_kind() -> None:
    md5, sha256 = {"type": "MD5", "value": "kAFQmDzST7DWlj99KOF/cg=="}, {"type": "SHA256", "value": "ungWv48="}
    assert file_hashes(recorded(md5, sha256)) == {ADDRESS: {"MD5": "kAFQmDzST7DWlj99KOF/cg==", "SHA256": "ungWv48="}}


def test_base64_as_gcloud_prints_it_is_the_same_hash() -> None:
    assert file_hashes(recorded({"type": "MD5", "value": "ab-_"})) == {ADDRESS: {"MD5": "ab+/"}}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "x",
        {ADDRESS: None},
        {ADDRESS: {"fileHash": "x"}},
        {ADDRESS: {"fileHash": [None, 3, {}]}},
        {7: {"fileHash": [{"type": "MD5", "value": "a"}]}},
        recorded({"type": "SHA512", "value": "a"}),
        recorded({"type": ["MD5"], "value": "a"}),
        recorded({"type": "MD5", "value": ""}),
        recorded({"type": "MD5", "value": 7}),
    ],
)
def test_what_has_another_shape_is_passed_over(odd: object) -> None:
    assert file_hashes(odd) == {}


def test_very_many_are_not_kept() -> None:
    many = {f"gs://b/{number}": {"fileHash": [{"type": "MD5", "value": "a" * 5000}] * 50} for number in range(5000)}
    found = file_hashes(many)
    assert len(found) == 16
    assert {len(hashes["MD5"]) for hashes in found.values()} == {100}


def test_a_build_has_them_when_it_is_fetched_and_not_when_it_is_read_from_a_record() -> None:
    document = {"sourceProvenance": {"fileHashes": recorded({"type": "MD5", "value": "ab=="})}}
    build = parse_build(document)
    assert build.file_hashes == {ADDRESS: {"MD5": "ab=="}}
    again = parse_build(build.document)
    assert again.file_hashes == {}
    assert again == build
