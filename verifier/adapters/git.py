"""Git as it is asked here: plumbing alone, in an environment of our own, so that nothing of a repository runs.

A clone may be a stranger's: its configuration could name a program as a monitor, a hook, a filter or a way to fetch.
The commands that are used here start none, and what they might start is turned off besides. Nothing is fetched or
written.
Documentation: "git", "gitattributes", "git-config" (core.fsmonitor, core.hooksPath, protocol.allow).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from verifier.errors import VerifierError

SECONDS = 60.0
"""For a question that takes git no time worth telling."""
_OWN_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
"""Nothing is asked, fetched or written, and no replacement or other repository is put in place of what is there."""
_OWN_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "protocol.allow=never")
_MOST_SAID = 200
_CHUNK = 1 << 16


class GitFailed(VerifierError):
    """Git gave no answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder."""

    repo: Path

    def run(
        self, *arguments: str, stdin: bytes | None = None, seconds: float = SECONDS
    ) -> subprocess.CompletedProcess[bytes]:
        """Return what git answers, whatever its exit code. Raise GitFailed where there is no git, or it hangs."""
        try:
            return subprocess.run(  # noqa: S603  # a fixed command; what people name is checked, and no shell reads it
                self._words(arguments),
                env=_environment(),
                input=stdin or b"",
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except FileNotFoundError as error:
            raise GitFailed("expected git on PATH, found none, and without it only equality can be claimed") from error
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"git {arguments[0]} in {self.repo} took longer than {seconds:g} s") from error

    def output(self, *arguments: str, stdin: bytes | None = None, seconds: float = SECONDS) -> bytes:
        """Return what git writes. Raise GitFailed with what it said where it fails."""
        answer = self.run(*arguments, stdin=stdin, seconds=seconds)
        if answer.returncode:
            raise GitFailed(f"git {arguments[0]} in {self.repo} failed: {said(answer)}")
        return answer.stdout

    @contextmanager
    def stream(self, *arguments: str, lines: Iterable[bytes] = ()) -> Iterator[Iterator[bytes]]:
        """Give what git writes, in pieces, for the lines that it is given. It ends with the block.

        Raise GitFailed where git fails before what it writes was read to its end.
        """
        with TemporaryFile() as fed, TemporaryFile() as complaints:
            fed.writelines(lines)
            fed.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  # as above
                    self._words(arguments), env=_environment(), stdin=fed, stdout=subprocess.PIPE, stderr=complaints
                )
            except FileNotFoundError as error:
                raise GitFailed("expected git on PATH, found none") from error
            try:
                assert process.stdout is not None  # it was asked for
                yield self._pieces(process, process.stdout, complaints, arguments[0])
            finally:
                process.kill()
                process.communicate()

    def _pieces(
        self, process: subprocess.Popen[bytes], out: IO[bytes], complaints: IO[bytes], command: str
    ) -> Iterator[bytes]:
        while piece := out.read(_CHUNK):
            yield piece
        if process.wait():
            complaints.seek(0)
            text = complaints.read(_CHUNK).decode("utf-8", "replace")
            raise GitFailed(f"git {command} in {self.repo} failed: {_first_line(text, process.returncode)}")

    def _words(self, arguments: Iterable[str]) -> list[str]:
        settings = [word for setting in _OWN_SETTINGS for word in ("-c", setting)]
        return ["git", "--no-pager", "-C", str(self.repo), *settings, *arguments]


def said(answer: subprocess.CompletedProcess[bytes]) -> str:
    """Return the first line that git said of its failure."""
    return _first_line(answer.stderr.decode("utf-8", "replace"), answer.returncode)


def _first_line(text: str, code: int) -> str:
    return next(iter(text.strip().splitlines()), f"exit code {code}")[:_MOST_SAID]


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return inherited | _OWN_ENVIRONMENT
