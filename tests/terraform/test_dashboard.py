"""The dashboard's row of what runs and how it goes: what it counts and lists of the entries that are really written."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.terraform.alert_rules import HOME, Logged
from tests.terraform.command import of_type
from tests.unit.checks.watch.made import CRASH, JOB, REPOSITORY, START, after, digest, quiet, run, watch
from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.running import Transition
from verifier.checks.watch.ending import ended_by_itself, replaced
from verifier.checks.watch.telling import FAILURES, TWICE
from verifier.checks.watch.watching import Watch
from verifier.facts.build import BuildKey
from verifier.reporting.audit_entry import AuditEntry, unwatched_entry
from verifier.reporting.entry_kind import EntryKind
from verifier.reporting.running_entry import running_entry
from verifier.reporting.watch_entry import watch_entry, watch_payload

pytestmark = pytest.mark.timeout(1800)  # whoever comes first waits for all of terraform's tests

Resources = Sequence[Mapping[str, Any]]
HEADING = "What runs, from what, and how it goes"
ENDED, WORSE = "Watches that ended, by outcome and day", "It got worse: regressions by day and project"
NEW, OTHER = (
    "New errors that made it worse, by day and project",
    "Jobs that began to run what is not VERIFIED, by verdict",
)
LISTED = "What runs and how it goes, newest first"
_QUERY = re.compile(
    r"sum by \((?P<by>\w+)\) \(sum_over_time\(logging_googleapis_com:user_(?P<metric>\w+)"
    r"\{(?P<labels>[^}]*)\}\[1d\]\)\)"
)
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
DAY = timedelta(days=1)

WATCH = watch()
CLEAN = ended_by_itself(quiet(WATCH, 8), START + DAY)
FOUND_WORSE = replace(after(WATCH, run(0, CRASH), run(1, CRASH)), reasons=("crash", FAILURES))


def of_watch(kind: EntryKind, one: Watch, event: str) -> AuditEntry:
    return watch_entry(kind, watch_payload(one, event), START)


def of_job(transition: Transition, **fields: Any) -> AuditEntry:
    runs = DigestRuns(digest("b"), REPOSITORY, START, START, begun=START, ceased=START + DAY, **fields)
    return running_entry(JobRuns(JOB, START, digest=digest("b"), digests=(runs,)), runs, transition)


ENTRIES = (
    of_watch(EntryKind.CHECKPOINT, quiet(WATCH, 8), "after-14400s"),
    of_watch(EntryKind.REGRESSED, FOUND_WORSE, "regressed-crash"),
    of_watch(EntryKind.REGRESSED, FOUND_WORSE, f"regressed-{FAILURES}"),
    of_watch(EntryKind.REGRESSED, FOUND_WORSE, f"regressed-{TWICE}"),
    of_watch(EntryKind.WATCH_ENDED, CLEAN, "ended"),
    of_watch(EntryKind.WATCH_ENDED, replaced(FOUND_WORSE, START + DAY, digest("c"), is_older=False), "ended"),
    of_watch(EntryKind.WATCH_ENDED, replaced(quiet(WATCH, 2), START + DAY, digest("c"), is_older=False), "ended"),
    of_job(Transition.BEGUN, tie=Tie.BUILD, verdict="VERIFIED"),
    of_job(Transition.BEGUN, tie=Tie.BUILD, verdict="LOCAL_SOURCE"),
    of_job(Transition.BEGUN),
    of_job(Transition.CEASED, tie=Tie.BUILD, verdict="LOCAL_SOURCE"),
    unwatched_entry(BuildKey("app-project", "global", "1"), START),
)
KINDS = {EntryKind.RUNNING, EntryKind.CHECKPOINT, EntryKind.REGRESSED, EntryKind.WATCH_ENDED}


def logged(entry: AuditEntry) -> Logged:
    """Return the entry as it stands in the home project."""
    document = {
        "logName": f"projects/{HOME}/logs/build-verifier",
        "resource": {"type": "global"},
        "severity": entry.severity,
        "labels": dict(entry.labels),
        "jsonPayload": dict(entry.payload),
        "insertId": entry.insert_id,
        "timestamp": "2026-11-23T02:00:00Z",
    }
    return Logged(START, document)


def widgets(resources: Resources) -> dict[str, Mapping[str, Any]]:
    """Return the dashboard's widgets by their titles, in their order."""
    [dashboard] = of_type(resources, "google_monitoring_dashboard").values()
    return {widget["title"]: widget for widget in json.loads(dashboard["dashboard_json"])["gridLayout"]["widgets"]}


def shown(resources: Resources, title: str) -> Counter[str]:
    """Return what a chart counts of the entries, by what it tells apart."""
    [data] = widgets(resources)[title]["xyChart"]["dataSets"]
    asked = _QUERY.fullmatch(data["timeSeriesQuery"]["prometheusQuery"])
    assert asked, data
    by_name = {re.sub(r"\W", "_", item["name"]): item for item in of_type(resources, "google_logging_metric").values()}
    return Counter(labels[asked["by"]] for labels in counted(by_name[asked["metric"]]) if fits(labels, asked["labels"]))


def counted(metric: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the labels of each entry that a metric counts."""
    for entry in map(logged, ENTRIES):
        if entry.is_found_by(metric["filter"]):
            yield {name: entry.value(text) for name, text in metric["label_extractors"].items()}


def fits(labels: Mapping[str, str], matchers: str) -> bool:
    """Return whether a series has the labels that a query asks for, as PromQL compares them."""
    found = {"monitored_resource": "global", **labels}
    for name, sign, wanted in _MATCHER.findall(matchers):
        is_same = re.fullmatch(wanted, found[name]) is not None if "~" in sign else found[name] == wanted
        if is_same is sign.startswith("!"):
            return False
    return True


@pytest.mark.parametrize(
    ("title", "counts"),
    [
        (ENDED, {"CLEAN": 1, "REGRESSED": 1, "REPLACED": 1}),
        (WORSE, {JOB.project: 3}),
        (NEW, {JOB.project: 1}),
        (OTHER, {"LOCAL_SOURCE": 1, "": 1}),
    ],
)
def test_a_chart_counts_what_its_title_says(one_project: Resources, title: str, counts: dict[str, int]) -> None:
    assert shown(one_project, title) == counts


def test_what_runs_and_how_it_goes_is_no_trouble(one_project: Resources) -> None:
    assert shown(one_project, "What was no verdict, by day") == {"unwatched": 1}


def test_the_panel_lists_what_runs_and_how_it_goes_and_nothing_else(one_project: Resources) -> None:
    panel = widgets(one_project)[LISTED]["logsPanel"]
    listed = [entry for entry in ENTRIES if logged(entry).is_found_by(panel["filter"])]
    assert {entry.labels["kind"] for entry in listed} == KINDS
    assert {entry.labels["kind"] for entry in ENTRIES if entry not in listed} == {"unwatched"}
    assert panel["resourceNames"] == [f"projects/{HOME}"]


def test_only_verdicts_are_listed_as_red_verdicts(one_project: Resources) -> None:
    panel = widgets(one_project)["Red verdicts, newest first"]["logsPanel"]
    assert [entry for entry in ENTRIES if logged(entry).is_found_by(panel["filter"])] == []


def test_the_row_stands_together_below_its_heading(one_project: Resources) -> None:
    titles = list(widgets(one_project))
    at = titles.index(HEADING)
    assert at % 2 == 0
    assert set(titles[at + 1 : at + 6]) == {LISTED, ENDED, WORSE, NEW, OTHER}
    assert "`verifier status`" in widgets(one_project)[HEADING]["text"]["content"]


def test_no_alert_asks_for_the_metric_of_watches(one_project: Resources) -> None:
    policies = json.dumps(list(of_type(one_project, "google_monitoring_alert_policy").values()))
    assert "build_verifier_sweeps" in policies
    assert "build_verifier_watches" not in policies
