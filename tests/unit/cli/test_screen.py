"""What a terminal is shown, and what a file is given."""

from __future__ import annotations

import os
import pty
from io import StringIO
from pathlib import Path

import pytest

from verifier.cli.screen import has_colours, painted, show, wrapped


def test_a_file_gets_the_lines_as_they_are() -> None:
    stream = StringIO()
    show(["✗ FAILED " + "word " * 40], stream)
    assert stream.getvalue() == "✗ FAILED " + "word " * 40 + "\n"


def test_verdicts_and_signs_have_a_colour() -> None:
    assert painted("  ✗ it is LOCAL_SOURCE") == "\033[31m  ✗\033[0m it is \033[31mLOCAL_SOURCE\033[0m"
    assert painted("80 VERIFIED, 2 FAILED") == "80 \033[32mVERIFIED\033[0m, 2 \033[31mFAILED\033[0m"
    assert painted("what? UNVERIFIED_NAME") == "what? UNVERIFIED_NAME"


@pytest.mark.parametrize(
    ("environment", "colours"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_can_be_switched_off(environment: dict[str, str], colours: bool) -> None:
    assert has_colours(environment) is colours


def test_words_are_never_broken() -> None:
    line = "  ✓ source_is_a_commit       " + "sourceProvenance.resolvedGitSource.revision " * 4 + "x" * 100
    parts = list(wrapped(line, 80))
    assert max(len(part) for part in parts[:-1]) <= 80
    assert " ".join(" ".join(parts).split()) == " ".join(line.split())
    assert parts[0].startswith("  ✓ source_is_a_commit       source")
    assert all(part.startswith("      ") for part in parts[1:])


def test_a_command_is_never_wrapped() -> None:
    line = "    do this: gcloud builds triggers run content-worker-main --branch=main " + "--flag=value " * 10
    assert list(wrapped(line, 80)) == [line]


def test_on_a_terminal_lines_fit_its_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        show(["word " * 30], stream)
        stream.flush()
        seen = os.read(ours, 10_000).decode()
    os.close(ours)
    lines = seen.splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 60
