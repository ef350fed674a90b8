"""How a watch is stored: one document a job and digest, with what is still to be told of it. Compare-and-set alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from verifier.checks.watch.book import ErrorState
from verifier.checks.watch.chances import RunCounts
from verifier.checks.watch.watching import Good, Hour, Kept, Red, SeenError, Watch, WatchOutcome
from verifier.errors import Malformed
from verifier.facts.execution import JobName, parse_job_name
from verifier.services import Document
from verifier.times import parse_time, show_time

WATCHES = "watches"
"""The collection."""
VERSION = 1
"""Of a stored document. A release raises it with what an earlier one would misread."""


@dataclass(frozen=True, slots=True)
class KeptWatch:
    """A watch with what is to be told of it, as it is stored."""

    watch: Watch
    outbox: tuple[Document, ...] = ()
    """What was decided to be told, in order; see `outbox.py`."""
    due: datetime | None = None
    leased: datetime | None = None
    """Until when one invocation works on it."""
    wakes: str = ""
    """The digest whose place it has taken: its watch is to be looked at."""


def name_of_watch(job: JobName, digest: str) -> str:
    """Return the name of the document."""
    return sha256(f"{job.resource}@{digest}".encode()).hexdigest()


def watch_document(kept: KeptWatch) -> dict[str, Any]:
    """Return the watch as JSON values. It is one text, of which no part is indexed, beside what people ask by."""
    watch = kept.watch
    body = {item.name: _plain(getattr(watch, item.name)) for item in fields(watch) if item.name != "job"}
    return {
        "version": VERSION,
        "project": watch.job.project,
        "location": watch.job.location,
        "job": watch.job.resource,
        "digest": watch.digest,
        "outcome": str(watch.outcome),
        "due": show_time(kept.due) if kept.due else None,
        "leased": show_time(kept.leased) if kept.leased else None,
        "wakes": kept.wakes,
        "outbox": json.dumps(list(kept.outbox), separators=(",", ":"), ensure_ascii=False),
        "watch": json.dumps(body, separators=(",", ":"), ensure_ascii=False),
    }


def parse_watch(document: Document) -> KeptWatch:
    """Return the watch that is stored. Raises Malformed for what a later version wrote, or what is no such document."""
    if document.get("version") != VERSION:
        raise Malformed(f"expected a watch of version {VERSION}, got version {document.get('version')!r}")
    try:
        body = json.loads(document["watch"])
        known = {item.name for item in fields(Watch)} & body.keys()
        values = {name: _READ.get(name, _same)(body[name]) for name in known}
        return KeptWatch(
            Watch(job=parse_job_name(document["job"]), **values),
            tuple(json.loads(document["outbox"])),
            _moment(document["due"]),
            _moment(document["leased"]),
            document["wakes"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected a watch, got a document with {error!r}") from error


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return show_time(value)
        case StrEnum():
            return str(value)
        case RunCounts():
            return [value.runs, value.failed]
        case tuple():
            return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value


def _same(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _moment(value: str | None) -> datetime | None:
    return parse_time(value) if value else None


def _errors(values: list[Mapping[str, Any]]) -> tuple[SeenError, ...]:
    return tuple(
        SeenError(
            **{
                **_known(SeenError, value),
                "state": ErrorState(value["state"]),
                "first": parse_time(value["first"]),
                "told": Kept(value["told"]),
            }
        )
        for value in values
    )


def _hours(values: list[Mapping[str, Any]]) -> tuple[Hour, ...]:
    return tuple(Hour(parse_time(value["start"]), RunCounts(*value["counts"][:2])) for value in values)


def _reds(values: list[Mapping[str, Any]]) -> tuple[Red, ...]:
    return tuple(Red(**_known(Red, value) | {"since": parse_time(value["since"])}) for value in values)


def _good(value: Mapping[str, Any] | None) -> Good | None:
    return Good(**_known(Good, value) | {"since": parse_time(value["since"])}) if value else None


def _known(kind: type[SeenError | Red | Good], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of this kind that the value has: what a later version added is passed over."""
    return {item.name: _same(value[item.name]) for item in fields(kind) if item.name in value}


_READ: Mapping[str, Callable[[Any], Any]] = {
    "since": parse_time,
    "until": _moment,
    "ended": _moment,
    "errors": _errors,
    "hours": _hours,
    "before": _hours,
    "reds": _reds,
    "good": _good,
    "outcome": WatchOutcome,
}
