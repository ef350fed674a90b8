"""The items of a policy's lists, one function a kind: the value, or None with what was expected instead."""

from __future__ import annotations

import re2

from verifier.checks.policy_table import Table
from verifier.facts.job_name import JobName
from verifier.facts.logs import unknown_rows
from verifier.facts.repository import Repository, parse_repository

JOB = r"^(?:([a-z0-9][a-z0-9.:-]{1,99})/)?([a-z][a-z0-9-]{1,40})/([a-z][a-z0-9-]{0,62})$"
"""How a job is named: its project may be left out."""
A_JOB = '"REGION/JOB" or "PROJECT/REGION/JOB"'

TRIGGER_ID = r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""What a trigger's id looks like."""
_PROJECT = r"^([a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{1,62}$"
_MOST_LOG = 200
_JOB = re2.compile(JOB)


def job_named(text: str) -> JobName | None:
    """Return the job of this name, or None where it is the name of none."""
    match = _JOB.match(text)
    return JobName(match.group(1) or "", match.group(2), match.group(3)) if match else None


def job_item(table: Table, place: str, item: object) -> JobName | None:
    """Return a job; its project is empty where none is named."""
    found = job_named(item) if isinstance(item, str) else None
    if found is None:
        table.wrong(place, A_JOB, item)
    return found


def repository_item(table: Table, place: str, item: object) -> Repository | None:
    """Return a repository; an address of it will do."""
    # People paste addresses: which repository is meant does not hang on the encryption of this one.
    found = parse_repository(re2.sub(r"^http://", "https://", item)) if isinstance(item, str) else None
    if found is None:
        table.wrong(place, "a repository such as github.com/owner/name", item)
    return found


def rule_item(table: Table, place: str, item: object) -> str | None:
    """Return the name of a row of the rules or of the known noise."""
    if not isinstance(item, str) or (unknown := unknown_rows([item])):
        near = ", ".join(unknown[0][1]) if isinstance(item, str) and unknown else ""
        named = f"; the nearest: {near}" if near else ""
        table.wrong(place, f"the name of a rule, as docs/logs.md lists them{named}", item)
        return None
    return item


def log_item(table: Table, place: str, item: object) -> str | None:
    """Return the name of a log."""
    if not isinstance(item, str) or not item.isascii() or not item.strip("/") or len(item) > _MOST_LOG:
        table.wrong(place, "a log, such as stdout or stderr", item)
        return None
    return item


def argument_item(table: Table, place: str, item: object) -> str | None:
    """Return an argument, which may be empty text."""
    if not isinstance(item, str):
        table.wrong(place, "text", item)
        return None
    return item


def trigger_item(table: Table, place: str, item: object) -> str | None:
    """Return an id: names can be imitated by whoever makes a trigger in another region."""
    if isinstance(item, str) and re2.match(TRIGGER_ID, item):
        return item.lower()
    example = "7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee"
    expected = f"a trigger's id such as {example} (gcloud builds triggers list --region=REGION shows it)"
    table.wrong(place, expected, item)
    return None


def project_item(table: Table, place: str, item: object) -> str | None:
    """Return the id of a project."""
    if isinstance(item, str) and re2.match(_PROJECT, item):
        return item
    table.wrong(place, "a project's id such as team-dev", item)
    return None
