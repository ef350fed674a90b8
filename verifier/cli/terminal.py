"""What a terminal is given: what cannot be seen is escaped, and what it cannot show does not stop the command."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any, TextIO

import click

ERROR = 2
_UNSEEN = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Controls, what turns the direction of text or has no width, and halves of surrogate pairs."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str) -> str:
    r"""Return the text in one line, with `\u202e` for a character that cannot be seen."""
    return _UNSEEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    code = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a file's name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, most: int) -> str:
    """Return text from outside in one line of at most `most` characters, escaped, and without what looks like a secret.

    Where a secret is in it, what cannot be seen is left out instead: nothing then parts the secret.
    """
    from verifier.redact import one_line, plain, redact

    words = " ".join(text.split())
    if not _UNSEEN.search(words):
        return one_line(words, most)
    seen = plain(words, len(words))
    shown = escaped(words)
    return one_line(words, most) if redact(seen) != seen else shown[: most - 1] + "…" if len(shown) > most else shown


def json_line(value: Any) -> str:
    """Return JSON in one line that every reader reads the same, and that a terminal shows as it is."""
    return _UNSEEN.sub(_json_escape, json.dumps(value, ensure_ascii=not is_utf_8(sys.stdout)))


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def tell(text: str) -> None:
    """Write one line to standard error."""
    click.echo(escaped(text), err=True)


def is_utf_8(stream: TextIO) -> bool:
    """Return whether every character can be written to this stream as it is; one without an encoding takes all."""
    return (stream.encoding or "utf-8").lower().replace("-", "").replace("_", "") == "utf8"


class Stop(click.ClickException):
    """An error that leaves nothing to report."""

    exit_code = ERROR


class SafeGroup(click.Group):
    """Commands whose words never stop them: whatever the terminal's encoding, whatever the disk's space."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Exit with 2 where its output cannot be written."""
        for stream in (sys.stdout, sys.stderr):
            _show_all(stream)
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except click.ClickException as error:
            with _giving_up():
                _show(error)
            raise SystemExit(error.exit_code) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            with _giving_up():
                tell(f"Error: expected to write standard output, got: {error.strerror or error}")
            raise SystemExit(ERROR) from error


def _show(error: click.ClickException) -> None:
    """Write an error of click's as click does, but escaped: it may quote the name of a file."""
    text = StringIO()
    error.show(file=text)
    for line in text.getvalue().rstrip("\n").split("\n"):
        tell(line)


def _show_all(stream: TextIO) -> None:
    """Have a stream write an escape for what its encoding lacks."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")


@contextmanager
def _giving_up() -> Iterator[None]:
    """Tell of an error if that is possible, and leave nothing behind that the interpreter would fail to write."""
    with suppress(OSError):
        yield
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
