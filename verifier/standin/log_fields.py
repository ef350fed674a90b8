"""The fields of a log entry that filters can speak of, and how each kind of field compares.

As on the platform: a label or a payload field that an entry lacks makes every comparison with it false, `!=` included;
any other field compares as its default; text compares without regard to case, except by regular expressions, which
are RE2 and match anywhere in the text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import re2

from verifier.standin.messages import nanoseconds
from verifier.standin.refusal import RefusalError, invalid
from verifier.times import parse_time

_SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class LogRow:
    """What filters and listings need of a stored entry."""

    key: tuple[int, str]
    """Its time in nanoseconds since the epoch, and its insert id: equal keys are one entry in a listing."""
    visible: int
    """From when it can be read, in nanoseconds since the epoch."""
    log_name: str
    resource_type: str
    resource_labels: Mapping[str, str]
    labels: Mapping[str, str]
    text: str
    payload: Mapping[str, Any] | None
    severity: int
    received: int
    encoded: bytes
    """The entry itself, as it goes over the wire."""
    proto: Mapping[str, Any] | None = None
    """The payload of an entry of Cloud Audit Logs."""


Test = Callable[[LogRow], bool]
_Get = Callable[[LogRow], Any]

_TEXTS: dict[str, _Get] = {
    "logName": lambda row: row.log_name,
    "insertId": lambda row: row.key[1],
    "textPayload": lambda row: row.text,
    "resource.type": lambda row: row.resource_type,
}
_NUMBERS: dict[str, _Get] = {
    "severity": lambda row: row.severity,
    "timestamp": lambda row: row.key[0],
    "receiveTimestamp": lambda row: row.received,
}


def written_to_log(log: str) -> Test:
    """Whether an entry is in the log of this id."""
    return lambda row: unquote(row.log_name.partition("/logs/")[2]) == log


def compare(path: Sequence[str], order: str, value: str, *, quoted: bool) -> Test:
    """One comparison of a field with a value. Raise `RefusalError` naming what is not known of it."""
    name = ".".join(path)
    if name in _NUMBERS:
        return _compare_number(name, order, value)
    get = _text_getter(path)
    if order == ":" and value == "*" and not quoted:
        return lambda row: get(row) not in (None, "")
    if name == "jsonPayload":
        raise invalid(f"Unparseable filter: jsonPayload can only be asked for by field or by :*, got {order}.")
    matches = _value_test(name, order, value)
    return lambda row: _any_value(get(row), matches)


def _text_getter(path: Sequence[str]) -> _Get:
    match list(path):
        case ["labels", label]:
            return lambda row: row.labels.get(label)
        case ["resource", "labels", label]:
            return lambda row: row.resource_labels.get(label)
        case ["jsonPayload", *fields]:
            return lambda row: _dig(row.payload, fields)
        case ["protoPayload", field, *fields]:
            return lambda row: _dig(row.proto, [field, *fields])
        case _ if ".".join(path) in _TEXTS:
            return _TEXTS[".".join(path)]
    raise invalid(f"Unparseable filter: the field {'.'.join(path)!r} is not known here.")


def _dig(value: Any, fields: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_dig(item, fields) for item in value]
    if not fields:
        return value
    return _dig(value.get(fields[0]), fields[1:]) if isinstance(value, Mapping) else None


def _any_value(value: Any, matches: Callable[[Any], bool]) -> bool:
    if isinstance(value, list):
        return any(_any_value(item, matches) for item in value)
    return value is not None and not isinstance(value, Mapping) and matches(value)


def _compare_number(name: str, order: str, value: str) -> Test:
    if order not in _ORDERS:
        raise _unsupported(name, order)
    get, holds = _NUMBERS[name], _ORDERS[order]
    limit = _severity(value) if name == "severity" else _moment(name, value)
    return lambda row: holds(get(row), limit)


def _severity(value: str) -> int:
    if value.upper() not in _SEVERITIES:
        raise invalid(f"Unparseable filter: {value!r} is no severity.")
    return _SEVERITIES[value.upper()]


def _moment(name: str, value: str) -> int:
    try:
        return nanoseconds(parse_time(value))
    except ValueError:
        raise invalid(f"Unparseable filter: {name} expects an RFC 3339 time in quotes, got {value!r}.") from None


def _value_test(name: str, order: str, value: str) -> Callable[[Any], bool]:
    if order in ("=~", "!~"):
        return _regex_test(value, wanted=order == "=~")
    wanted = value.casefold()
    if order == ":":
        return lambda found: wanted in str(found).casefold()
    if order not in _ORDERS:
        raise _unsupported(name, order)
    holds, number = _ORDERS[order], _number(value)

    def test(found: Any) -> bool:
        if isinstance(found, int | float) and not isinstance(found, bool) and number is not None:
            return holds(found, number)
        return holds(str(found).casefold(), wanted)

    return test


def _regex_test(pattern: str, *, wanted: bool) -> Callable[[Any], bool]:
    options = re2.Options()
    options.log_errors = False
    try:
        regex = re2.compile(pattern, options)
    except re2.error as error:
        raise invalid(f"Unparseable filter: invalid regular expression {pattern!r}: {error}.") from None
    return lambda found: isinstance(found, str) and (regex.search(found) is not None) == wanted


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _unsupported(name: str, order: str) -> RefusalError:
    return invalid(f"Unparseable filter: {name} cannot be compared with {order}.")
