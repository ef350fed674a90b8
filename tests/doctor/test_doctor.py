"""The whole command over real connections: what is in order is said to be, and each thing that is broken is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import run_v2, scheduler_v1
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.types import PushConfig

from tests.doctor.installation import (
    BUCKET,
    BUILDS_TOPIC,
    CHANNEL,
    DEAD_TOPIC,
    EXECUTIONS_TOPIC,
    FROM_THE_LEDGER,
    HOME,
    JOB,
    POLICY,
    REGION,
    SECRET,
    SERVICE,
    SETTINGS,
    WATCHED,
    WORK_TOPIC,
    StandInInstallation,
    a_build,
    an_installation,
)
from tests.doctor.pasting import problems_of
from verifier.doctor.rows import APPLY, Need
from verifier.standin.faults import Fault
from verifier.standin.script import Script, Sidecar
from verifier.standin.slack import TOKEN


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[StandInInstallation]:
    with an_installation(tmp_path) as made:
        yield made


def test_all_is_well(installation: StandInInstallation, firestore_emulator: str) -> None:
    result = installation.doctor(FIRESTORE_EMULATOR_HOST=firestore_emulator)
    assert result.exit_code == 0, result.output
    signs = {line[0] for line in result.stdout.splitlines() if line}
    assert signs <= {"✓", "·", *"0123456789"}
    for need in set(Need) - {Need.SAMPLES_WERE_POSTED}:
        assert f" {need} " in result.stdout
    assert "do this" not in result.stdout
    assert TOKEN not in result.output


def test_nothing_is_changed_by_looking(installation: StandInInstallation) -> None:
    installation.doctor()
    changing = {"RunJob", "WriteLogEntries", "chat.postMessage", "chat.update"}
    assert changing & set(installation.faults.calls) == {"WriteLogEntries"}
    assert not installation.cloud.raw_audit_entries()


def test_a_ledger_that_nobody_answers_for_is_not_known_and_hides_nothing(installation: StandInInstallation) -> None:
    checks = installation.checks()
    assert [check["check"] for check in checks if check["outcome"] == "could-not-check"] == [*FROM_THE_LEDGER]
    assert installation.doctor().exit_code == 1


def break_topic(installation: StandInInstallation) -> None:
    installation.made.topics.discard(BUILDS_TOPIC)


def break_ack_deadline(installation: StandInInstallation) -> None:
    installation.subscription("builds").ack_deadline_seconds = 10


def break_audience(installation: StandInInstallation) -> None:
    installation.subscription("executions").push_config.oidc_token.audience = "https://elsewhere.example"


def break_signing(installation: StandInInstallation) -> None:
    installation.subscription("sweep").push_config.oidc_token = None


def break_wrapper(installation: StandInInstallation) -> None:
    installation.subscription("builds").push_config.no_wrapper = PushConfig.NoWrapper()


def break_dead_letters(installation: StandInInstallation) -> None:
    installation.subscription("builds").dead_letter_policy = None


def break_backoff(installation: StandInInstallation) -> None:
    installation.subscription("builds").retry_policy = None


def break_retention(installation: StandInInstallation) -> None:
    installation.subscription("executions").message_retention_duration = Duration(seconds=3600)


def break_expiry(installation: StandInInstallation) -> None:
    installation.subscription("sweep").expiration_policy = None


def break_filter(installation: StandInInstallation) -> None:
    installation.subscription("builds").filter = 'attributes.status = "FAILURE"'


def break_endpoint(installation: StandInInstallation) -> None:
    installation.subscription("builds").push_config.push_endpoint = "https://elsewhere.example/builds"


def break_invoker(installation: StandInInstallation) -> None:
    installation.made.members[SERVICE, "roles/run.invoker"] = []


def break_reading_who_may_call(installation: StandInInstallation) -> None:
    installation.cloud.deny("GetIamPolicy of a service")


def break_privacy(installation: StandInInstallation) -> None:
    installation.made.members[SERVICE, "roles/run.invoker"].append("allUsers")


def break_sink(installation: StandInInstallation) -> None:
    del installation.made.sinks[f"projects/{WATCHED}/sinks/build-verifier-executions"]


def break_sink_writer(installation: StandInInstallation) -> None:
    installation.made.members[EXECUTIONS_TOPIC, "roles/pubsub.publisher"] = []


def break_ticker(installation: StandInInstallation) -> None:
    ticker: Any
    (ticker,) = installation.made.tickers.values()
    ticker.state = scheduler_v1.Job.State.PAUSED


def break_ticks(installation: StandInInstallation) -> None:
    ticker: Any
    (ticker,) = installation.made.tickers.values()
    ticker.last_attempt_time = datetime.now(UTC) - timedelta(hours=2)


def break_dead_letter_account(installation: StandInInstallation) -> None:
    del installation.made.members[DEAD_TOPIC, "roles/pubsub.publisher"]


def break_dead_letter_taking(installation: StandInInstallation) -> None:
    installation.made.members[installation.subscription("builds").name, "roles/pubsub.subscriber"] = []


def break_dead_letter_reader(installation: StandInInstallation) -> None:
    del installation.made.subscriptions[f"projects/{HOME}/subscriptions/build-verifier-dead-letters"]


def break_regions(installation: StandInInstallation) -> None:
    installation.cloud.put_build(a_build("europe-west1"))


def break_listing(installation: StandInInstallation) -> None:
    installation.cloud.deny("ListBuilds")


def break_audit_sink(installation: StandInInstallation) -> None:
    del installation.made.sinks[f"projects/{HOME}/sinks/build-verifier-audit"]


def break_audit_bucket(installation: StandInInstallation) -> None:
    installation.made.buckets[BUCKET].retention_days = 7


def break_audit_writing(installation: StandInInstallation) -> None:
    installation.cloud.deny("WriteLogEntries")


def break_work_topic(installation: StandInInstallation) -> None:
    installation.made.topics.discard(WORK_TOPIC)


def break_work_subscription(installation: StandInInstallation) -> None:
    del installation.made.subscriptions[installation.subscription("work").name]


def break_work_pace(installation: StandInInstallation) -> None:
    installation.subscription("work").ack_deadline_seconds = 10


def break_publishing(installation: StandInInstallation) -> None:
    installation.cloud.deny("Publish")


def break_job(installation: StandInInstallation) -> None:
    installation.policy.write_text(installation.policy.read_text().replace(f"/{JOB}", "/nobody"))


def break_tag(installation: StandInInstallation) -> None:
    image = f"gcr.io/acme/worker@sha256:{'0' * 64}"
    installation.cloud.put_job(WATCHED, REGION, JOB, image=image, script=Script())


def break_retries(installation: StandInInstallation) -> None:
    installation.cloud.put_job(WATCHED, REGION, JOB, image="gcr.io/acme/other:latest", script=Script(), max_retries=0)


def break_container(installation: StandInInstallation) -> None:
    settings: dict[str, Any] = {"image": "gcr.io/acme/worker:latest", "script": Script(), "max_retries": 3}
    sidecars = [Sidecar("proxy", "gcr.io/cloud-sql/proxy:2")]
    installation.cloud.put_job(WATCHED, REGION, JOB, container="main", sidecars=sidecars, **settings)


def break_starting(installation: StandInInstallation) -> None:
    installation.cloud.deny("RunJob with overrides")


def break_executions(installation: StandInInstallation) -> None:
    installation.cloud.deny("ListExecutions")


def break_logs(installation: StandInInstallation) -> None:
    installation.cloud.deny("ListLogEntries")


def break_reading_who_writes_logs(installation: StandInInstallation) -> None:
    installation.cloud.deny("GetIamPolicy of a project")


def break_images(installation: StandInInstallation) -> None:
    installation.cloud.put_build(a_build(results={}))


def break_secret(installation: StandInInstallation) -> None:
    installation.made.secrets[SECRET] = None


def break_token(installation: StandInInstallation) -> None:
    installation.made.secrets[SECRET] = b"xoxb-revoked"


def break_scopes(installation: StandInInstallation) -> None:
    installation.slack.workspace.scopes = frozenset({"chat:write"})


def break_membership(installation: StandInInstallation) -> None:
    installation.slack.workspace.left.add(CHANNEL)


def break_channel(installation: StandInInstallation) -> None:
    installation.slack.workspace.archived.add(CHANNEL)


def break_time(installation: StandInInstallation) -> None:
    installation.service.template.timeout = Duration(seconds=60)


def break_readiness(installation: StandInInstallation) -> None:
    installation.service.terminal_condition.state = run_v2.Condition.State.CONDITION_FAILED
    installation.service.terminal_condition.message = "The user-provided container failed to start"


def break_policy(installation: StandInInstallation) -> None:
    installation.policy.write_text('branchs = ["main"]')


def break_detachment(installation: StandInInstallation) -> None:
    installation.subscription("executions").detached = True


def break_age(installation: StandInInstallation) -> None:
    installation.service.update_time = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    installation.made.added[SECRET] = datetime(2026, 11, 23, 2, 1, tzinfo=UTC)


def break_looking_at_the_secret(installation: StandInInstallation) -> None:
    installation.cloud.deny("GetSecretVersion")


RENEWAL = (
    "printf 'The secret, which is not shown: ' && read -rs V && "
    'printf %s "$V" | gcloud secrets versions add build-verifier-slack --project=acme-home --data-file=- && '
    "gcloud run services update build-verifier --region=us-central1 --project=acme-home "
    "--update-labels=restarted=$(date +%s)"
)
BREAKAGES: dict[Callable[[StandInInstallation], None], tuple[str, str]] = {
    break_topic: ("builds_topic_exists", APPLY),
    break_ack_deadline: ("builds_are_pushed", APPLY),
    break_audience: ("executions_are_pushed", APPLY),
    break_signing: ("sweeps_are_pushed", APPLY),
    break_wrapper: ("builds_are_pushed", APPLY),
    break_dead_letters: ("builds_are_pushed", APPLY),
    break_backoff: ("builds_are_pushed", APPLY),
    break_retention: ("executions_are_pushed", APPLY),
    break_expiry: ("sweeps_are_pushed", APPLY),
    break_filter: ("builds_are_pushed", APPLY),
    break_endpoint: ("builds_are_pushed", APPLY),
    break_invoker: ("builds_are_pushed", APPLY),
    break_reading_who_may_call: ("function_is_private", "--role=roles/iam.securityReviewer"),
    break_privacy: ("function_is_private", "remove-iam-policy-binding build-verifier"),
    break_sink: ("executions_are_routed", APPLY),
    break_sink_writer: ("executions_are_routed", APPLY),
    break_ticker: ("sweeps_are_sent", "gcloud scheduler jobs resume build-verifier-sweep"),
    break_ticks: ("sweeps_are_sent", "gcloud scheduler jobs describe build-verifier-sweep"),
    break_dead_letter_account: ("dead_letters_are_kept", APPLY),
    break_dead_letter_taking: ("dead_letters_are_kept", APPLY),
    break_dead_letter_reader: ("dead_letters_are_kept", APPLY),
    break_regions: (
        "regions_cover_the_builds",
        'set regions = ["europe-west1", "global", "us-central1"] in terraform.tfvars',
    ),
    break_listing: ("builds_can_be_listed", "--role=roles/cloudbuild.builds.viewer"),
    break_audit_sink: ("audit_is_kept", APPLY),
    break_audit_bucket: ("audit_is_kept", APPLY),
    break_audit_writing: ("audit_can_be_written", "--role=roles/logging.logWriter"),
    break_publishing: ("verdicts_can_be_published", APPLY),
    break_work_topic: ("work_can_be_handed_out", APPLY),
    break_work_subscription: ("work_is_pushed", APPLY),
    break_work_pace: ("work_is_pushed", APPLY),
    break_job: ("worker_exists", "gcloud run jobs list --project=acme-dev"),
    break_tag: ("worker_runs_a_tag", "--image=gcr.io/acme/worker:latest"),
    break_retries: ("worker_may_retry", "--max-retries=3"),
    break_container: ("worker_container_is_known", 'container = "NAME"'),
    break_starting: ("worker_can_be_started", APPLY),
    break_executions: ("executions_can_be_read", "--role=roles/run.viewer"),
    break_logs: ("logs_can_be_read", "--role=roles/logging.viewer"),
    break_reading_who_writes_logs: ("log_writers_are_known", "--role=roles/iam.securityReviewer"),
    break_images: ("trigger_pushes_the_image", "under images:"),
    break_secret: ("secret_has_a_version", RENEWAL),
    break_token: ("slack_takes_the_token", RENEWAL),
    break_scopes: ("slack_scopes_suffice", "add channels:history"),
    break_membership: ("bot_is_in_the_channel", f"/invite @build-verifier in {CHANNEL}"),
    break_channel: ("bot_is_in_the_channel", f"unarchive {CHANNEL}"),
    break_time: ("function_has_its_time", APPLY),
    break_readiness: ("function_is_ready", "gcloud run services logs read build-verifier"),
    break_policy: ("policy_is_read", "fix the file"),
    break_detachment: ("executions_are_pushed", """-replace='google_pubsub_subscription.push["executions"]'"""),
    break_age: ("secret_has_a_version", "gcloud run services update build-verifier --region=us-central1"),
    break_looking_at_the_secret: ("secret_has_a_version", "--role=roles/secretmanager.viewer"),
}


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_what_is_broken_is_named_with_the_command_that_mends_it(
    installation: StandInInstallation, breakage: Callable[[StandInInstallation], None]
) -> None:
    assert not installation.open_checks()
    breakage(installation)
    need, remedy = BREAKAGES[breakage]
    found = installation.open_checks()
    assert need in found
    assert remedy in found[need]["remedy"]
    printed = installation.doctor().stdout
    for check in filter(lambda check: check["remedy"], found.values()):
        assert problems_of(check["remedy"]) == []
        assert f"\n    do this: {check['remedy']}\n" in printed


APIS = {
    "cloudbuild": "builds_can_be_listed",
    "run": "function_is_ready",
    "logging": "audit_can_be_written",
    "pubsub": "builds_topic_exists",
    "secretmanager": "secret_has_a_version",
    "cloudresourcemanager": "log_writers_are_known",
    "cloudscheduler": "sweeps_are_sent",
}


@pytest.mark.parametrize("api", APIS)
def test_an_api_that_is_not_enabled_is_named_with_the_project_to_enable_it_in(
    installation: StandInInstallation, api: str
) -> None:
    installation.cloud.disable(f"{api}.googleapis.com")
    check = installation.open_checks()[APIS[api]]
    assert check["outcome"] == "fails"
    project = WATCHED if api in ("cloudbuild", "pubsub", "cloudresourcemanager") else HOME
    assert check["remedy"] == f"gcloud services enable {api}.googleapis.com --project={project}"


def test_one_call_that_fails_leaves_the_other_rows_as_they_are(installation: StandInInstallation) -> None:
    installation.faults.add(Fault("ListSinks", "before", status="UNAVAILABLE", times=0))
    found = installation.open_checks()
    assert set(found) == {"executions_are_routed", "audit_is_kept"}
    assert {check["outcome"] for check in found.values()} == {"could-not-check"}


def test_all_that_depends_on_a_broken_thing_is_one_line(installation: StandInInstallation) -> None:
    del installation.made.services[SERVICE]
    result = installation.doctor()
    assert result.exit_code == 1
    assert result.stdout.count("do this") == 1
    rest = set(Need) - {Need.POLICY_IS_READ, Need.FUNCTION_IS_READY, Need.SAMPLES_WERE_POSTED}
    assert f"? {len(rest)} more checks wait for function_is_ready\n" in result.stdout
    assert result.stdout.endswith(f"1 in order, 1 to fix, {len(rest)} waiting\n")


def test_every_call_failing_is_no_traceback(installation: StandInInstallation) -> None:
    installation.faults.add(Fault("*", "before", status="INTERNAL", times=0))
    result = installation.doctor()
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_the_settings_of_this_environment_do_without_a_function(installation: StandInInstallation) -> None:
    local = {name: value for name, value in SETTINGS.items() if name.startswith("VERIFIER_")}
    result = installation.doctor(function="", VERIFIER_SLACK_TOKEN=TOKEN, VERIFIER_LEDGER="sqlite:ledger", **local)
    assert result.exit_code == 0, result.output
    assert "· builds_are_pushed         no --function is given" in result.stdout
    assert "✓ bot_is_in_the_channel" in result.stdout


def test_settings_that_are_wrong_are_said_all_at_once_and_no_secret_among_them(tmp_path: Path) -> None:
    with an_installation(tmp_path, VERIFIER_TIMEOUT="soon", VERIFIER_REGION="x") as installation:
        check = installation.open_checks()["settings_are_sound"]
        assert "VERIFIER_TIMEOUT" in check["seen"]
        assert "VERIFIER_REGIONS?" in check["seen"]
        assert TOKEN not in json.dumps(check)


def test_a_deployed_function_that_talks_to_a_stand_in_is_told_of(tmp_path: Path) -> None:
    with an_installation(tmp_path, VERIFIER_GOOGLE_ENDPOINT="127.0.0.1:9") as installation:
        assert "VERIFIER_GOOGLE_ENDPOINT=127.0.0.1:9" in installation.open_checks()["settings_are_sound"]["seen"]


def test_a_ledger_in_a_file_is_none_for_a_function(tmp_path: Path) -> None:
    with an_installation(tmp_path, VERIFIER_LEDGER="sqlite:/tmp/ledger") as installation:
        (check,) = [check for check in installation.checks() if check["check"] == "ledger_answers"]
        assert check["outcome"] == "fails"


def test_an_installation_without_a_work_topic_is_told_what_it_has_instead(tmp_path: Path) -> None:
    with an_installation(tmp_path, VERIFIER_WORK_TOPIC="") as installation:
        found = {check["check"]: check for check in installation.checks()}
        for name in ("work_can_be_handed_out", "work_is_pushed"):
            assert found[name]["outcome"] == "not-applicable"
            assert "the sweeps do everything by themselves, until `terraform apply` makes it" in found[name]["seen"]


def test_without_a_policy_nothing_about_workers_is_taken_for_granted(installation: StandInInstallation) -> None:
    installation.policy.unlink()
    found = installation.open_checks()
    assert found["policy_is_read"]["remedy"] == "give --policy FILE"
    assert found["worker_exists"]["waits_for"] == "policy_is_read"


def test_a_policy_without_workers_needs_no_job_and_no_word_of_executions(installation: StandInInstallation) -> None:
    installation.policy.write_text("")
    for name in ("worker_exists", "executions_are_pushed", "executions_are_routed"):
        (check,) = [check for check in installation.checks() if check["check"] == name]
        assert check["outcome"] == "not-applicable"


def test_each_watched_project_is_looked_at(tmp_path: Path) -> None:
    with an_installation(tmp_path, VERIFIER_PROJECTS=f"{WATCHED},acme-prod") as installation:
        of_prod = {check["check"]: check["outcome"] for check in installation.checks() if check["about"] == "acme-prod"}
        assert of_prod == {
            "builds_topic_exists": "fails",
            "builds_are_pushed": "fails",
            "executions_are_routed": "not-applicable",
            "builds_can_be_listed": "holds",
            "regions_cover_the_builds": "holds",
            "projects_pay_for_reads": "holds",
            "quotas_are_known": "not-applicable",
            "uploads_can_be_read": "not-applicable",
        }
        topic = installation.open_checks()["builds_topic_exists"]
        assert topic["remedy"] == APPLY


def test_a_secret_that_has_no_version_yet_is_told_how_it_gets_one(installation: StandInInstallation) -> None:
    del installation.made.secrets[SECRET]
    found = installation.open_checks()
    assert found["secret_has_a_version"]["remedy"] == RENEWAL
    assert found["slack_takes_the_token"]["waits_for"] == "secret_has_a_version"
    assert "settings_are_sound" not in found


def test_a_token_that_may_not_look_at_channels_is_judged_by_their_history(installation: StandInInstallation) -> None:
    installation.slack.workspace.scopes = frozenset({"chat:write", "channels:history"})
    assert not installation.open_checks()
    installation.slack.workspace.left.add(CHANNEL)
    assert set(installation.open_checks()) == {"bot_is_in_the_channel"}


def test_the_channel_of_the_days_line_is_looked_at_like_any_other(installation: StandInInstallation) -> None:
    text = f'[slack]\ndaily = "09:00"\ndaily_channel = "{{}}"\n{POLICY}'
    installation.policy.write_text(text.format("C0DAILY001"))
    found = installation.open_checks()
    assert set(found) == {"bot_is_in_the_channel"}
    assert found["bot_is_in_the_channel"]["about"] == "C0DAILY001"
    installation.policy.write_text(text.format(CHANNEL))
    assert not installation.open_checks()


def test_a_webhook_is_not_asked_about_but_takes_samples(installation: StandInInstallation) -> None:
    local = {
        "VERIFIER_PROJECTS": WATCHED,
        "VERIFIER_REGIONS": REGION,
        "VERIFIER_HOME_PROJECT": HOME,
        "VERIFIER_LEDGER": "sqlite:ledger",
        "VERIFIER_SLACK_WEBHOOK": installation.slack.webhook_url,
    }
    result = installation.doctor("--slack", function="", **local)
    assert "· slack_takes_the_token" in result.stdout
    assert len(installation.slack.messages) == result.stdout.count("✓ samples_were_posted") > 1
    assert "/secret" not in result.output


def test_samples_are_posted_marked_as_such_and_call_nobody(installation: StandInInstallation) -> None:
    result = installation.doctor("--slack")
    messages = installation.slack.messages
    assert [word for word in ("LOCAL_SOURCE", "FAILED", "INCONCLUSIVE", "VERIFIED", "NOT BUILT", "Messages named")
            if any(word in message.text for message in messages)] == [
        "LOCAL_SOURCE", "FAILED", "INCONCLUSIVE", "VERIFIED", "NOT BUILT", "Messages named",
    ]  # fmt: skip
    for message in messages:
        assert message.text.startswith("SAMPLE by verifier doctor: nothing happened")
        assert "SAMPLE" in json.dumps(message.blocks[0])
        assert "<!here>" not in json.dumps([message.text, *message.blocks])
    assert result.stdout.count("✓ samples_were_posted") == len(messages)


def test_without_being_asked_nothing_is_posted(installation: StandInInstallation) -> None:
    installation.doctor()
    assert not installation.slack.messages


def test_a_channel_that_is_not_open_to_the_bot_gets_no_sample(installation: StandInInstallation) -> None:
    installation.slack.workspace.left.add(CHANNEL)
    (check,) = [check for check in installation.checks("--slack") if check["check"] == "samples_were_posted"]
    assert check["waits_for"] == "bot_is_in_the_channel"
    assert "chat.postMessage" not in installation.faults.calls


def test_a_channel_that_refuses_a_sample_gets_no_other(installation: StandInInstallation) -> None:
    installation.faults.add(Fault("chat.postMessage", "before", status="restricted_action", times=0))
    (check,) = [check for check in installation.checks("--slack") if check["check"] == "samples_were_posted"]
    assert check["outcome"] == "fails"
    assert "posting settings" in check["remedy"]


def test_a_token_that_slack_refuses_posts_no_sample(installation: StandInInstallation) -> None:
    break_token(installation)
    assert installation.open_checks("--slack")["samples_were_posted"]["waits_for"] == "slack_takes_the_token"


def test_a_sink_that_is_missing_is_told_beside_a_missing_subscription(installation: StandInInstallation) -> None:
    del installation.made.subscriptions[installation.subscription("executions").name]
    assert set(installation.open_checks()) == {"executions_are_pushed"}
    break_sink(installation)
    assert set(installation.open_checks()) == {"executions_are_pushed", "executions_are_routed"}


def test_a_ticker_is_looked_at_beside_a_missing_subscription(installation: StandInInstallation) -> None:
    del installation.made.subscriptions[installation.subscription("sweep").name]
    break_ticker(installation)
    assert set(installation.open_checks()) == {"sweeps_are_pushed", "sweeps_are_sent"}


def test_a_version_that_is_older_than_the_function_is_no_trouble(installation: StandInInstallation) -> None:
    break_age(installation)
    installation.service.update_time = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
    assert not installation.open_checks()


@pytest.mark.parametrize("name", ["build-verifier", "projects/p/locations/r/jobs/f", ""])
def test_what_names_no_function_is_wrong_usage(installation: StandInInstallation, name: str) -> None:
    result = installation.doctor("--function", name or "projects//locations//functions/", function="")
    assert result.exit_code == 2
    assert "projects/PROJECT/locations/REGION/functions/NAME" in result.stderr


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[StandInInstallation]:
    """Yield an installation that reads uploads."""
    with an_installation(tmp_path, VERIFIER_READ_UPLOADS="true") as made:
        yield made


def uploads(installation: StandInInstallation) -> dict[str, Any]:
    [row] = [check for check in installation.checks() if check["check"] == "uploads_can_be_read"]
    return row


def test_uploads_that_are_not_to_be_read_are_not_asked_for(installation: StandInInstallation) -> None:
    assert (uploads(installation)["outcome"], uploads(installation)["seen"]) == (
        "not-applicable",
        "VERIFIER_READ_UPLOADS is not true",
    )


def test_buckets_of_uploads_that_may_be_read_are_named(reading: StandInInstallation) -> None:
    assert uploads(reading)["seen"] == f"nothing was uploaded yet: there is no {WATCHED}_cloudbuild"
    reading.storage.bucket(f"{WATCHED}_cloudbuild")
    assert (uploads(reading)["outcome"], uploads(reading)["seen"]) == ("holds", f"{WATCHED}_cloudbuild")


def test_buckets_of_uploads_that_may_not_be_read_are_named_with_what_grants_it(reading: StandInInstallation) -> None:
    reading.storage.bucket(f"{WATCHED}_cloudbuild")
    reading.storage.bucket(f"run-sources-{WATCHED}-{REGION}").readable = False
    row = uploads(reading)
    assert (row["outcome"], row["remedy"]) == ("fails", APPLY)
    assert f"may not read run-sources-{WATCHED}-{REGION}, which Terraform grants" in row["seen"]


def test_storage_that_does_not_answer_is_not_taken_for_a_permission(reading: StandInInstallation) -> None:
    row = next(
        check
        for check in reading.checks(STORAGE_EMULATOR_HOST="127.0.0.1:9")
        if check["check"] == "uploads_can_be_read"
    )
    assert row["outcome"] == "could-not-check"
