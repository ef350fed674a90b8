"""What terraform says of the installer, and what its plans have in common with the code."""

from __future__ import annotations

import json
import shlex
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import re2

from tests.contract.test_firestore_queries import unindexed
from tests.doctor.pasting import problems_of
from tests.terraform.command import REFUSALS, ROOT, Terraform, of_type
from tests.unit.test_readme import INSTALLER, section
from verifier.adapters.cloud_logging import AUDIT_LOG
from verifier.checks.judgement import Judgement
from verifier.checks.policy_file import read_policy
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.config import read_settings
from verifier.controller.sweep import Swept, describe
from verifier.facts.build import NOT_TERMINAL, BuildKey, parse_build
from verifier.facts.source import source_of
from verifier.reporting.audit_entry import (
    quarantine_entry,
    unconfirmed_entry,
    undelivered_entry,
    unwatched_entry,
    verdict_entry,
)
from verifier.reporting.entry_kind import EntryKind

pytestmark = pytest.mark.timeout(1800)  # whoever comes first waits for all of terraform's tests

Resources = Sequence[Mapping[str, Any]]

SERVICES = {
    "google_artifact_registry_": "artifactregistry",
    "google_cloud_run_": "run",
    "google_cloud_scheduler_": "cloudscheduler",
    "google_cloudfunctions2_": "cloudfunctions",
    "google_firestore_": "firestore",
    "google_logging_": "logging",
    "google_monitoring_": "monitoring",
    "google_project_iam_custom_": "iam",
    "google_project_iam_member": "cloudresourcemanager",
    "google_pubsub_": "pubsub",
    "google_secret_manager_": "secretmanager",
    "google_service_account": "iam",
    "google_storage_": "storage",
}
"""The service that takes each kind of resource."""


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example of an installation, beside a policy of its own."""
    folder = tmp_path_factory.mktemp("variables")
    (folder / "policy.toml").write_text('branches = ["main"]\n\n[slack]\nname_submitter = true\n')
    example = (ROOT / "terraform" / "terraform.tfvars.example").read_text()
    file = folder / "example.tfvars"
    file.write_text(example.replace('"policy.toml"', json.dumps(str(folder / "policy.toml"))))
    return file


def function_of(resources: Resources) -> Mapping[str, Any]:
    [function] = of_type(resources, "google_cloudfunctions2_function").values()
    service: Mapping[str, Any] = function["service_config"][0]
    return service


def alerts(resources: Resources) -> dict[str, str]:
    """Return what each alert tells whoever gets it, by its title."""
    policies = of_type(resources, "google_monitoring_alert_policy").values()
    return {item["conditions"][0]["display_name"]: item["documentation"][0]["content"] for item in policies}


def queries(resources: Resources) -> list[str]:
    """Return what the alerts ask each minute."""
    policies = of_type(resources, "google_monitoring_alert_policy").values()
    conditions = [asked for item in policies for asked in item["conditions"][0]["condition_prometheus_query_language"]]
    assert {item["evaluation_interval"] for item in conditions} == {"60s"}
    return [item["query"] for item in conditions]


def test_it_is_formatted_as_terraform_does(terraform: Terraform) -> None:
    assert terraform.run("fmt", "-check", "-recursive") == ""


def test_it_is_valid(terraform: Terraform) -> None:
    assert json.loads(terraform.run("validate", "-json"))["diagnostics"] == []


def test_terraforms_own_tests_pass(plans: Mapping[str, Resources]) -> None:
    files = {path.name: path.read_text() for path in (ROOT / "terraform" / "tests").glob("*.tftest.hcl")}
    assert "expect_failures" in files.pop(Path(REFUSALS).name)
    assert set(plans) == {name for text in files.values() for name in re2.findall(r'(?m)^run "(\w+)"', text)}


def test_one_project_takes_so_many_resources(one_project: Resources) -> None:
    assert len(one_project) == 87


def test_the_ledgers_long_fields_have_no_index(one_project: Resources) -> None:
    planned = of_type(one_project, "google_firestore_field").values()
    assert {(field["collection"], field["field"]) for field in planned} == unindexed()
    assert all(field["index_config"] == [{"indexes": []}] for field in planned)


def test_each_further_project_takes_its_topic_subscription_sink_and_roles(
    one_project: Resources, three_projects: Resources
) -> None:
    more = Counter(item["type"] for item in three_projects)
    more.subtract(Counter(item["type"] for item in one_project))
    assert {kind: count for kind, count in more.items() if count} == {
        "google_cloud_run_v2_job_iam_member": 2,
        "google_logging_project_sink": 1,
        "google_project_iam_custom_role": 3,
        "google_project_iam_member": 2,
        "google_pubsub_subscription": 1,
        "google_pubsub_subscription_iam_member": 1,
        "google_pubsub_topic": 1,
        "google_pubsub_topic_iam_member": 1,
    }


def test_the_code_accepts_the_settings_that_it_is_given(plans: Mapping[str, Resources]) -> None:
    seen = 0
    for resources in plans.values():
        service = function_of(resources)
        secret = service["secret_environment_variables"][0]["key"]
        value = "https://hooks.slack.com/services/T/B/x" if secret.endswith("WEBHOOK") else "xoxb-1-example"
        settings = read_settings({**service["environment_variables"], secret: value})
        assert settings.timeout_seconds == service["timeout_seconds"]
        assert settings.home_project == "home-project"
        assert settings.work_topic == "projects/home-project/topics/build-verifier-work"
        seen += 1
    assert seen >= 3


def test_the_filter_leaves_out_the_statuses_that_the_code_does_not_act_upon(one_project: Resources) -> None:
    subscriptions = of_type(one_project, "google_pubsub_subscription")
    wanted = subscriptions['google_pubsub_subscription.push["builds-app-project"]']["filter"]
    assert wanted.startswith("NOT (")
    assert set(re2.findall(r'status = "([A-Z_]+)"', wanted)) == NOT_TERMINAL


def test_the_metric_of_sweeps_counts_the_line_that_a_sweep_logs_at_its_end(one_project: Resources) -> None:
    metrics = {item["name"]: item for item in of_type(one_project, "google_logging_metric").values()}
    words = {describe(swept)["sweep"] for swept in (Swept(), Swept(unlisted=("app-project/global",)))}
    assert set(re2.findall(r'jsonPayload.sweep="(\w+)"', metrics["build-verifier/sweeps"]["filter"])) == words
    assert describe(None)["sweep"] not in words


def test_what_the_metric_of_entries_tells_apart_is_in_the_labels_of_an_entry(one_project: Resources) -> None:
    metrics = {item["name"]: item for item in of_type(one_project, "google_logging_metric").values()}
    entry = undelivered_entry(BuildKey("app-project", "global", "1"), Verdict.FAILED, "", datetime.now(UTC))
    extracted = set(metrics["build-verifier/entries"]["label_extractors"].values())
    assert extracted <= {f"EXTRACT(labels.{label})" for label in entry.labels}
    assert metrics["build-verifier/entries"]["filter"].endswith(f'/logs/{AUDIT_LOG}"')
    # tests/unit/reporting/test_audit_entry.py holds the payload to that name.
    assert metrics["build-verifier/time_to_verdict"]["value_extractor"] == "EXTRACT(jsonPayload.secondsToVerdict)"


def test_alerts_and_dashboard_ask_only_for_metrics_and_values_that_exist(one_project: Resources) -> None:
    metrics = [item["name"] for item in of_type(one_project, "google_logging_metric").values()]
    [dashboard] = of_type(one_project, "google_monitoring_dashboard").values()
    asked = dashboard["dashboard_json"].replace('\\"', '"') + "".join(queries(one_project))
    assert set(re2.findall(r"user_(\w+?)(?:_bucket)?\{", asked)) == {re2.sub(r"\W", "_", name) for name in metrics}
    assert set(re2.findall(r'verdict="(\w+)"', asked)) <= {str(verdict) for verdict in Verdict}
    kinds = [kind for words in re2.findall(r'kind!?[=~]+"([\w|-]+)"', asked) for kind in words.split("|")]
    assert {str(EntryKind.VERDICT)} < set(kinds) <= {str(kind) for kind in EntryKind}


def test_the_build_of_the_function_itself_is_exempt(terraform: Terraform, variables: Path) -> None:
    policy = read_policy(terraform.value("local.policy_text", variables).encode())
    document = json.loads((ROOT / "tests/fixtures/builds/no-source-cloud-functions.json").read_text())
    account = "build-verifier-builder@my-security-project.iam.gserviceaccount.com"
    own = parse_build({**document, "serviceAccount": f"projects/my-security-project/serviceAccounts/{account}"})
    others = parse_build(document)
    assert policy.branches == ("main",)
    assert [exemption.covers(own, source_of(own)) for exemption in policy.exemptions] == [True]
    assert [exemption.covers(others, source_of(others)) for exemption in policy.exemptions] == [False]


def test_the_example_of_an_installation_is_complete(terraform: Terraform, variables: Path) -> None:
    declared = (ROOT / "terraform" / "variables.tf").read_text()
    named = set(re2.findall(r"(?m)^(?:# )?([a-z_]+) +=", variables.read_text()))
    assert set(re2.findall(r'(?m)^variable "([a-z_]+)"', declared)) - named == {"function"}
    assert terraform.value("var.home.name", variables) == "build-verifier"


def test_the_readme_turns_on_each_service_that_is_asked_for_something(plans: Mapping[str, Resources]) -> None:
    kinds = {item["type"] for resources in plans.values() for item in resources} - {"terraform_data"}
    used = {next(service for prefix, service in SERVICES.items() if kind.startswith(prefix)) for kind in kinds}
    enabled = re2.findall(r"\{([a-z,]+)\}\.googleapis\.com", section("## Install"))
    of_no_resource = {"cloudbuild", "iamcredentials"}  # building the function, and the doctor
    assert sorted(",".join(enabled).split(",")) == sorted(used | of_no_resource)


def test_the_readme_has_the_runbook_of_each_alert(one_project: Resources) -> None:
    rows = dict(re2.findall(r"(?m)^\| (.+?) \| (.+) \|$", section("## When an alert fires")))
    first = {title: content.partition("\n\n")[0] for title, content in alerts(one_project).items()}
    assert {title: rows.get(title) for title in first} == first


def test_an_alert_tells_how_long_it_can_wait_when_it_is_over_and_what_to_paste_when(one_project: Resources) -> None:
    for content in alerts(one_project).values():
        _, urgency, *steps, dashboard = content.split("\n\n")
        assert re2.search(r"^(It can wait|Do not wait).* It is over ", urgency)
        assert "?project=home-project)" in dashboard
        assert steps
        for when, block in zip(steps[::2], steps[1::2], strict=True):
            assert when.endswith(":")
            fence, *lines, end = block.splitlines()
            assert fence == end == "```"
            assert [problem for line in lines for problem in problems_of(line)] == []
            assert all("home-project" in line for line in lines)


def test_what_throws_messages_away_is_pasted_by_itself(one_project: Resources) -> None:
    blocks = alerts(one_project)["Messages were given up"].split("```")[1::2]
    (alone,) = [block for block in blocks if " seek " in block]
    assert alone.strip().count("\n") == 0


def test_the_fields_of_entries_that_commands_print_exist(one_project: Resources) -> None:
    key, now = BuildKey("app-project", "global", "1"), datetime.now(UTC)
    judgement = Judgement(
        Verdict.INCONCLUSIVE, (Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, "", "wait"),), now
    )
    build = parse_build(json.loads((ROOT / "tests/fixtures/builds/no-source-by-hand.json").read_text()))
    records = (
        verdict_entry(build, source_of(build), judgement),
        undelivered_entry(key, Verdict.FAILED, "", now),
        quarantine_entry("7", "", "", now),
        unconfirmed_entry(key, "", now),
        unwatched_entry(key, now),
    )
    for record, title in zip(
        records,
        (
            "More than a quarter of the verdicts of a day are inconclusive",
            "Slack refuses a verdict",
            "Messages can't be read",
            "Messages name builds that Cloud Build does not show",
            "Builds ran where nobody watches",
        ),
        strict=True,
    ):
        (printed,) = re2.findall(r"--format='value\(timestamp,(.*)\)'", alerts(one_project)[title])
        findings: Any = record.payload.get("findings", [{}])
        known = {f"labels.{name}" for name in record.labels} | {f"jsonPayload.{name}" for name in record.payload}
        assert set(printed.split(",")) <= known | {f"jsonPayload.findings[].{name}" for name in findings[0]}


def test_the_outcome_that_the_runbook_names_is_that_of_an_entry() -> None:
    assert f"the outcome `{Outcome.COULD_NOT_CHECK}`" in section("## When an alert fires")


def test_the_doctors_command_takes_any_path(terraform: Terraform, variables: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    shutil.copy(variables.parent / "policy.toml", folder)
    other = tmp_path / "other.tfvars"
    other.write_text(variables.read_text().replace(str(variables.parent), str(folder)))
    for word in ("here", "clone"):
        assert shlex.split(terraform.value(f"local.policy_word.{word}", other)) == [str(folder / "policy.toml")]


def test_the_cost_of_alerts_counts_what_their_queries_ask(one_project: Resources) -> None:
    """Each name of a metric is charged for, and a point an evaluation for each clause that names one.

    Documentation: "Manage alerting costs".
    """
    clauses = [part for query in queries(one_project) for part in re2.split(r"[<>]=?| and | or ", query)]
    counts = {"metrics asked for": sum(part.count("googleapis_com") for part in clauses)}
    counts["points"] = sum("googleapis_com" in part for part in clauses) * 60 * 24 * 30
    for what, count in counts.items():
        assert f"| alerts: {what} | " in INSTALLER
        (row,) = [line for line in section("## Cost").splitlines() if line.startswith(f"| alerts: {what} |")]
        assert row.count(f" {count:,} = ") == 3, (what, count, row)
