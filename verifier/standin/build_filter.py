"""The filter of ListBuilds: the part of its grammar that is documented, and nothing else."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import datetime

from verifier.standin.messages import Build, Pb, nanoseconds, timestamp_nanoseconds
from verifier.standin.refusal import invalid
from verifier.times import parse_time

_COMPARISON = re.compile(r'([a-z_.]+)\s*(>=|<=|!=|=|>|<)\s*(?:"([^"]*)"|([\w.:+-]+))')
_ORDERS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_TEXTS: dict[str, Callable[[Pb], Iterable[str]]] = {
    "status": lambda build: (Build.Status.Name(build.status),),
    "trigger_id": lambda build: (build.build_trigger_id,),
    "results.images.digest": lambda build: (image.digest for image in build.results.images),
}
_STATUSES = frozenset(Build.Status.keys())
_TIMES = ("create_time", "finish_time")

_Test = Callable[[Pb], bool]


def compile_build_filter(text: str) -> _Test:
    """Return what the filter says, as a function of a build. Raise `RefusalError` naming the part that is not known."""
    tests = [_comparison(part.strip()) for part in re.split(r"\s+AND\s+", text.strip())] if text.strip() else []
    return lambda build: all(test(build) for test in tests)


def _comparison(part: str) -> _Test:
    match = _COMPARISON.fullmatch(part)
    if match is None:
        raise invalid(f'Invalid filter: expected comparisons such as status="SUCCESS" joined by AND, got {part!r}.')
    field, order, quoted, bare = match.groups()
    value = bare if quoted is None else quoted
    if field in _TIMES and order in _ORDERS:
        return _time_test(field, order, value)
    if field in _TEXTS and order == "=":
        return _text_test(field, value)
    raise invalid(f"Invalid filter: {field} {order} is not supported.")


def _time_test(field: str, order: str, value: str) -> _Test:
    try:
        limit: datetime = parse_time(value)
    except ValueError:
        raise invalid(f"Invalid filter: {field} expects an RFC 3339 time, got {value!r}.") from None
    compare, bound = _ORDERS[order], nanoseconds(limit)
    return lambda build: build.HasField(field) and compare(timestamp_nanoseconds(getattr(build, field)), bound)


def _text_test(field: str, value: str) -> _Test:
    if field == "status" and value not in _STATUSES:
        raise invalid(f"Invalid filter: {value!r} is no build status.")
    texts = _TEXTS[field]
    return lambda build: value in texts(build)
