"""Terraform and the doctor agree: what is planned is what is asked for. What a plan does not know yet is filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.doctor.installation import BUCKET, PUSHER, URL
from tests.doctor.test_doctor_parts import DEPLOYMENT
from tests.terraform.command import ROOT, of_type
from verifier.checks.verdict import Outcome
from verifier.doctor.home import FEWEST_DAYS, audit_row, audit_sinks
from verifier.doctor.installation import settings_with
from verifier.doctor.messages import Sink, Subscription, Ticker, sink_rows, ticker_row
from verifier.doctor.push import filter_row, push_row
from verifier.doctor.rows import Need
from verifier.facts.execution import JobName
from verifier.standin.slack import TOKEN

pytestmark = pytest.mark.timeout(1800)  # whoever comes first waits for all of terraform's tests

Plan = list[dict[str, Any]]
NEEDS = {
    "builds-app-project": Need.BUILDS_ARE_PUSHED,
    "executions": Need.EXECUTIONS_ARE_PUSHED,
    "sweep": Need.SWEEPS_ARE_PUSHED,
    "work": Need.WORK_IS_PUSHED,
}
TOPIC = "projects/home-project/topics/build-verifier-executions"


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def subscription(planned: dict[str, Any]) -> Subscription:
    (retry,), (expiration,) = planned["retry_policy"], planned["expiration_policy"]
    dead_letters = [policy["max_delivery_attempts"] for policy in planned["dead_letter_policy"]]
    return Subscription(
        name=f"projects/{planned['project']}/subscriptions/{planned['name']}",
        topic="projects/app-project/topics/cloud-builds",
        endpoint=f"{URL}/builds",
        account=PUSHER,
        audience=URL,
        ack_seconds=planned["ack_deadline_seconds"],
        backoff=(seconds(retry["minimum_backoff"]), seconds(retry["maximum_backoff"])),
        kept_seconds=seconds(planned["message_retention_duration"]),
        expires=bool(expiration["ttl"]),
        dead_letters="projects/home-project/topics/dead" if dead_letters else "",
        attempts=sum(dead_letters),
        filter=planned["filter"] or "",
    )


@pytest.mark.parametrize("key", NEEDS)
def test_each_planned_subscription_is_in_order(one_project: Plan, key: str) -> None:
    planned = of_type(one_project, "google_pubsub_subscription")[f'google_pubsub_subscription.push["{key}"]']
    found = subscription(dict(planned))
    rows = [push_row(NEEDS[key], found, DEPLOYMENT), filter_row(found)]
    assert [row.outcome for row in rows] == [Outcome.HOLDS, Outcome.HOLDS], rows


def test_the_planned_sinks_are_found_and_in_order(one_project: Plan) -> None:
    planned = of_type(one_project, "google_logging_project_sink")
    executions = planned['google_logging_project_sink.executions["app-project"]']
    sink = Sink("app-project", executions["name"], f"pubsub.googleapis.com/{TOPIC}", executions["filter"], "writer")
    named = JobName("app-project", "us-central1", "content-worker")
    (row,) = sink_rows("app-project", [sink], TOPIC, frozenset({"writer"}), [named])
    assert row.outcome is Outcome.HOLDS
    *_, row = sink_rows(
        "app-project", [sink], TOPIC, frozenset({"writer"}), [JobName("app-project", "us-central1", "content")]
    )
    assert row.outcome is Outcome.FAILS
    audit = planned["google_logging_project_sink.audit"]
    kept = Sink("home-project", audit["name"], f"logging.googleapis.com/{BUCKET}", audit["filter"], "")
    assert audit_sinks([kept, sink]) == [kept]
    bucket = of_type(one_project, "google_logging_project_bucket_config")["google_logging_project_bucket_config.audit"]
    assert audit_row(kept, bucket["retention_days"], locked=bucket["locked"]).outcome is Outcome.HOLDS


def test_the_fewest_days_that_terraform_takes_are_enough() -> None:
    declared = (ROOT / "terraform" / "variables.tf").read_text()
    assert f"var.audit.retention_days >= {FEWEST_DAYS} &&" in declared


def test_the_planned_sweep_is_in_order(one_project: Plan) -> None:
    planned = of_type(one_project, "google_cloud_scheduler_job")["google_cloud_scheduler_job.sweep"]
    now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    ticker = Ticker(planned["name"], TOPIC, planned["schedule"], is_enabled=not planned["paused"], attempted=now)
    assert ticker_row([ticker], TOPIC, "", now).outcome is Outcome.HOLDS


def test_the_planned_settings_are_sound(one_project: Plan) -> None:
    function = of_type(one_project, "google_cloudfunctions2_function")["google_cloudfunctions2_function.verifier"]
    (service,) = function["service_config"]
    secrets = {item["key"]: TOKEN for item in service["secret_environment_variables"]}
    settings, row = settings_with(service["environment_variables"], secrets, is_deployed=True)
    assert row.outcome is Outcome.HOLDS, row
    assert settings is not None
    assert settings.timeout_seconds == service["timeout_seconds"]
