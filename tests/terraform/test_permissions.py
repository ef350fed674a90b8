"""Who is given what: the exact set, from the plan. Whatever is added here is added to the README's table as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.terraform.command import of_type
from tests.unit.test_readme import INSTALLER, first_column

pytestmark = pytest.mark.timeout(1800)  # whoever comes first waits for all of terraform's tests

Resources = Sequence[Mapping[str, Any]]
Grant = tuple[str, str, str]
"""An account, what it may do, and where."""

PREDEFINED = {
    "roles/artifactregistry.writer": "images.write",
    "roles/iam.serviceAccountOpenIdTokenCreator": "iam.serviceAccounts.getOpenIdToken",
    "roles/logging.viewAccessor": "logging.views.access",
    "roles/pubsub.publisher": "pubsub.topics.publish",
    "roles/pubsub.subscriber": "pubsub.subscriptions.consume",
    "roles/run.servicesInvoker": "run.routes.invoke",
    "roles/secretmanager.secretAccessor": "secretmanager.versions.access",
    "roles/storage.objectViewer": "storage.objects.read",
}
"""What is used of each predefined role: none of them has more that matters where it is bound."""

FUNCTION = "build-verifier-function@home-project.iam.gserviceaccount.com"
PUSH = "build-verifier-push@home-project.iam.gserviceaccount.com"
BUILDER = "build-verifier-builder@home-project.iam.gserviceaccount.com"
PUBSUB = "service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
LEDGER = 'home-project if resource.name == "projects/home-project/databases/build-verifier"'
COPY = 'home-project if resource.name.startsWith("projects/_/buckets/gcf-v2-sources-123456789012-us-central1")'
IN_ONE_PROJECT: set[Grant] = {
    (FUNCTION, "cloudbuild.builds.get", "app-project"),
    (FUNCTION, "cloudbuild.builds.list", "app-project"),
    (FUNCTION, "logging.logEntries.list", "app-project"),
    (FUNCTION, "run.executions.get", "app-project"),
    (FUNCTION, "run.executions.list", "app-project"),
    (FUNCTION, "run.jobs.get", "app-project"),
    (FUNCTION, "serviceusage.services.use", "app-project"),
    (FUNCTION, "run.jobs.run", "job app-project/us-central1/content-worker"),
    (FUNCTION, "run.jobs.runWithOverrides", "job app-project/us-central1/content-worker"),
    (FUNCTION, "datastore.entities.create", LEDGER),
    (FUNCTION, "datastore.entities.delete", LEDGER),
    (FUNCTION, "datastore.entities.get", LEDGER),
    (FUNCTION, "datastore.entities.list", LEDGER),
    (FUNCTION, "datastore.entities.update", LEDGER),
    (FUNCTION, "logging.logEntries.create", "home-project"),
    (FUNCTION, "pubsub.topics.publish", "topic build-verifier-work"),
    (FUNCTION, "secretmanager.versions.access", "secret build-verifier-slack"),
    (PUSH, "run.routes.invoke", "service build-verifier"),
    (PUBSUB, "iam.serviceAccounts.getOpenIdToken", "account push"),
    (PUBSUB, "pubsub.topics.publish", "topic build-verifier-dead-letters"),
    (PUBSUB, "pubsub.subscriptions.consume", "subscription build-verifier-builds-app-project"),
    (PUBSUB, "pubsub.subscriptions.consume", "subscription build-verifier-executions"),
    ("the sink's writer", "pubsub.topics.publish", "topic build-verifier-executions"),
    (BUILDER, "images.write", "repository of images"),
    (BUILDER, "logging.logEntries.create", "home-project"),
    (BUILDER, "storage.objects.read", "bucket home-project-build-verifier-source"),
    (BUILDER, "storage.objects.read", COPY),
}


def grants(resources: Resources) -> list[Grant]:
    """Return every permission that the plan gives, in no order."""
    roles = {
        f"projects/{role['project']}/roles/{role['role_id']}": role["permissions"]
        for role in of_type(resources, "google_project_iam_custom_role").values()
    }
    found: list[Grant] = []
    for resource in resources:
        if not resource["type"].endswith("_iam_member"):
            continue
        after = resource["change"]["after"]
        who = after.get("member", "serviceAccount:the sink's writer").removeprefix("serviceAccount:")
        for permission in roles.get(after["role"]) or [PREDEFINED[after["role"]]]:
            found.append((who, permission, _where(resource["type"], after)))
    return found


def _where(kind: str, after: Mapping[str, Any]) -> str:
    match kind:
        case "google_project_iam_member":
            return " if ".join([after["project"], *(item["expression"] for item in after["condition"])])
        case "google_cloud_run_v2_job_iam_member":
            return f"job {after['project']}/{after['location']}/{after['name']}"
        case "google_cloud_run_v2_service_iam_member":
            return f"service {after['name']}"
        case "google_secret_manager_secret_iam_member":
            return f"secret {after['secret_id']}"
        case "google_pubsub_topic_iam_member":
            return f"topic {after['topic']}"
        case "google_pubsub_subscription_iam_member":
            return f"subscription {after['subscription']}"
        case "google_storage_bucket_iam_member":
            return f"bucket {after['bucket']}"
        case "google_logging_log_view_iam_member":
            return f"view {after['name']}"
        case "google_service_account_iam_member":
            return "account push"
        case "google_artifact_registry_repository_iam_member":
            return "repository of images"
    raise AssertionError(f"a kind of binding that this test does not know: {kind}")


def test_exactly_these_permissions_are_given_for_one_project(one_project: Resources) -> None:
    found = grants(one_project)
    assert set(found) == IN_ONE_PROJECT
    assert len(found) == len(IN_ONE_PROJECT), "nothing is given twice"


def test_in_other_projects_the_function_may_look_and_start_its_jobs_and_nobody_else_may_do_anything(
    three_projects: Resources,
) -> None:
    elsewhere = {grant for grant in grants(three_projects) if "app-project" in grant[2] or "canary" in grant[2]}
    subscription = {(PUBSUB, "pubsub.subscriptions.consume", "subscription build-verifier-builds-app-project")}
    assert {who for who, _, _ in elsewhere - subscription} == {FUNCTION}
    assert {what for _, what, where in elsewhere if where == "canary-project"} == {
        "logging.logEntries.list",
        "run.executions.get",
        "run.executions.list",
        "run.jobs.get",
        "serviceusage.services.use",
    }


STARTING = {"run.jobs.run", "run.jobs.runWithOverrides"}


def test_the_workers_jobs_may_be_started_and_no_job_that_is_only_looked_at(plans: Mapping[str, Resources]) -> None:
    given = {run: grants(resources) for run, resources in plans.items()}
    assert {grant for grant in given["jobs_that_are_only_looked_at"] if grant[1].startswith("run.jobs.run")} == {
        (FUNCTION, what, "job app-project/us-central1/content-worker") for what in STARTING
    }
    everywhere = {grant for found in given.values() for grant in found if grant[1].startswith("run.jobs.run")}
    assert {what for _, what, _ in everywhere} == STARTING
    assert {who for who, _, _ in everywhere} == {FUNCTION}
    three = given["each_project_has_its_part_and_home_has_the_rest"]
    assert {where for _, what, where in three if what in STARTING} == {
        "job app-project/europe-west1/content-worker",
        "job app-project/us-central1/content-worker",
        "job canary-project/us-central1/canary",
    }


def test_nobody_but_the_function_may_look_at_what_runs_and_it_may_change_no_job(plans: Mapping[str, Resources]) -> None:
    looking = {grant for grant in grants(plans["jobs_that_are_only_looked_at"]) if grant[1].startswith("run.")}
    assert {what for who, what, _ in looking if who == FUNCTION} - STARTING == {
        "run.executions.get",
        "run.executions.list",
        "run.jobs.get",
    }
    assert {who for who, what, _ in looking if what != "run.routes.invoke"} == {FUNCTION}


def test_everybody_is_nowhere_a_member(plans: Mapping[str, Resources]) -> None:
    members = {grant[0] for resources in plans.values() for grant in grants(resources)}
    assert members
    assert not {member for member in members if member.startswith("all")}


def test_every_binding_is_one_member_of_one_role_so_that_nothing_is_taken_from_others(
    plans: Mapping[str, Resources],
) -> None:
    kinds = {item["type"] for resources in plans.values() for item in resources if "_iam_" in item["type"]}
    assert {kind for kind in kinds if not kind.endswith(("_iam_member", "_iam_custom_role"))} == set()


def test_the_readme_lists_the_permissions_of_the_function(plans: Mapping[str, Resources]) -> None:
    planned = {what for resources in plans.values() for who, what, _ in grants(resources) if who == FUNCTION}
    assert sorted(planned) == sorted(first_column("## Permissions", INSTALLER))
