"""The rules of the doctor, and the parts of it that talk to what the stand-in is not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
from google.oauth2.credentials import Credentials
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.rpc.error_details_pb2 import ErrorInfo

from tests.doctor.place import ACCOUNT, DEAD_TOPIC, FILTER, HOME, PUSHER, URL, a_place, a_subscription
from verifier.doctor.ask_home import query_ledger
from verifier.doctor.ask_messages import read_sinks, read_subscriptions, topic_exists
from verifier.doctor.calls import Caller, function_caller, no_credentials
from verifier.doctor.checks import answered
from verifier.doctor.function import Deployment, FunctionName, function_name
from verifier.doctor.messages import Subscription
from verifier.doctor.push import TERMINAL, filter_row, push_row, usual
from verifier.doctor.rows import Need, Row, Trouble, all_is_well, in_order, waiting
from verifier.doctor.workers import untagged
from verifier.errors import Denied, Malformed, Refused, ServiceError, Unavailable
from verifier.local.faults import Fault
from verifier.local.loopback import Answer, LoopbackServer, Request
from verifier.local.sqlite import SqliteStore
from verifier.services import Stored
from verifier.verdict import Outcome

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def a_row(outcome: Outcome) -> Row:
    return Row(Need.LEDGER_ANSWERS, HOME, outcome, "seen", "mend it")


@pytest.mark.parametrize("outcomes", list(itertools.combinations_with_replacement(Outcome, 2)))
def test_all_is_well_only_when_nothing_fails_and_nothing_is_unknown(outcomes: tuple[Outcome, ...]) -> None:
    good = {Outcome.HOLDS, Outcome.NOT_APPLICABLE}
    assert all_is_well(map(a_row, outcomes)) == (set(outcomes) <= good)


def test_no_answer_at_all_is_not_well() -> None:
    assert not all_is_well([])


def test_an_open_row_says_what_to_do_or_what_to_mend_first() -> None:
    for outcome in (Outcome.FAILS, Outcome.COULD_NOT_CHECK):
        with pytest.raises(ValueError, match="ledger_answers"):
            Row(Need.LEDGER_ANSWERS, HOME, outcome, "seen")
    (row,) = waiting([Need.LEDGER_ANSWERS], HOME, Need.SETTINGS_ARE_SOUND)
    assert row.waits_for is Need.SETTINGS_ARE_SOUND


def test_rows_are_in_the_order_of_the_needs_whatever_the_order_of_the_answers() -> None:
    rows = [Row(need, "", Outcome.HOLDS, "") for need in Need]
    assert in_order(reversed(rows)) == rows


def test_a_mistake_of_the_doctors_own_is_a_row_too() -> None:
    def ask() -> Iterator[Row]:
        raise ZeroDivisionError("xoxb-not-to-be-shown")

    (row,) = answered((Need.AUDIT_IS_KEPT, HOME, ask))
    assert row.outcome is Outcome.COULD_NOT_CHECK
    assert "ZeroDivisionError" in row.seen
    assert "xoxb" not in row.seen


DEPLOYMENT = Deployment(
    name=FunctionName(HOME, "us-central1", "Build_Verifier"),
    account=ACCOUNT,
    addresses=(URL, "https://us-central1-acme-home.cloudfunctions.net/Build_Verifier"),
    audiences=("https://verifier.acme.example",),
    seconds=60.0,
    is_ready=True,
    said="",
    variables={},
    secrets={},
    checks_callers=True,
    invokers=frozenset({f"serviceAccount:{PUSHER}"}),
)


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        (f"{URL}/builds", "/builds"),
        (f"{URL}", "/"),
        (f"{URL}/", "/"),
        (f"{URL}/sweep?x=1", "/sweep"),
        ("https://us-central1-acme-home.cloudfunctions.net/Build_Verifier/executions", "/executions"),
        (f"{URL}.evil.example/builds", None),
        ("https://elsewhere.example/builds", None),
    ],
)
def test_an_address_leads_to_the_function_or_elsewhere(endpoint: str, path: str | None) -> None:
    assert DEPLOYMENT.path_of(endpoint) == path


def test_a_token_may_be_made_out_to_an_address_or_a_custom_audience() -> None:
    assert DEPLOYMENT.takes_audience(f"{URL}/")
    assert DEPLOYMENT.takes_audience("https://verifier.acme.example")
    assert not DEPLOYMENT.takes_audience(f"{URL}/builds")
    assert not DEPLOYMENT.takes_audience("")


def test_a_functions_service_has_its_name_in_small_letters_with_hyphens() -> None:
    name = function_name("projects/acme-home/locations/us-central1/functions/Build_Verifier")
    assert name.service == "projects/acme-home/locations/us-central1/services/build-verifier"
    with pytest.raises(Malformed, match="functions/NAME"):
        function_name("build-verifier")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", Outcome.HOLDS),
        (" OR ".join(f'attributes.status = "{status}"' for status in sorted(TERMINAL)), Outcome.HOLDS),
        ('attributes.status="SUCCESS"', Outcome.FAILS),
        ('NOT (attributes.status = "QUEUED" OR attributes.status = "WORKING")', Outcome.HOLDS),
        ('NOT (attributes.status = "QUEUED" OR attributes.status = "TIMEOUT")', Outcome.FAILS),
        ('hasPrefix(attributes.status, "S")', Outcome.COULD_NOT_CHECK),
        ('attributes.status = "SUCCESS" AND attributes.x = "y"', Outcome.COULD_NOT_CHECK),
    ],
)
def test_a_filter_must_let_every_status_through_that_ends_a_build(text: str, outcome: Outcome) -> None:
    subscription = Subscription("projects/p/subscriptions/s", "projects/p/topics/t", URL, filter=text)
    assert filter_row(subscription).outcome is outcome


def test_all_that_is_wrong_with_a_subscription_is_mended_by_one_command() -> None:
    bare = Subscription(f"projects/{HOME}/subscriptions/builds", "projects/p/topics/cloud-builds", f"{URL}/builds")
    row = push_row(Need.BUILDS_ARE_PUSHED, bare, DEPLOYMENT, usual([], DEPLOYMENT))
    assert row.remedy == (
        f"gcloud pubsub subscriptions update builds --project={HOME} --push-endpoint={URL}/builds "
        f"--push-auth-service-account={PUSHER} --push-auth-token-audience={URL} --ack-deadline=600 "
        "--min-retry-delay=10s --max-retry-delay=600s --message-retention-duration=604800s --expiration-period=never "
        f"--dead-letter-topic={DEAD_TOPIC} --max-delivery-attempts=100"
    )


def test_an_images_name_is_told_from_its_tag_and_digest() -> None:
    assert untagged("localhost:5000/a/b:tag") == "localhost:5000/a/b"
    assert untagged("localhost:5000/a/b") == "localhost:5000/a/b"
    assert untagged("gcr.io/a/b:tag@sha256:00") == "gcr.io/a/b"


def test_a_subscription_reads_the_same_from_the_real_service(pubsub_emulator: str, project: str) -> None:
    builds, dead = f"projects/{project}/topics/cloud-builds", f"projects/{project}/topics/dead"
    wanted: Any = a_subscription(f"projects/{project}/subscriptions/builds", builds, f"{URL}/builds")
    wanted.dead_letter_policy.dead_letter_topic = dead
    wanted.state = 0
    with grpc.insecure_channel(pubsub_emulator) as channel:
        for topic in (builds, dead):
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)).create_topic(name=topic, timeout=10)
        SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)).create_subscription(wanted, timeout=10)
    you = Caller()
    assert topic_exists(you, builds, pubsub_emulator)
    assert not topic_exists(you, f"projects/{project}/topics/nowhere", pubsub_emulator)
    (found,) = read_subscriptions(you, project, pubsub_emulator)
    assert found == Subscription(
        name=wanted.name,
        topic=builds,
        endpoint=f"{URL}/builds",
        account=PUSHER,
        audience=URL,
        ack_seconds=600,
        backoff=(10.0, 600.0),
        kept_seconds=7 * 24 * 3600.0,
        expires=False,
        dead_letters=dead,
        attempts=100,
        filter=FILTER,
    )


def test_a_call_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    with a_place(tmp_path) as place:
        place.faults.add(Fault("ListSinks", "hang"))
        began = monotonic()
        with pytest.raises(Trouble, match="no answer to rely on") as caught:
            read_sinks(Caller(str(place.environment["VERIFIER_GOOGLE_ENDPOINT"]), seconds=0.2), HOME)
        assert monotonic() - began < 5
        assert caught.value.outcome is Outcome.COULD_NOT_CHECK


def a_token(status: int) -> Any:
    def respond(request: Request) -> Answer:
        body = {"accessToken": "short-lived", "expireTime": "2036-11-23T03:00:00Z"}
        return Answer(json.dumps(body if status == 200 else {"error": {"status": "DENIED"}}).encode(), status)

    return respond


def test_the_function_is_asked_for_with_a_token_of_its_account() -> None:
    source = Credentials(token="a person's")  # type: ignore[no-untyped-call]  # the library's
    with LoopbackServer(a_token(200)) as server:
        caller = function_caller(Caller(), ACCOUNT, source, f"{server.address}/v1/token")
    assert (caller.account, caller.credentials.token) == (ACCOUNT, "short-lived")


def test_who_may_not_ask_as_the_function_is_told_the_role_and_asks_as_themselves() -> None:
    source = Credentials(token="a person's")  # type: ignore[no-untyped-call]  # the library's
    with LoopbackServer(a_token(403)) as server, pytest.raises(Trouble) as caught:
        function_caller(Caller(), ACCOUNT, source, f"{server.address}/v1/token")
    assert caught.value.outcome is Outcome.COULD_NOT_CHECK
    assert f"{ACCOUNT} --member=user:YOU --role=roles/iam.serviceAccountTokenCreator" in caught.value.remedy
    assert f"--project={HOME}" in caught.value.remedy


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (Denied("none"), "gcloud auth application-default login"),
        (Unavailable("the metadata server hangs"), "run it again in a minute"),
    ],
    ids=["none", "not now"],
)
def test_credentials_that_can_not_be_had_are_told_by_what_mends_that(error: ServiceError, remedy: str) -> None:
    trouble = no_credentials(error)
    assert (trouble.outcome, trouble.remedy) == (Outcome.COULD_NOT_CHECK, remedy)


def test_credentials_that_name_no_project_are_told_from_an_api_that_is_not_enabled() -> None:
    details = [ErrorInfo(reason="SERVICE_DISABLED", metadata={"consumer": "projects/764086051850"})]
    error = PermissionDenied("off", details=details, error_info=details[0])  # type: ignore[no-untyped-call]  # the library's
    trouble = Caller().trouble(error, "listing builds", HOME, "cloudbuild.builds.list", "roles/viewer")
    assert trouble.outcome is Outcome.COULD_NOT_CHECK
    assert trouble.remedy == f"gcloud auth application-default set-quota-project {HOME}"


def test_credentials_that_have_run_out_are_told_by_the_command_that_renews_them() -> None:
    said = "Getting metadata from plugin failed with error: ('invalid_grant: Token has been revoked', SECRET)"
    error = ServiceUnavailable(said)  # type: ignore[no-untyped-call]  # the library's
    trouble = Caller().trouble(error, "listing builds", HOME, "cloudbuild.builds.list", "roles/viewer")
    assert trouble.remedy == "gcloud auth application-default login"
    assert "SECRET" not in trouble.seen


class Broken(SqliteStore):
    """A ledger that answers with trouble."""

    def __init__(self, path: Path, error: ServiceError) -> None:
        super().__init__(path)
        self.error = error

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "account", "outcome", "remedy"),
    [
        (Denied("expected it, got no; grant: x"), ACCOUNT, Outcome.FAILS, f"--member=serviceAccount:{ACCOUNT}"),
        (Denied("expected it, got no; grant: x"), "", Outcome.COULD_NOT_CHECK, "--member=user:YOU"),
        (Refused("no database; create the database: gcloud x"), ACCOUNT, Outcome.FAILS, "gcloud x"),
        (Unavailable("no answer; try again later"), ACCOUNT, Outcome.COULD_NOT_CHECK, "try again later"),
    ],
)
def test_a_ledger_whose_query_fails_says_what_mends_it(
    tmp_path: Path, error: ServiceError, account: str, outcome: Outcome, remedy: str
) -> None:
    store = Broken(tmp_path / "ledger", error)
    with pytest.raises(Trouble) as caught:
        query_ledger(Caller(account=account), store, HOME, NOW)
    store.close()
    assert caught.value.outcome is outcome
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(("account", "outcome"), [(ACCOUNT, Outcome.FAILS), ("", Outcome.COULD_NOT_CHECK)])
def test_what_the_function_lacks_fails_and_what_you_lack_is_not_known(
    tmp_path: Path, account: str, outcome: Outcome
) -> None:
    with a_place(tmp_path) as place:
        place.cloud.deny("ListSinks")
        caller = Caller(str(place.environment["VERIFIER_GOOGLE_ENDPOINT"]), account=account)
        with pytest.raises(Trouble) as caught:
            read_sinks(caller, HOME)
    assert caught.value.outcome is outcome
