"""Alerts: each played failure sets off its own and no other, and every one has its words, its commands and a switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import re2

from tests.signals.failures import FAILURES, played
from tests.terraform.alert_rules import AlertRules, logged
from tests.terraform.command import ROOT, of_type
from verifier.controller.signals import SignalName

pytestmark = pytest.mark.timeout(1800)  # whoever comes first waits for all of terraform's tests

Resources = Sequence[Mapping[str, Any]]
PAGE = (ROOT / "docs" / "alerts.md").read_text()
OF_NO_LOG = {"dead_letters", "saturated"}
"""Alerts on metrics of the platform."""


def policies(resources: Resources) -> dict[str, Mapping[str, Any]]:
    """Return the alert policies by their keys."""
    found = of_type(resources, "google_monitoring_alert_policy")
    return {re2.search(r'\["(\w+)"\]$', address).group(1): policy for address, policy in found.items()}


def text_of(policy: Mapping[str, Any]) -> str:
    """Return what an alert tells whoever gets it."""
    return str(policy["documentation"][0]["content"])


def rules_of(resources: Resources) -> AlertRules:
    """Return what the alerts look for."""
    metrics = of_type(resources, "google_logging_metric").values()
    by_name = {re2.sub(r"\W", "_", metric["name"]): metric for metric in metrics}
    return AlertRules({key: policy["conditions"][0] for key, policy in policies(resources).items()}, by_name)


@pytest.fixture(scope="module")
def rules(one_project: Resources) -> AlertRules:
    return rules_of(one_project)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_that_lasts_two_hours_sets_off_its_alerts_and_no_others(rules: AlertRules, name: str) -> None:
    assert rules.fired(logged(played(name)), played(name).ended) == FAILURES[name].alerts


def test_every_alert_about_the_functions_own_log_is_set_off_by_a_failure(one_project: Resources) -> None:
    of_the_audit_trail = {"quarantined", "undelivered", "unwatched"}  # tests/frozen holds their entries
    fired = set[str]().union(*(failure.alerts for failure in FAILURES.values()))
    assert set(policies(one_project)) - fired == of_the_audit_trail | OF_NO_LOG


def test_only_that_nothing_is_swept_does_not_wait(one_project: Resources) -> None:
    severities = {key: policy["severity"] for key, policy in policies(one_project).items()}
    assert [key for key, severity in severities.items() if severity == "CRITICAL"] == ["no_sweep"]
    assert {key for key, policy in policies(one_project).items() if "Do not wait" in text_of(policy)} == {"no_sweep"}


def test_an_alert_by_a_line_is_told_once_an_hour_and_is_over_an_hour_after_the_last(one_project: Resources) -> None:
    for key, policy in policies(one_project).items():
        if policy["conditions"][0]["condition_matched_log"]:
            [strategy] = policy["alert_strategy"]
            assert strategy["auto_close"] == "3600s", key
            assert strategy["notification_rate_limit"] == [{"period": "3600s"}], key
            assert "It is over an hour after the last " in text_of(policy), key


def test_the_instances_are_as_many_as_there_may_be(plans: Mapping[str, Resources]) -> None:
    for resources in plans.values():
        policy = policies(resources).get("saturated")
        if policy:
            [asked] = policy["conditions"][0]["condition_prometheus_query_language"]
            [function] = of_type(resources, "google_cloudfunctions2_function").values()
            most = function["service_config"][0]["max_instance_count"]
            assert asked["query"].endswith(f">= {most}")
            assert f'service_name="{function["name"]}",state="active"' in asked["query"]
            assert asked["duration"] == "900s"


def test_the_command_of_a_signal_finds_its_lines_and_no_others(one_project: Resources) -> None:
    lines = [entry for name in FAILURES for entry in logged(played(name)) if entry.value("EXTRACT(jsonPayload.signal)")]
    one_of_each = {entry.value("EXTRACT(jsonPayload.signal)"): entry for entry in lines}
    for key in set(SignalName) & set(policies(one_project)):
        shown = rf"gcloud logging read '(.*jsonPayload.signal=\"{key}\")' --project=home-project"
        [filter_text] = re2.findall(shown, text_of(policies(one_project)[key]))
        assert {signal for signal, entry in one_of_each.items() if entry.is_found_by(filter_text)} == {key}


def rows() -> dict[str, list[str]]:
    """Return the rows of the page's table by the name of their alert."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| failure")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[2].strip("` "): row for row in cells}


def test_the_page_has_a_row_for_each_alert_with_its_severity(one_project: Resources) -> None:
    severities = {key: policy["severity"] for key, policy in policies(one_project).items()}
    assert {key: row[3] for key, row in rows().items()} == severities


def test_the_page_names_the_signal_of_each_alert(one_project: Resources) -> None:
    for key, row in rows().items():
        signal = key if key in set(SignalName) else ""
        assert (f"`{signal}`" in row[1]) is bool(signal), row


def test_the_page_names_what_mends(one_project: Resources) -> None:
    assert all(len(row) == 5 and row[4].strip(" |") for row in rows().values())
    assert Path(ROOT / "docs" / "alerts.md").exists()
