"""Whether an alert fires, given what was logged: the filters of metrics and matches, and the queries about metrics.

Of PromQL as much as the alerts say: sums over time of log-based metrics by one label, and arithmetic with a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.protobuf import json_format

from tests.signals.failures import Played
from verifier.standin.log_book import LogBook
from verifier.standin.logging_filter import compile_log_filter
from verifier.standin.messages import LogEntry

HOME = "home-project"
_SUM = re.compile(
    r"sum(?: by \((?P<by>\w+)\))? ?\(sum_over_time\(logging_googleapis_com:user_(?P<metric>\w+)"
    r"\{(?P<labels>[^}]*)\}\[(?P<count>\d+)(?P<unit>[md])\]\)\)"
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_ARITHMETIC = re.compile(r"[\d.+\-*/()<>= ]+")
_UNITS = {"m": timedelta(minutes=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Logged:
    """What Cloud Logging has of a line or an entry of the audit trail."""

    at: datetime
    entry: Mapping[str, Any]

    def is_found_by(self, filter_text: str) -> bool:
        """Return whether a filter finds it."""
        book = LogBook()
        book.put([(0, json_format.ParseDict(dict(self.entry), LogEntry()))])
        return bool(book.page(HOME, compile_log_filter(filter_text), None, 1, 0, newest_first=False)[0])

    def value(self, extractor: str) -> str:
        """Return what a label's extractor makes of it: empty where the field is absent or the expression not there."""
        [(path, expression)] = re.findall(r'^(?:REGEXP_)?EXTRACT\(([\w.]+)(?:, "(.+)")?\)$', extractor)
        found: Any = self.entry
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        text = "" if found is None else str(found)
        match = re.search(expression, text)
        return (match[1] if match else "") if expression else text


def logged(played: Played) -> list[Logged]:
    """Return what a play has logged, as it stands in the home project of an installation by the usual name."""
    lines = [Logged(printed.at, _as_entry(printed.line)) for printed in played.printed]
    audit = [
        Logged(played.ended, {**entry, "logName": f"projects/{HOME}/logs/build-verifier"}) for entry in played.audit
    ]
    return [*lines, *audit]


def _as_entry(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "logName": f"projects/{HOME}/logs/run.googleapis.com%2Fstdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "build-verifier"}},
        "severity": line["severity"],
        "jsonPayload": {name: value for name, value in line.items() if name != "severity"},
        "insertId": "1",
        "timestamp": "2026-11-23T02:00:00Z",
    }


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The alerts of a plan, and the metrics that they ask for."""

    alerts: Mapping[str, Mapping[str, Any]]
    """The condition of each, by its key."""
    metrics: Mapping[str, Mapping[str, Any]]
    """By the name that PromQL has for it."""

    def fired(self, entries: Sequence[Logged], now: datetime) -> set[str]:
        """Return the keys of the alerts that fire."""
        return {key for key, condition in self.alerts.items() if self._fires(condition, entries, now)}

    def _fires(self, condition: Mapping[str, Any], entries: Sequence[Logged], now: datetime) -> bool:
        for match in condition["condition_matched_log"]:
            return any(entry.is_found_by(match["filter"]) for entry in entries)
        [asked] = condition["condition_prometheus_query_language"]
        query = asked["query"]
        if "logging_googleapis_com" not in query:
            return False  # of the platform's own metrics the play knows nothing
        by = next((sums["by"] for sums in _SUM.finditer(query) if sums["by"]), "")
        counted = [(sums, list(self._counted(sums, entries, now))) for sums in _SUM.finditer(query)]
        groups = {labels.get(by, "") for _, found in counted for labels in found} or {""}
        return any(_holds(query, [_sum(found, by, group) for _, found in counted]) for group in groups)

    def _counted(self, sums: re.Match[str], entries: Sequence[Logged], now: datetime) -> Iterator[dict[str, str]]:
        """Yield the labels of each entry that the metric counts in this window, where they are those that are asked."""
        metric, wanted = self.metrics[sums["metric"]], dict(_LABEL.findall(sums["labels"]))
        wanted.pop("monitored_resource")
        since = now - int(sums["count"]) * _UNITS[sums["unit"]]
        for entry in entries:
            labels = {name: entry.value(text) for name, text in (metric["label_extractors"] or {}).items()}
            if entry.at >= since and wanted.items() <= labels.items() and entry.is_found_by(metric["filter"]):
                yield labels


def _sum(found: Sequence[Mapping[str, str]], by: str, group: str) -> int | None:
    """Return how many there are in a group; None where there is no such series."""
    count = sum(labels.get(by, "") == group for labels in found) if by else len(found)
    return count or None


def _holds(query: str, sums: Sequence[int | None]) -> bool:
    """Return whether the query has a result, with these in the place of its sums."""
    values = iter(sums)
    is_absent = None in sums and "or vector(0)" not in query
    text = _SUM.sub(lambda _: str(next(values) or 0), query).replace("or vector(0)", "")
    assert _ARITHMETIC.fullmatch(text), f"expected arithmetic, got {text!r}"
    return not is_absent and bool(eval(text, {"__builtins__": {}}))
