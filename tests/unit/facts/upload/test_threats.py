"""An archive is a stranger's file: what it tries is refused in one sentence, quickly and in little memory."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.facts.upload.archives import (
    Entry,
    folder,
    hard_link,
    header,
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
from verifier.facts.upload import Limits
from verifier.facts.upload.reading import read_listing

MIB = 1024 * 1024
GOOD = Entry("good.txt", b"good")
OUTSIDE = ["../evil", "/etc/passwd", "a/../../evil", "..", "a" * 4097]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_outside_the_folder_is_refused_and_the_rest_is_read(name: str) -> None:
    for archive in (tgz(Entry(name, b"evil"), GOOD), zipped(Entry(name, b"evil"), GOOD)):
        listing = listed(archive)
        assert list(listing.files) == ["good.txt"]
        assert [shown[:100] for shown in listing.refused] == [name[:100]]
    assert list(listed(tgz(folder(name), GOOD)).files) == ["good.txt"]
    assert len(listed(tgz(link(name, "x"), GOOD)).refused) == 1


def test_a_name_with_a_nul_is_refused() -> None:
    more = records(path="a\0b")
    listing = listed(raw_tgz(header("x", len(more), b"x"), padded(more), header("short", 2), padded(b"hi")))
    assert (listing.files, listing.refused) == ({}, (r"a\x00b",))


def test_a_name_that_would_change_a_terminal_is_shown_escaped() -> None:
    [refused] = listed(tgz(Entry("../\x1b[2J\u202egpj\u200b\n\udcff"))).refused
    assert refused == r"../\x1b[2J\u202egpj\u200b\n\udcff"
    [long] = listed(tgz(Entry("../" + "\x1b" * 3000))).refused
    assert len(long) == 200


def test_what_lies_below_a_link_or_a_file_is_refused() -> None:
    listing = listed(tgz(link("out", "/etc"), Entry("out/passwd", b"evil"), GOOD, Entry("good.txt/x"), folder("out/y")))
    assert set(listing.files) == {"out", "good.txt"}
    assert sorted(listing.refused) == ["good.txt/x", "out/passwd", "out/y"]
    assert listing.folders == frozenset()


def test_a_file_where_a_folder_stands_is_refused() -> None:
    assert listed(tgz(folder("a"), Entry("a", b"x"))).refused == ("a",)


def test_where_a_link_leads_to_is_hashed_and_not_followed() -> None:
    listing = listed(tgz(link("a", "/etc/passwd"), link("b", "../../..")))
    assert {file.mode for file in listing.files.values()} == {"120000"}


def test_a_second_name_of_what_is_not_there_is_refused() -> None:
    assert listed(tgz(hard_link("a", "b"), hard_link("c", "/etc/passwd"), hard_link("../d", "a"))).refused == (
        "a",
        "c",
        "../d",
    )


@pytest.mark.parametrize("kind", [b"3", b"4", b"6", b"D", b"M", b"V"])
def test_a_device_or_pipe_is_named_and_not_opened(kind: bytes) -> None:
    listing = listed(raw_tgz(header("dev", 3, kind), padded(b"abc"), header("good.txt", 4), padded(b"good")))
    assert (listing.special, list(listing.files)) == (("dev",), ["good.txt"])


def test_sparse_files_of_all_forms_are_named_and_not_opened() -> None:
    old = header("old", 3, b"S")
    old = old[:482] + b"\1" + old[483:]
    old = old[:148] + b" " * 8 + old[156:]
    old = old[:148] + b"%06o\0 " % sum(old) + old[156:]
    more_map = bytes(504) + b"\1" + bytes(7)
    more = records(**{"GNU.sparse.major": "1", "GNU.sparse.realsize": "99999999999"})
    archive = raw_tgz(
        old,
        more_map,
        bytes(512),
        padded(b"abc"),
        header("x", len(more), b"x"),
        padded(more),
        header("new", 3),
        padded(b"abc"),
        header("good.txt", 4),
        padded(b"good"),
    )
    listing = listed(archive)
    assert (listing.special, list(listing.files)) == (("old", "new"), ["good.txt"])


def test_an_encrypted_entry_is_named_and_not_opened() -> None:
    archive = bytearray(zipped(Entry("secret", b"x" * 50), GOOD))
    archive[6] |= 1
    record = archive.index(b"PK\1\2")
    archive[record + 8] |= 1
    listing = listed(bytes(archive))
    assert (listing.special, list(listing.files)) == (("secret",), ["good.txt"])


def test_an_entry_packed_in_an_unusual_way_is_named_and_not_opened() -> None:
    assert listed(zipped(GOOD, method=zipfile.ZIP_BZIP2)).special == ("good.txt",)


def test_a_pipe_of_a_zip_archive_is_named() -> None:
    assert listed(zipped(Entry("pipe", kind=tarfile.FIFOTYPE), GOOD)).special == ("pipe",)


def test_two_gibibytes_of_zeros_are_given_up_early() -> None:
    pulled = _Pulled(_zeros())
    with pytest.raises(UnreadableUpload, match="expected an archive that holds at most 200 times its own size"):
        read_listing(pulled)
    assert pulled.bytes < 2 * MIB


def _zeros() -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(header("zeros", 2 * 1024 * MIB))
    for _ in range(2048):
        yield packer.compress(bytes(MIB))
    yield packer.flush()


def test_a_zip_bomb_is_given_up_early() -> None:
    with pytest.raises(UnreadableUpload, match="holds at most 200 times its own size"):
        listed(zipped(Entry("zeros", bytes(100 * MIB))))
    with pytest.raises(UnreadableUpload, match="holds at most 200 times its own size"):
        listed(zipped(Entry("zeros", bytes(100 * MIB)), streamed=True))


def test_a_little_file_of_zeros_is_no_bomb() -> None:
    assert listed(tgz(Entry("zeros", bytes(60 * MIB)))).files["zeros"].size == 60 * MIB


def test_a_header_of_eight_gibibytes_is_refused_before_it_is_read() -> None:
    for kind in (b"x", b"g", b"L", b"K", b"X"):
        with pytest.raises(UnreadableUpload, match="expected extended headers of at most 1 MiB, got one of 8 GiB"):
            listed(raw_tgz(header("x", b"\x80" + (8 * 1024 * MIB).to_bytes(11, "big"), kind)))


@pytest.mark.parametrize("size", [b"\xff" * 12, b"-1"])
def test_a_negative_size_is_refused(size: bytes) -> None:
    with pytest.raises(UnreadableUpload, match=r"negative|damaged"):
        listed(raw_tgz(header("x", size)))


def test_a_negative_size_in_an_extended_header_is_refused() -> None:
    more = records(size="-1024")
    with pytest.raises(UnreadableUpload, match="expected the size of an entry, got a negative one"):
        listed(raw_tgz(header("x", len(more), b"x"), padded(more), header("a", 3), padded(b"abc")))


@pytest.mark.parametrize(
    "more", [b"99 path=a\n", b"path=a\n", b"0 a=b\n", b"9 path a\n", b"9 path=a ", b"-5 a=b\n", b"1" * 600]
)
def test_an_extended_header_without_records_is_refused(more: bytes) -> None:
    with pytest.raises(UnreadableUpload, match="expected records in an extended header, got other bytes"):
        listed(raw_tgz(header("x", len(more), b"x"), padded(more), header("a", 0)))


@pytest.mark.parametrize("key", ["path", "linkpath", "size", "GNU.sparse.name"])
def test_a_header_that_renames_every_entry_is_refused(key: str) -> None:
    more = records(**{key: "5"})
    with pytest.raises(UnreadableUpload, match="expected no entry's name or size in a header for all entries"):
        listed(raw_tgz(header("g", len(more), b"g"), padded(more), header("a", 0)))


@pytest.mark.parametrize("kind", [b"5", b"2"])
def test_content_of_a_folder_or_link_which_tools_read_differently_is_refused(kind: bytes) -> None:
    with pytest.raises(UnreadableUpload, match="expected no content of a folder or link, got 512 bytes for a"):
        listed(raw_tgz(header("a", 512, kind, b"b"), header("hidden", 0)))


def test_more_entries_than_are_read_are_refused() -> None:
    entries = [Entry(str(number)) for number in range(11)]
    for archive in (tgz(*entries), zipped(*entries)):
        assert len(listed(archive, limits=Limits(entries=11)).files) == 11
        with pytest.raises(UnreadableUpload, match="expected at most 10 files and folders in the archive, got more"):
            listed(archive, limits=Limits(entries=10))


@pytest.mark.soak
def test_seven_hundred_thousand_entries_are_refused() -> None:
    with pytest.raises(UnreadableUpload, match="expected at most 300,000 files and folders in the archive, got more"):
        listed(gzip.compress(header("a", 0) * 700_000, 1))


def test_headers_without_an_entry_do_not_add_up_in_memory() -> None:
    more = records(comment="a")
    archive = gzip.compress((header("x", len(more), b"x") + padded(more)) * 20_000, 1)
    assert listed(archive).files == {}


def test_names_that_are_long_in_all_are_refused() -> None:
    with pytest.raises(UnreadableUpload, match="expected names of at most 1000 bytes in all, got longer ones"):
        listed(tgz(*[Entry(f"{number}" + "a" * 90) for number in range(20)]), limits=Limits(names=1000))


def test_a_few_deep_paths_that_have_more_folders_than_can_be_held_are_refused() -> None:
    deep = [Entry(f"{number}/" + "d/" * 2000 + "x") for number in range(40)]
    assert len(listed(tgz(deep[0])).files) == 1
    with pytest.raises(UnreadableUpload, match="expected names of at most 64 MiB in all, got longer ones"):
        listed(tgz(*deep))


def test_a_larger_archive_than_is_read_is_refused() -> None:
    with pytest.raises(UnreadableUpload, match="expected an archive of at most 1 KiB, got a larger one"):
        listed(tar(Entry("a", bytes(5000))), limits=Limits(archive=1024))
    with pytest.raises(UnreadableUpload, match="expected an archive that holds at most 4 KiB, got one that holds more"):
        listed(tgz(Entry("a", bytes(5000))), limits=Limits(unpacked=4096))


def test_an_archive_is_given_up_when_no_time_is_left() -> None:
    seconds = iter([3.0, 2.0, 1.0])
    with pytest.raises(UnreadableUpload, match="expected to read the archive in the time that there was, got to"):
        listed(tgz(Entry("a", bytes(10 * MIB))), left=lambda: next(seconds, 0.0))


@pytest.mark.parametrize(
    "archive",
    [tgz(Entry("a", bytes(range(256)) * 40)), zipped(GOOD, Entry("b", b"b" * 99))],
    ids=["tgz", "zip"],
)
def test_an_archive_that_is_cut_off_anywhere_is_never_read_in_part(archive: bytes) -> None:
    for end in range(len(archive)):
        with pytest.raises(UnreadableUpload):
            listed(archive[:end])


def test_a_tar_archive_that_is_cut_off_in_an_entry_is_refused() -> None:
    with pytest.raises(UnreadableUpload, match=r"expected the archive to go on, got its end after .* KiB: it was"):
        listed(tar(Entry("a", bytes(5000)), form=tarfile.USTAR_FORMAT)[:1200])


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "an empty file"),
        (b"#!/bin/sh\n" * 100, "something else"),
        (json.dumps([{"sourceUrl": "gs://a/b"}]).encode(), "a manifest, whose files are stored one by one"),
        (gzip.compress(b"just text", mtime=0), "expected a tar archive in the gzip file, got something else"),
        (gzip.compress(b"x" * 5000, mtime=0), "expected a tar archive in the gzip file, got something else"),
        (b"\x1f\x8b" + bytes(100), "expected a gzip file, got one that is damaged"),
        (tgz(GOOD) + b"and more", "expected a gzip file, got one that is damaged"),
    ],
    ids=["empty", "text", "manifest", "short gzip", "long gzip", "no gzip", "more after gzip"],
)
def test_what_is_no_archive_is_refused_in_one_sentence(content: bytes, got: str) -> None:
    with pytest.raises(UnreadableUpload) as refused:
        listed(content)
    assert got in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_damaged_archive_is_refused() -> None:
    damaged = bytearray(tgz(Entry("a", bytes(range(256)) * 40)))
    damaged[-6] ^= 1
    with pytest.raises(UnreadableUpload, match="expected a gzip file, got one that is damaged"):
        listed(bytes(damaged))
    with pytest.raises(UnreadableUpload, match="expected an entry's header after 1 KiB of the archive, got other"):
        listed(raw_tgz(header("a", 3), padded(b"abc"), b"garbage".ljust(512)))


@pytest.mark.parametrize("streamed", [False, True])
def test_a_zip_archive_whose_content_is_not_as_announced_is_refused(*, streamed: bool) -> None:
    archive = bytearray(zipped(Entry("a", b"hello there"), method=zipfile.ZIP_DEFLATED, streamed=streamed))
    archive[14 if not streamed else archive.index(b"PK\7\10") + 4] ^= 1
    with pytest.raises(UnreadableUpload, match="size and checksum"):
        listed(bytes(archive))


def test_a_directory_that_names_other_files_than_were_sent_is_refused() -> None:
    archive = zipped(Entry("aaaa", b"1"), Entry("bbbb", b"2"))
    start = archive.index(b"PK\1\2")
    renamed = archive[:start] + archive[start:].replace(b"aaaa", b"cccc")
    with pytest.raises(
        UnreadableUpload, match="expected the archive's directory to name the entries before it, got cccc"
    ):
        listed(renamed)


def test_an_entry_that_the_directory_hides_is_refused() -> None:
    both, one = zipped(Entry("a", b"1"), Entry("b", b"2")), zipped(Entry("a", b"1"))
    hidden = both[: both.index(b"PK\1\2")]
    directory = one[one.index(b"PK\1\2") :]
    ending = bytearray(directory)
    struct.pack_into("<I", ending, len(ending) - 6, len(hidden))
    with pytest.raises(UnreadableUpload, match="expected b in the archive's directory, got none"):
        listed(hidden + bytes(ending))


def test_a_second_end_which_leads_other_tools_elsewhere_is_refused() -> None:
    decoy = zipped(Entry("evil", b"2"))
    with pytest.raises(UnreadableUpload, match="expected the end of the archive to lead to its directory"):
        listed(zipped(GOOD, comment=decoy[decoy.index(b"PK\5\6") :]))
    with pytest.raises(UnreadableUpload, match="expected the end of the archive to lead to its directory"):
        listed(zipped(GOOD) + decoy)
    assert list(listed(zipped(GOOD, comment=b"made on Monday")).files) == ["good.txt"]


def test_an_entry_whose_end_can_not_be_told_is_refused() -> None:
    archive = bytearray(zipped(GOOD, method=zipfile.ZIP_STORED))
    archive[6] |= 8
    archive[18:26] = bytes(8)
    with pytest.raises(UnreadableUpload, match=r"expected the size of good\.txt before its content, got none"):
        listed(bytes(archive))


@settings(deadline=None)
@given(archive=st.sampled_from([tgz(GOOD, folder("a")), zipped(GOOD), tar(GOOD)]), data=st.data())
def test_no_bytes_make_anything_but_a_listing_or_a_refusal(archive: bytes, data: st.DataObject) -> None:
    changed = bytearray(archive)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    assert _read_or_refused(bytes(changed)) in (len(archive), None)


@settings(deadline=None)
@given(content=st.binary(max_size=3000), start=st.sampled_from([b"", b"PK\3\4", b"\x1f\x8b\x08\0", header("a", 3)]))
def test_no_text_makes_anything_but_a_listing_or_a_refusal(content: bytes, start: bytes) -> None:
    assert _read_or_refused(start + content) in (len(start + content), None)


def _read_or_refused(archive: bytes) -> int | None:
    """Return how many bytes were read, or None for a refusal."""
    try:
        return listed(archive).bytes
    except UnreadableUpload:
        return None


class _Pulled(io.BytesIO):
    """A stream that makes its bytes when they are asked for, and counts them."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts, self._rest = parts, b""
        self.bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        taken, self._rest = self._rest[:size], self._rest[size:]
        self.bytes += len(taken)
        return taken
