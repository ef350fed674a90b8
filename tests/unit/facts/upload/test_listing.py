"""What is kept of an archive: the same whatever form it has, and the very files that would be unpacked."""

from __future__ import annotations

import base64
import gzip
import io
import subprocess
import tarfile
import zipfile
from datetime import UTC, datetime
from hashlib import md5, sha256
from pathlib import Path

import pytest

from tests.absence import require
from tests.fixtures.uploads import DEPLOYED, SUBMITTED
from tests.unit.facts.upload.archives import (
    WHEN,
    Entry,
    blob,
    expected,
    folder,
    hard_link,
    header,
    ids,
    link,
    listed,
    padded,
    raw_tgz,
    records,
    tar,
    tgz,
    zipped,
)
from verifier.errors import UnreadableUpload
from verifier.facts.upload.reading import read_content, read_listing

LONG = "/".join(["a_folder_with_a_long_name"] * 9) + "/file.txt"
ENTRIES = (
    folder("app"),
    Entry("app/main.py", b"print('hello')\n"),
    Entry("run.sh", b"#!/bin/sh\n", 0o755),
    Entry("Grüße.md", b"hi"),
    Entry("empty.txt"),
    Entry(LONG, b"long"),
    link("app/link.py", "main.py"),
)
FILES = expected(
    [
        ("app/main.py", "100644", b"print('hello')\n"),
        ("run.sh", "100755", b"#!/bin/sh\n"),
        ("Grüße.md", "100644", b"hi"),
        ("empty.txt", "100644", b""),
        (LONG, "100644", b"long"),
        ("app/link.py", "120000", b"main.py"),
    ]
)
FORMS = {
    "tgz": tgz(*ENTRIES),
    "tar": tar(*ENTRIES),
    "tar of GNU's form": tar(*ENTRIES, form=tarfile.GNU_FORMAT),
    "zip": zipped(*ENTRIES),
    "zip, not packed": zipped(*ENTRIES, method=zipfile.ZIP_STORED),
    "zip, sizes after the content": zipped(*ENTRIES, streamed=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_of_each_form_lists_the_same_files(form: str) -> None:
    listing = listed(FORMS[form])
    assert ids(listing) == FILES
    assert listing.folders == {"app"}
    assert (listing.special, listing.refused, listing.repeated) == ((), (), 0)
    assert listing.form == form.partition(" ")[0].rstrip(",")


@pytest.mark.parametrize("form", FORMS)
def test_the_size_and_the_hashes_are_those_of_the_whole_archive(form: str) -> None:
    listing = listed(FORMS[form])
    assert listing.bytes == len(FORMS[form])
    assert listing.hashes == {
        "MD5": base64.b64encode(md5(FORMS[form]).digest()).decode(),
        "SHA256": base64.b64encode(sha256(FORMS[form]).digest()).decode(),
    }


def test_what_gcloud_submits_is_listed_with_links_times_and_both_names_of_a_file() -> None:
    with SUBMITTED.open("rb") as archive:
        listing = read_listing(archive)
    assert ids(listing) == expected(
        [
            ("applink", "120000", b"app"),
            (".env", "100644", b"TOKEN=not-a-real-one\n"),
            ("run.sh", "100755", b"#!/bin/sh\r\necho hi\r\n"),
            ("app/main.py", "100644", b'print("hello")\n'),
            ("app/link.py", "120000", b"main.py"),
            ("app/__init__.py", "100644", b""),
            ("app/deep/a.txt", "100644", b"deep\n"),
            ("docs/Grüße.md", "100644", "Grüße\n".encode()),
            ("docs/x", "100644", b"size 0"),
            ("docs/hard.txt", "100644", b"deep\n"),
        ]
    )
    assert listing.folders == {"app", "app/deep", "docs", "empty"}
    assert listing.files["run.sh"].lf_blob == blob(b"#!/bin/sh\necho hi\n")
    assert listing.files["app/main.py"].written == datetime(2026, 11, 28, 9, 38, 6, 883412, tzinfo=UTC)


def test_what_gcloud_deploys_is_listed_with_links_followed_and_no_times() -> None:
    with DEPLOYED.open("rb") as archive:
        listing = read_listing(archive)
    assert ids(listing) == expected(
        [
            (".env", "100644", b"TOKEN=not-a-real-one\n"),
            ("run.sh", "100755", b"#!/bin/sh\r\necho hi\r\n"),
            ("app/main.py", "100644", b'print("hello")\n'),
            ("app/link.py", "100644", b'print("hello")\n'),
            ("app/__init__.py", "100644", b""),
            ("app/deep/a.txt", "100644", b"deep\n"),
            ("docs/Grüße.md", "100644", "Grüße\n".encode()),
            ("docs/x", "100644", b"size 0"),
            ("docs/hard.txt", "100644", b"deep\n"),
        ]
    )
    assert listing.folders == {"app", "app/deep", "applink", "docs", "empty"}
    assert {file.written for file in listing.files.values()} == {None}


def test_a_file_has_its_time_to_the_microsecond_where_the_archive_has_a_zone() -> None:
    assert listed(tgz(Entry("a"))).files["a"].written == WHEN
    assert listed(zipped(Entry("a"))).files["a"].written is None


def test_the_ids_of_other_forms_stand_beside_that_of_the_bytes() -> None:
    content = b"one\r\ntwo\r\n"
    file = listed(tgz(Entry("a", content))).files["a"]
    assert file.lf_blob == blob(b"one\ntwo\n")
    digest = sha256(content).hexdigest()
    assert file.lfs_blob == blob(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 10\n".encode())
    assert file.size == 10


def test_line_endings_of_a_large_file_are_not_looked_at() -> None:
    content = b"a line\r\n" * 600_000
    file = listed(tgz(Entry("a", content))).files["a"]
    assert file.blob == file.lf_blob == blob(content)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_large_file_of_a_zip_archive_has_the_id_of_all_its_bytes(*, streamed: bool) -> None:
    content = bytes(range(256)) * 30_000
    assert listed(zipped(Entry("a", content), streamed=streamed)).files["a"].blob == blob(content)


def test_ids_are_sha_256_where_the_repository_has_such() -> None:
    listing = read_listing(io.BytesIO(tgz(Entry("a", b"hi"))), sha256_objects=True)
    assert listing.files["a"].blob == sha256(b"blob 2\0hi").hexdigest()
    assert len(listing.files["a"].lfs_blob) == 64


def test_a_second_name_of_a_file_has_its_content() -> None:
    listing = listed(tgz(Entry("a/b.txt", b"hi", 0o755), hard_link("c.txt", "a/b.txt")))
    assert ids(listing)["c.txt"] == ("100755", blob(b"hi"))
    assert listing.files["c.txt"].path == "c.txt"


def test_names_are_the_same_with_and_without_a_leading_dot() -> None:
    assert ids(listed(tgz(folder("./"), Entry("./a//b", b"hi"), hard_link("./c", "./a/b")))) == expected(
        [("a/b", "100644", b"hi"), ("c", "100644", b"hi")]
    )


def test_a_name_that_is_no_utf_8_keeps_its_bytes() -> None:
    [path] = listed(raw_tgz(header(b"caf\xe9", 2), padded(b"hi"))).files
    assert path.encode("utf-8", "surrogateescape") == b"caf\xe9"


def test_the_last_of_files_with_one_name_counts_and_the_others_are_counted() -> None:
    listing = listed(tgz(Entry("a", b"1"), Entry("b", b"1"), Entry("a", b"2"), Entry("a", b"3")))
    assert listing.files["a"].blob == blob(b"3")
    assert listing.repeated == 2


def test_an_archive_by_git_tells_its_commit_and_keeps_its_folder() -> None:
    commit = "85cffd8" + "0" * 33
    listing = listed(tgz(folder("worker-85cffd8"), Entry("worker-85cffd8/a", b"hi"), comment=commit))
    assert (listing.commit, list(listing.files)) == (commit, ["worker-85cffd8/a"])


def test_another_comment_is_no_commit() -> None:
    assert listed(tgz(Entry("a"), comment="made on Monday")).commit == ""


def test_rules_at_the_top_are_kept_and_nothing_else() -> None:
    entries = [Entry(".gitignore", b"*.log\n"), Entry("sub/.gitignore", b"x"), Entry("a.txt", b"*.log\n")]
    assert listed(tgz(*entries)).rules == {".gitignore": b"*.log\n"}
    assert listed(zipped(*entries)).rules == {".gitignore": b"*.log\n"}


def test_rules_are_kept_below_the_one_folder_that_an_archive_begins_with() -> None:
    entries = [folder("top"), Entry("top/.gcloudignore", b"a"), Entry("top/x/.gitignore", b"b"), Entry("y/.gitignore")]
    assert listed(tgz(*entries)).rules == {"top/.gcloudignore": b"a"}


def test_rules_of_more_than_64_kib_are_not_kept() -> None:
    assert listed(tgz(Entry(".gitignore", b"a\n" * 32_768))).rules != {}
    assert listed(tgz(Entry(".gitignore", b"a\n" * 32_769))).rules == {}


def test_rules_that_a_later_entry_replaces_are_not_kept() -> None:
    assert listed(tgz(Entry(".gitignore", b"a\n"), link(".gitignore", "other"))).rules == {}
    assert listed(tgz(Entry(".gitignore", b"a\n"), Entry(".gitignore", b"b\n"))).rules == {".gitignore": b"b\n"}


def test_an_empty_archive_has_no_files() -> None:
    assert listed(tgz()).files == {}
    assert listed(zipped()).files == {}


def test_a_gzip_file_of_several_parts_is_one_archive() -> None:
    whole = tgz(Entry("a", b"1" * 2000))
    content = tar(Entry("a", b"1" * 2000))
    assert ids(listed(gzip.compress(content[:700]) + gzip.compress(content[700:]) + bytes(512))) == ids(listed(whole))


def test_bytes_after_the_end_of_a_tar_archive_belong_to_its_hash_alone() -> None:
    content = tar(Entry("a", b"1")) + header("b", 0) + bytes(1024)
    listing = listed(content)
    assert list(listing.files) == ["a"]
    assert listing.bytes == len(content)


@pytest.mark.parametrize("form", ["tgz", "zip"])
def test_the_content_of_one_file_is_read_again_by_what_it_is(form: str) -> None:
    entries = [Entry("a", b"old"), Entry("b", b"other"), Entry("a", b"new")]
    archive = tgz(*entries) if form == "tgz" else zipped(Entry("b", b"other"), Entry("a", b"new"))
    assert read_content(io.BytesIO(archive), listed(archive).files["a"]) == b"new"


def test_the_content_of_a_second_name_is_that_of_the_first() -> None:
    archive = tgz(Entry("a", b"hi"), hard_link("b", "a"))
    assert read_content(io.BytesIO(archive), listed(archive).files["b"]) == b"hi"


def test_the_content_of_a_file_of_another_archive_is_not_made_up() -> None:
    file = listed(tgz(Entry("a", b"hi"))).files["a"]
    with pytest.raises(UnreadableUpload, match="expected the same archive again, got another one"):
        read_content(io.BytesIO(tgz(Entry("a", b"ho"))), file)


def test_the_content_of_a_large_file_is_not_held() -> None:
    archive = tgz(Entry("a", bytes(4 * 1024 * 1024 + 1)))
    assert read_content(io.BytesIO(archive), listed(archive).files["a"]) is None


def test_a_time_that_can_not_be_is_no_time() -> None:
    for mtime in ("nan", "1e300", "x", "0"):
        more = records(mtime=mtime)
        archive = raw_tgz(header("x", len(more), b"x"), padded(more), header("a", 0))
        assert listed(archive).files["a"].written is None


def test_git_gives_each_file_the_same_id(tmp_path: Path) -> None:
    require("git")
    for number, content in enumerate([b"", b"a\r\nb\n", bytes(70_000), "Grüße".encode()]):
        file = tmp_path / f"{number}"
        file.write_bytes(content)
        answer = subprocess.run(
            ["git", "hash-object", "--no-filters", str(file)], capture_output=True, text=True, check=True
        )
        assert listed(tgz(Entry("a", content))).files["a"].blob == answer.stdout.strip()
