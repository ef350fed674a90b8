"""Log entries out of files: documents of Cloud Logging, and the lines of any program's output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from verifier.errors import Malformed
from verifier.facts.execution import JobName
from verifier.facts.logs import LogEntry, entry_of_document, entry_of_line
from verifier.history.gcloud_export import Document
from verifier.history.json_window import TextStream
from verifier.history.summary import Notice, Problem

NO_JOB = JobName("", "", "")
_MOST_KINDS = 100
"""Kinds of what is no entry that are counted; further ones are told one by one."""
_MOST_LINE = 1 << 20
_CHUNK = 1 << 16
_TYPE = "cloud_run_job"
_AUDIT_LOGS = "cloudaudit.googleapis.com/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entries_of(items: Iterable[Document | Notice | Problem]) -> Iterator[tuple[JobName, LogEntry] | Notice | Problem]:
    """Yield the entries of a Cloud Run job that these documents are; what is none is told once for each kind."""
    wrong: Counter[str] = Counter()
    places: dict[str, str] = {}
    file, audits = "", 0
    for item in items:
        if not isinstance(item, Document):
            yield item
            continue
        file = item.file
        try:
            job, entry = _job_of(item.value), entry_of_document(item.value)
        except Malformed as error:
            wrong[str(error)] += 1
            places.setdefault(str(error), item.place)
            if len(wrong) > _MOST_KINDS:
                yield Problem(item.place, str(error))
                del wrong[str(error)]
        else:
            if entry.log.startswith(_AUDIT_LOGS):
                audits += 1
            else:
                yield job, entry
    if audits:
        yield Notice(file, f"{audits} entr{'y' if audits == 1 else 'ies'} of audit logs passed over: no job wrote them")
    for why, count in wrong.items():
        yield Problem(places[why] if count == 1 else file, why if count == 1 else f"{count} documents: {why}")


def lines_of(stream: TextStream) -> Iterator[tuple[JobName, LogEntry]]:
    """Yield a plain text's lines as entries, in their order; a line longer than a megabyte is cut."""
    for number, line in enumerate(_lines(stream)):
        if line.strip():
            yield NO_JOB, entry_of_line(line, _EPOCH + timedelta(microseconds=number))


def line_of(moment: datetime) -> int:
    """Return the number of the line, from 1, that `lines_of` gave this moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1) + 1


def _job_of(document: Mapping[str, Any]) -> JobName:
    resource = document.get("resource")
    if resource is None:
        return NO_JOB
    if not isinstance(resource, Mapping):
        raise Malformed("expected a log entry whose resource is an object")
    kind = resource.get("type")
    if kind != _TYPE:
        shown = str(kind)[:80] if kind else "none"
        raise Malformed(
            f"expected entries of a Cloud Run job ({_TYPE}), got the resource {shown}; "
            "judge other programs' output with --text"
        )
    labels = resource.get("labels")
    if not isinstance(labels, Mapping):
        return NO_JOB
    named = (labels.get(name, "") for name in ("project_id", "location", "job_name"))
    return JobName(*(value[:200] if isinstance(value, str) else "" for value in named))


def _lines(stream: TextStream) -> Iterator[str]:
    rest = ""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split("\n")
        yield from (line[:_MOST_LINE] for line in whole)
        if len(rest) > 2 * _MOST_LINE:
            rest = rest[:_MOST_LINE]
    if rest:
        yield rest[:_MOST_LINE]
