"""Nothing from a document or a file's name changes what a terminal shows, and no terminal stops a command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests.fixtures.builds import document
from verifier.cli import main
from verifier.cli.terminal import escaped, visible

UNSEEN = "\x00\x07\x1b\x7f\x85\x9b\xad\u200b\u200e\u202e\u2028\u2066\ufeff\U000e0041"
FORGED = "\x1b[2J\u202ekcatta\u200b\r\n✅ VERIFIED"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe ✓ 𝄞", "größe ✓ 𝄞"),
        ("a\x1b[31m", r"a\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\U000e0041", r"\U000e0041"),
        ("\udcff\ud800", r"\xff\ud800"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_text_from_outside_is_one_line_of_its_length_at_most() -> None:
    assert visible("a\n b", 10) == "a b"
    assert visible("a\u202eb" * 10, 12) == r"a\u202eba\u…"
    assert visible("a" * 20, 12) == "a" * 11 + "…"


def test_a_secret_is_not_shown_whatever_stands_in_it() -> None:
    token = "ghp_" + "a1B2" * 9
    for text in (token, token[:9] + "\u200b" + token[9:], f"\u202e{token}"):
        assert visible(text, 200) == "[redacted]"


def verifier(*words: str, encoding: str = "utf-8") -> tuple[int, str, str]:
    """Run a command on a terminal of this encoding: its exit code, and what was written."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(words)
    written = [stream.buffer for stream in (out, err)]
    shown = [buffer.getvalue().decode(encoding) for buffer in written if isinstance(buffer, io.BytesIO)]
    return int(ended.value.code or 0), shown[0], shown[1]


def hostile(folder: Path) -> str:
    """Return a file with a hostile name, of a build that is hostile wherever it has a word."""
    build = document("upload-builds-submit") | {"buildTriggerId": f"t{FORGED}", "status": f"SUCCESS{FORGED}"}
    build["name"] = "projects/1/locations/\x1b[2J\r\x07/builds/x"
    build["substitutions"] = {"TRIGGER_NAME": FORGED, "BRANCH_NAME": FORGED}
    file = folder / f"b{FORGED}.json"
    file.write_text(json.dumps([build, {FORGED: 1}, {"id": "y", "name": FORGED}]))
    return str(file)


@pytest.mark.parametrize("words", [["explain"], ["explain", "--json"], ["audit", "--builds"], ["demo", "--builds"]])
def test_nothing_unseen_from_a_document_or_a_name_reaches_the_terminal(tmp_path: Path, words: list[str]) -> None:
    hostile(tmp_path)
    code, out, err = verifier(*words, str(tmp_path))
    assert code != 0
    assert not [sign for sign in UNSEEN if sign in out + err]
    assert not [line for line in (out + err).splitlines() if line.startswith("✅")]
    assert r"\u202e" in err


def test_what_a_script_reads_of_a_name_is_the_name(tmp_path: Path) -> None:
    file = hostile(tmp_path)
    _, out, _ = verifier("explain", "--json", file)
    assert [json.loads(line)["file"] for line in out.splitlines()] == [file]


def test_an_option_that_names_a_hostile_file_is_told_escaped() -> None:
    code, _, err = verifier("explain", "--policy", "\x1b[31mno\u202e", "x.json")
    assert code == 2
    assert r"\x1b[31mno\u202e" in err
    assert "\x1b" not in err


def exported(folder: Path) -> str:
    build = document("commit-resolved-git")
    build["substitutions"]["TRIGGER_NAME"] = "größe-✓-𝄞"
    (folder / "b.json").write_text(json.dumps(build))
    return str(folder / "b.json")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("command", ["explain", "explain --json", "audit --builds", "audit --format json --builds"])
def test_a_terminal_that_lacks_characters_is_no_reason_to_stop(tmp_path: Path, encoding: str, command: str) -> None:
    code, out, err = verifier(*command.split(), exported(tmp_path), encoding=encoding)
    assert (code, err) == (0, "")
    if "json" in command:
        found = json.loads(out)
        name = found["builds"][0]["trigger_name"] if "builds" in found else found["invoked_by"]["trigger_name"]
        assert name == "größe-✓-𝄞"


def as_a_process(*words: str, stdout: int, stderr: int, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "verifier", *words]
    return subprocess.run(command, env=os.environ | environment, stdout=stdout, stderr=stderr, timeout=100, check=False)


@pytest.mark.parametrize("command", ["explain --json", "audit --builds"])
def test_a_full_disk_is_one_line_and_2(tmp_path: Path, command: str) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = as_a_process(*command.split(), exported(tmp_path), stdout=full, stderr=subprocess.PIPE)
    finally:
        os.close(full)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "Error: expected to write standard output, got: No space left on device"
    ]


def test_where_not_even_an_error_can_be_written_the_exit_code_says_it(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = as_a_process("explain", str(tmp_path / "absent.json"), stdout=subprocess.PIPE, stderr=full)
    finally:
        os.close(full)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_latin_1_terminal_gets_no_traceback(tmp_path: Path) -> None:
    words = ("explain", exported(tmp_path))
    done = as_a_process(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2705 VERIFIED" in done.stdout
