"""What alerts, metrics, the dashboard and runbooks of 0.1.0 look for in logs is what this version writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.frozen.compare import frozen, lost
from tests.frozen.log_lines import as_entry, found, lines_now
from tests.frozen.said import CASES, said_now
from tests.story.harness import PROJECT

LINES: dict[str, dict[str, Any]] = frozen("log-lines.json")
FILTERS: dict[str, dict[str, Any]] = frozen("filters.json")
TERRAFORM = Path(__file__).parents[2] / "terraform"
_METRIC = re.compile(r'^resource "google_logging_metric" "(\w+)" \{$(.*?)^\}$', re.MULTILINE | re.DOTALL)
_FILTER = re.compile(r'^  filter += "(.*)"$', re.MULTILINE)
_AUDIT_LOG = re.compile(r'^  audit_log = "(.*)"$', re.MULTILINE)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return lines_now(tmp_path_factory.mktemp("function"))


@pytest.fixture(scope="module")
def entries(lines: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what is logged now in the frozen cases, of the kinds that were logged then."""
    known = {name for each in FILTERS.values() for name in each["finds"]}
    audit = {f"{case}: {entry['labels']['kind']}": entry for case in CASES for entry in said_now(case)["audit"]}
    logged = audit | {words: as_entry(lines[words]) for words in LINES}
    return {name: entry for name, entry in logged.items() if name in {*known, *LINES}}


@pytest.mark.parametrize("words", LINES)
def test_a_log_line_has_the_fields_and_words_that_it_had(lines: Mapping[str, Mapping[str, Any]], words: str) -> None:
    assert lost(LINES[words], lines[words]) == []
    if words != "start":
        assert lines[words]["message"].startswith(words)


@pytest.mark.parametrize("where", FILTERS)
def test_a_filter_that_is_in_use_finds_the_lines_and_entries_that_it_found(
    entries: Mapping[str, Mapping[str, Any]], where: str
) -> None:
    assert found(FILTERS[where]["filter"], entries) == set(FILTERS[where]["finds"])


def metrics() -> dict[str, str]:
    """Return the body of each metric that Terraform makes now, as in an installation by the usual name."""
    text = "\n".join(file.read_text() for file in sorted(TERRAFORM.glob("*.tf")))
    [audit_log] = _AUDIT_LOG.findall(text)
    given = {
        "= local.audit_log": f'= "{audit_log}"',
        "${local.audit_log}": audit_log,
        "${var.home.project}": PROJECT,
        "${var.home.name}": "build-verifier",
    }
    bodies = {f"metric {name}": body for name, body in _METRIC.findall(text)}
    for written, value in given.items():
        bodies = {name: body.replace(written, value) for name, body in bodies.items()}
    return bodies


METRICS = [where for where in FILTERS if where.startswith("metric ")]


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_that_terraform_makes_now_counts_what_it_counted(
    entries: Mapping[str, Mapping[str, Any]], metric: str
) -> None:
    [text] = _FILTER.findall(metrics()[metric])
    assert found(text.replace('\\"', '"'), entries) >= set(FILTERS[metric]["finds"])


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_that_terraform_makes_now_has_the_name_that_it_had(metric: str) -> None:
    assert re.findall(r"^  name +=(.*)$", metrics()[metric], re.MULTILINE) == [f' "build-verifier/{metric.split()[1]}"']


def test_entries_are_counted_by_the_labels_by_which_they_were_counted() -> None:
    by = re.findall(r"for_each = \[(.*)\]", metrics()["metric entries"])
    assert {"kind", "verdict", "project"} <= {label.strip(' "') for label in by[0].split(",")}
