"""What a worker's logs say: entries are judged one by one, and errors are known by an identity that lasts.

The server sends what may matter (`log_filter`), and a `LogReading` judges it as it comes, in any order:

    reading = LogReading(worker.logs, "content-worker-x7k2p")
    for page in pages:
        reading.feed(page.entries)
    facts = reading.facts(truncated=more)

How an entry is judged is written in `judge`, by the tables in `levels`, `rules`, `rules_tools` and `noise`. Their rows
have names (`row_names`, `unknown_rows`), by which `LogRules.off` switches them off. `describe` says what an error is
known by: `identity`, with the version `ALGORITHM`. Errors that followed from another are `folded` into it; `aliases`
are their identities. `entry_of_document` and `entry_of_line` read entries out of files; `structured` and `TEXT_PATHS`
say which fields carry text. `longest_query` gives the number of characters by which a policy is refused that asks for
too much (`MOST_QUERY`).

A stack trace may be a part of a DEBUG line that came as an entry before it. `LogFacts.unled` tells the moments of such
traces; a query and a reading that are given them as `around` see what stands right before (`read_twice` does both).

Facts that shape it (Cloud Run and Cloud Logging documentation, and what was seen): plain text has no severity; a stack
trace is one entry, or an entry a line; `Container called exit(1).` is only a warning; entries become readable late and
in no promised order.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifier.facts.logs.document import entry_of_document, entry_of_line
    from verifier.facts.logs.entry import EXECUTION_LABEL, PLATFORM_LOGS, SYSTEM_LOG, LogEntry
    from verifier.facts.logs.identity import ALGORITHM, Described, describe
    from verifier.facts.logs.levels import ERROR, LEVEL_FIELDS
    from verifier.facts.logs.noise import NOISE
    from verifier.facts.logs.patterns import LogRules, Pattern, row_names, unknown_rows
    from verifier.facts.logs.query import (
        MOST_EXECUTIONS,
        MOST_QUERY,
        MOST_UNLED,
        job_filter,
        log_filter,
        longest_query,
        runs_filter,
    )
    from verifier.facts.logs.reading import MOST_KINDS, LogReading, read_twice
    from verifier.facts.logs.result import Ending, Folded, LogFacts, Repeated, Unlabelled
    from verifier.facts.logs.row import RuleRow
    from verifier.facts.logs.rules import ROWS
    from verifier.facts.logs.text import (
        ERROR_FIELDS,
        FIELD_NAMES,
        MESSAGE_FIELDS,
        TEXT_PATHS,
        Structured,
        structured,
    )

__all__ = [
    "ALGORITHM",
    "ERROR",
    "ERROR_FIELDS",
    "EXECUTION_LABEL",
    "FIELD_NAMES",
    "LEVEL_FIELDS",
    "MESSAGE_FIELDS",
    "MOST_EXECUTIONS",
    "MOST_KINDS",
    "MOST_QUERY",
    "MOST_UNLED",
    "NOISE",
    "PLATFORM_LOGS",
    "ROWS",
    "SYSTEM_LOG",
    "TEXT_PATHS",
    "Described",
    "Ending",
    "Folded",
    "LogEntry",
    "LogFacts",
    "LogReading",
    "LogRules",
    "Pattern",
    "Repeated",
    "RuleRow",
    "Structured",
    "Unlabelled",
    "describe",
    "entry_of_document",
    "entry_of_line",
    "job_filter",
    "log_filter",
    "longest_query",
    "read_twice",
    "row_names",
    "runs_filter",
    "structured",
    "unknown_rows",
]


def __getattr__(name: str) -> object:
    """Return what is imported from here, loaded when it is first asked for: a function that starts judges no logs.

    Raises AttributeError for a name that is not in `__all__`.
    """
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


_MODULES = {
    name: module
    for module, names in {
        "document": ("entry_of_document", "entry_of_line"),
        "entry": ("EXECUTION_LABEL", "PLATFORM_LOGS", "SYSTEM_LOG", "LogEntry"),
        "identity": ("ALGORITHM", "Described", "describe"),
        "levels": ("ERROR", "LEVEL_FIELDS"),
        "noise": ("NOISE",),
        "patterns": ("LogRules", "Pattern", "row_names", "unknown_rows"),
        "query": (
            "MOST_EXECUTIONS",
            "MOST_QUERY",
            "MOST_UNLED",
            "job_filter",
            "log_filter",
            "longest_query",
            "runs_filter",
        ),
        "reading": ("MOST_KINDS", "LogReading", "read_twice"),
        "result": ("Ending", "Folded", "LogFacts", "Repeated", "Unlabelled"),
        "row": ("RuleRow",),
        "rules": ("ROWS",),
        "text": (
            "ERROR_FIELDS",
            "FIELD_NAMES",
            "MESSAGE_FIELDS",
            "TEXT_PATHS",
            "Structured",
            "structured",
        ),
    }.items()
    for name in names
}
"""Where each name comes from."""
