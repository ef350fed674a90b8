"""The Logging query language, as far as it is spoken here: a parser that turns a filter into a function.

As on the platform, NOT binds tightest, then OR, then AND; comparisons that stand side by side are joined by AND.
How the platform reads the operand of `=~` is not proven, so both ways are played.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from verifier.standin.log_fields import Test, compare, written_to_log
from verifier.standin.refusal import RefusalError, invalid

MAX_LENGTH = 20_000
_MAX_DEPTH = 100
_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(
    rf"""\s*(?:(?P<string>{_STRING})
    |(?P<word>-?[\w*]+(?:\.(?:[\w-]+|{_STRING}))*)
    |(?P<operator>=~|!~|!=|>=|<=|=|>|<|:)
    |(?P<bracket>[()]))""",
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(rf"{_STRING}|[^.\"]+", re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


class Regexes(StrEnum):
    """How the operand of `=~` and `!~` becomes a regular expression."""

    AS_THEY_STAND = "as they stand"
    """RE2 gets what is between the quotes; only an escaped quote loses its backslash. Google's agent does it so."""
    UNESCAPED = "unescaped"
    """The escapes of a string are resolved first, as in every other comparison."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def compile_log_filter(text: str, regexes: Regexes = Regexes.AS_THEY_STAND) -> Test:
    """Return the filter as a function of an entry. Raise `RefusalError` naming the part that is not known."""
    if len(text) > MAX_LENGTH:
        raise invalid(f"The filter has {len(text)} characters; the most that are allowed is {MAX_LENGTH}.")
    if not text.strip():
        return lambda _: True
    return _Parser(list(_tokens(text)), regexes).parse()


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unparsable(text[at:].strip()[:20], at)
        kind = str(match.lastgroup)
        yield _Token(kind, match[kind], match.start(kind))
        at = match.end()
    yield _Token("end", "the end", end)


class _Parser:
    """Recursive descent, one method for each level of precedence."""

    def __init__(self, tokens: list[_Token], regexes: Regexes) -> None:
        self._tokens = tokens
        self._regexes = regexes
        self._next = 0
        self._depth = 0

    def parse(self) -> Test:
        test = self._all_of()
        if self._peek.kind != "end":
            raise _unparsable(self._peek.text, self._peek.at)
        return test

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *kinds: str) -> _Token:
        token = self._peek
        if token.kind not in kinds:
            raise _unparsable(token.text, token.at)
        self._next += 1
        return token

    def _skip(self, text: str) -> bool:
        found = self._peek.text == text and self._peek.kind != "string"
        self._next += found
        return found

    def _all_of(self) -> Test:
        tests = [self._any_of()]
        while self._skip("AND") or self._peek.kind not in ("bracket", "end") or self._peek.text == "(":
            tests.append(self._any_of())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _any_of(self) -> Test:
        tests = [self._negation()]
        while self._skip("OR"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _negation(self) -> Test:
        negated = False
        while self._skip("NOT"):
            negated = not negated
        test = self._primary()
        return (lambda row: not test(row)) if negated else test

    def _primary(self) -> Test:
        if not self._skip("("):
            return self._comparison()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise invalid(f"Unparseable filter: parentheses are nested more than {_MAX_DEPTH} deep.")
        test = self._all_of()
        self._close()
        self._depth -= 1
        return test

    def _close(self) -> None:
        if not self._skip(")"):
            raise _unparsable(self._peek.text, self._peek.at)

    def _comparison(self) -> Test:
        field = self._take("word")
        if field.text == "log_id" and self._skip("("):
            log = _unquote(self._take("string"))
            self._close()
            return written_to_log(log)
        path = [_unquote_piece(piece, field) for piece in _PIECE.findall(field.text)]
        operator = self._take("operator")
        if not self._skip("("):
            return self._compared(path, operator, self._take("string", "word"))
        tests = [self._compared(path, operator, self._take("string", "word"))]
        while self._skip("OR"):  # as on the platform, a field may be compared with one of several values
            tests.append(self._compared(path, operator, self._take("string", "word")))
        self._close()
        return lambda row: any(test(row) for test in tests)

    def _compared(self, path: list[str], operator: _Token, value: _Token) -> Test:
        return compare(path, operator.text, self._operand(operator, value), quoted=value.kind == "string")

    def _operand(self, operator: _Token, value: _Token) -> str:
        if value.kind != "string":
            return value.text
        if operator.text in ("=~", "!~") and self._regexes is Regexes.AS_THEY_STAND:
            return value.text[1:-1].replace('\\"', '"')
        return _unquote(value)


def _unquote_piece(piece: str, field: _Token) -> str:
    return _unquote(_Token("string", piece, field.at)) if piece.startswith('"') else piece


def _unquote(token: _Token) -> str:
    def meaning(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape not in _PLAIN_ESCAPES:
            raise invalid(
                f"Unparseable filter: unknown escape \\{escape} in {token.text}; a backslash is written \\\\."
            )
        return _PLAIN_ESCAPES[escape]

    return _ESCAPE.sub(meaning, token.text[1:-1])


def _unparsable(text: str, at: int) -> RefusalError:
    return invalid(f"Unparseable filter: unexpected {text!r} at position {at}.")
