"""How one execution is stored: a small document, created once, which the sweep deletes 35 days after its end."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from verifier.checks.run_count import KEPT_FOR
from verifier.errors import Malformed
from verifier.facts.execution import parse_job_name
from verifier.facts.run import EndedRun, RunKind, RunOutcome
from verifier.services import Document
from verifier.times import parse_time, show_time

VERSION = 1
"""Of a stored document. A release raises it with what an earlier one would misread."""
SETTLE = timedelta(minutes=5)
"""After its end a run's logs are read: entries become readable late, and in no promised order."""
_COUNT = (RunKind.OWN, RunKind.NOT_COMPARED)


def run_document(run: EndedRun) -> dict[str, Any]:
    """Return the run as JSON values, with the moment at which it is deleted.

    Where it counts, there is the moment as well from which its logs are read; who has read them takes that away.
    """
    values = {item.name: getattr(run, item.name) for item in fields(run)}
    plain = {name: str(value) if isinstance(value, StrEnum) else value for name, value in values.items()}
    moments = {"created": show_time(run.created), "ended": show_time(run.ended)}
    expires = show_time(run.ended + KEPT_FOR)
    reading = show_time(run.ended + SETTLE) if run.digest and run.kind in _COUNT else None
    return {
        **plain,
        **moments,
        "job": run.job.resource,
        "expires": expires,
        "reading": reading,
        "version": VERSION,
    }


def parse_run(document: Document) -> EndedRun:
    """Return the run that is stored. Raises Malformed for what a later version wrote, or what is no such document."""
    if document.get("version") != VERSION:
        raise Malformed(f"expected a run of version {VERSION}, got version {document.get('version')!r}")
    try:
        known = {item.name: document[item.name] for item in fields(EndedRun) if item.name in document}
        known["job"] = parse_job_name(document["job"])
        known["kind"], known["outcome"] = RunKind(document["kind"]), RunOutcome(document["outcome"])
        known["created"], known["ended"] = parse_time(document["created"]), parse_time(document["ended"])
        return EndedRun(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected a run, got a document with {error!r}") from error
