"""What is kept of an upload, and how two of them differ."""

from __future__ import annotations

import json

import pytest

from tests.unit.facts.upload.archives import Entry, folder, header, link, listed, padded, raw_tgz, tgz, zipped
from verifier.facts.upload.archive import Archive
from verifier.facts.upload.summary import (
    UploadDifference,
    difference,
    summary_document,
    summary_of,
)
from verifier.facts.upload.tree_id import tree_id

CONTENT = tgz(Entry("app/main.py", b"hello\n"), Entry(".env", b"A=1\n"), Entry("keys/server.pem", b"x" * 90))
LISTING = listed(CONTENT)
BARE = Archive("b", "o", "17")


def test_it_has_the_counts_the_tree_the_hashes_and_the_names_like_secrets() -> None:
    summary = summary_of(LISTING, BARE)
    assert (summary.files, summary.unpacked, summary.archive) == (3, 100, len(CONTENT))
    assert summary.tree == tree_id(LISTING.files.values())
    assert summary.hashes == LISTING.hashes
    assert (summary.secrets, summary.secret_count) == ((".env", "keys/server.pem"), 2)


@pytest.mark.parametrize(
    ("hashes", "is_recorded"),
    [({}, False), ({"MD5": LISTING.hashes["MD5"]}, True), ({"SHA256": "other"}, False), ({"SHA512": "a"}, False)],
)
def test_a_hash_counts_as_recorded_only_where_the_build_had_the_same(
    hashes: dict[str, str], *, is_recorded: bool
) -> None:
    assert summary_of(LISTING, Archive("b", "o", "17", hashes)).is_recorded is is_recorded


def test_of_very_many_names_the_first_are_kept_and_all_are_counted() -> None:
    summary = summary_of(listed(tgz(*[Entry(f"{number}/.env") for number in range(40)])), BARE)
    assert (len(summary.secrets), summary.secret_count) == (16, 40)


@pytest.mark.parametrize(
    "archive",
    [
        tgz(Entry("a", b"1"), Entry("../b", b"2")),
        raw_tgz(header("dev", 0, b"3"), header("a", 1), padded(b"1")),
    ],
    ids=["a name outside", "a device"],
)
def test_an_archive_that_holds_more_than_files_has_no_tree_that_could_be_equal_to_a_commits(archive: bytes) -> None:
    assert summary_of(listed(archive), BARE).tree == ""


def test_it_can_be_stored_whatever_its_names_are() -> None:
    summary = summary_of(listed(raw_tgz(header(b"caf\xe9.pem", 1), padded(b"1"))), BARE)
    assert summary.secrets == (r"caf\xe9.pem",)
    document = json.loads(json.dumps(summary_document(summary), ensure_ascii=False).encode())
    assert document["secrets"] == list(summary.secrets)
    assert document["tree"] == summary.tree


def test_two_uploads_of_the_same_files_do_not_differ_whatever_their_form() -> None:
    entries = [folder("a"), Entry("a/b", b"1"), Entry("c", b"2", 0o755)]
    assert difference(listed(tgz(*entries)), listed(zipped(*reversed(entries)))).count == 0


def test_files_that_differ_are_counted_by_how() -> None:
    before = listed(tgz(Entry("same", b"1"), Entry("changed", b"1"), Entry("mode", b"1"), Entry("gone", b"1")))
    now = listed(tgz(Entry("same", b"1"), Entry("changed", b"2"), Entry("mode", b"1", 0o755), link("new", "same")))
    found = difference(before, now)
    assert found == UploadDifference(changed=2, new=1, gone=1)
    assert found.count == 4
    assert difference(now, before) == UploadDifference(changed=2, new=1, gone=1)
