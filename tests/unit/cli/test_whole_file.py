"""What is written is there when it is whole, and only where it was asked for."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from verifier.cli.whole_file import whole_file


def written(path: Path, text: str = "whole") -> None:
    with whole_file(path) as stream:
        stream.write(text)


def half_written(path: Path) -> None:
    with whole_file(path) as stream:
        stream.write("half")
        raise RuntimeError


def test_a_file_is_there_once_it_is_whole_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("before")
    with whole_file(path) as stream:
        stream.write("whole")
        stream.flush()
        assert path.read_text() == "before"
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_what_failed_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        half_written(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_somebody_put_beside_it_is_neither_written_to_nor_removed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    for name in ("out.json.part", ".out.json.part"):
        (tmp_path / name).symlink_to(elsewhere)
    written(tmp_path / "out.json")
    assert elsewhere.read_text() == "precious"
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        ".out.json.part", "elsewhere", "out.json", "out.json.part"
    ]  # fmt: skip


def test_the_file_has_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        written(tmp_path / "out.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.json").stat().st_mode) == 0o640


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "out.json").symlink_to(tmp_path / "target")
    written(tmp_path / "out.json")
    assert (tmp_path / "target").read_text() == "precious"
    assert (tmp_path / "out.json").read_text() == "whole"


def test_a_device_is_written_to_and_stays_one() -> None:
    written(Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    written(pipe)
    reader.join(10)
    assert found == ["whole"]
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_full_device_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        written(Path("/dev/full"))


@pytest.mark.parametrize("path", [None, Path("-")])
def test_standard_output_is_a_place_too(path: Path | None, capsys: pytest.CaptureFixture[str]) -> None:
    with whole_file(path) as stream:
        stream.write("whole")
    assert capsys.readouterr().out == "whole"
