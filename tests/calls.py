"""Every outward call that the story can make, read from the Protocols in `services.py`: none is forgotten."""

from __future__ import annotations

import inspect
from typing import Any, Protocol

from verifier import services
from verifier.services import Services


def _protocols() -> dict[str, type]:
    """Return the Protocol behind each property of `Services` that is a service; its clock and its pause are none."""
    found: dict[str, type] = {}
    for name, member in inspect.getmembers(Services, lambda value: isinstance(value, property)):
        for word in _returned(member.fget).split(" | "):
            candidate = getattr(services, word, None)
            if isinstance(candidate, type) and Protocol in candidate.__mro__:
                found[name] = candidate
    return found


def _calls() -> dict[str, bool]:
    return {
        f"{name}.{method}": _returned(function).startswith("Iterator[")
        for name, protocol in _protocols().items()
        for method, function in inspect.getmembers(protocol, inspect.isfunction)
        if not method.startswith("_")
    }


def _returned(function: Any) -> str:
    """Return the annotation as it is written: what it names is imported for the type checker alone."""
    return str(function.__annotations__["return"])


_EVERY = _calls()

SERVICES = frozenset(_protocols())
"""The names of the services."""

CALLS = frozenset(_EVERY)
"""Every call, as `service.method`."""

PAGED = frozenset(call for call, is_paged in _EVERY.items() if is_paged)
"""Calls that reach out when their next page is asked for, and not before."""

READS = frozenset(
    """store.read store.due store.present store.holding store.holders builds.fetch builds.finished
    builds.created triggers.read jobs.started_for jobs.observe jobs.describe jobs.listed
    logs.read submitters.submitter chat.find uploads.list_files""".split()
)
OF_RUNS = frozenset(("store.holders", "store.delete", "jobs.describe", "jobs.listed", "builds.created"))
"""Calls that the story of a build does not make: they are about what runs."""
WRITES = CALLS - READS
"""Calls that change the world; a call that nobody has listed as a read is taken for one."""
