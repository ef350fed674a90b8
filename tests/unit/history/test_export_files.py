"""An export reads the same however it is packed, encoded and handed over."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.builds import document
from verifier.history.export_files import as_text, opened, read_places
from verifier.history.gcloud_export import Document
from verifier.history.summary import Notice, Problem

BUILDS = [document("commit-resolved-git") | {"substitutions": {"BRANCH_NAME": "größe-✓-𝄞"}}, document("working")]
TEXT = json.dumps(BUILDS, indent=2, ensure_ascii=False)


def read(*places: Path | str, stdin: bytes = b"") -> tuple[list[object], list[str], list[str]]:
    """Return the documents, the problems and the notices."""
    items = list(read_places(list(map(str, places)), io.BytesIO(stdin)))
    return (
        [item.value for item in items if isinstance(item, Document)],
        [str(item) for item in items if isinstance(item, Problem)],
        [str(item) for item in items if isinstance(item, Notice)],
    )


@pytest.mark.parametrize(
    "packed",
    [
        lambda text: text.encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16-be", "le without bom", "be without bom", "gzip", "gzip utf-16", "crlf"],
)
@pytest.mark.parametrize("through", ["a file", "standard input", "a pipe"])
def test_every_packing_reads_the_same(tmp_path: Path, packed: Callable[[str], bytes], through: str) -> None:
    content, file = packed(TEXT), tmp_path / "b.json"
    if through == "standard input":
        assert read("-", stdin=content) == (BUILDS, [], [])
        return
    if through == "a pipe":
        os.mkfifo(file)
        threading.Thread(target=file.write_bytes, args=(content,), daemon=True).start()
    else:
        file.write_bytes(content)
    assert read(file) == (BUILDS, [], [])


def test_text_can_be_taken_from_its_beginning_again(tmp_path: Path) -> None:
    for name, content in (("a", TEXT.encode()), ("b", gzip.compress(TEXT.encode()))):
        (tmp_path / name).write_bytes(content)
        with opened(str(tmp_path / name), io.BytesIO()) as raw:
            assert [as_text(raw).read(100_000) for _ in range(2)] == [TEXT, TEXT]


def test_a_character_is_whole_wherever_the_stream_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(TEXT.encode())
    with opened(str(file), io.BytesIO()) as raw:
        text, pieces = as_text(raw), []
        while piece := text.read(1):
            pieces.append(piece)
    assert "".join(pieces) == TEXT


def test_a_folder_is_its_exports_by_name_and_says_what_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"id": "two"}')
    (tmp_path / "a.jsonl").write_text('{"id": "one"}')
    (tmp_path / "c.JSON.gz").write_bytes(gzip.compress(b'{"id": "three"}'))
    (tmp_path / "README.md").write_text("no export")
    (tmp_path / "old").mkdir()
    documents, problems, notices = read(tmp_path)
    assert documents == [{"id": "one"}, {"id": "two"}, {"id": "three"}]
    assert problems == []
    assert [notice.partition(": ")[2].partition(":")[0] for notice in notices] == [
        "2 of its entries are not read (README.md, old)"
    ]


def test_a_folder_without_exports_is_a_problem(tmp_path: Path) -> None:
    assert read(tmp_path)[1][0].endswith("got an empty folder")
    (tmp_path / "builds.txt").write_text("[]")
    assert read(tmp_path)[1][0].endswith("got none, but builds.txt")


def test_what_cannot_be_opened_or_unpacked_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TEXT.encode())[:-20])
    (tmp_path / "bad.gz").write_bytes(b"\x1f\x8b" + b"x" * 100)
    (tmp_path / "good.json").write_text(TEXT)
    documents, problems, _ = read(*(tmp_path / name for name in ("absent", "cut.gz", "bad.gz", "good.json")))
    assert documents[-2:] == BUILDS
    assert [problem.partition(": ")[0] for problem in problems] == [
        str(tmp_path / name) for name in ("absent", "cut.gz", "bad.gz")
    ]
    assert all("expected a readable file" in problem for problem in problems)


def test_a_wrong_byte_spoils_only_its_own_document(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"id": "\xff"}\n{"id": "two"}')
    assert read(tmp_path)[0] == [{"id": "\udcff"}, {"id": "two"}]
