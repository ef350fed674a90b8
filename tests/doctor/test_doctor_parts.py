"""The rules of the doctor, and the parts of it that talk to what the stand-in is not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import NotFound, PermissionDenied, ServiceUnavailable
from google.oauth2.credentials import Credentials
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.rpc.error_details_pb2 import ErrorInfo

from tests.absence import require
from tests.busy import BUSY_SECONDS
from tests.doctor.installation import ACCOUNT, FILTER, HOME, PUSHER, URL, a_subscription, an_installation
from tests.doctor.pasting import problems_of, said_by_shell
from verifier.adapters.sqlite import SqliteStore
from verifier.checks.verdict import Outcome
from verifier.controller.places import LatePlace
from verifier.doctor.ask_home import query_ledger
from verifier.doctor.ask_messages import read_sinks, read_subscriptions, topic_exists
from verifier.doctor.calls import Caller, function_caller
from verifier.doctor.checks import answered
from verifier.doctor.function import DeployedFunction, FunctionName, function_name
from verifier.doctor.home import places_row
from verifier.doctor.log_writers import Binding, writers_row
from verifier.doctor.messages import Subscription
from verifier.doctor.push import TERMINAL, filter_row, push_row
from verifier.doctor.rows import AGAIN, APPLY, Need, Row, Trouble, all_is_well, in_order, waiting
from verifier.doctor.text import lines
from verifier.doctor.workers import untagged
from verifier.errors import Denied, Malformed, Refused, ServiceError, Unavailable
from verifier.services import Stored
from verifier.standin.faults import Fault
from verifier.standin.loopback import LoopbackServer, Reply, Request

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def a_row(outcome: Outcome) -> Row:
    return Row(Need.LEDGER_ANSWERS, HOME, outcome, "seen", "fix it")


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


DEPLOYMENT = DeployedFunction(
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


def test_all_that_is_wrong_with_a_subscription_is_said_at_once() -> None:
    bare = Subscription(f"projects/{HOME}/subscriptions/builds", "projects/p/topics/cloud-builds", f"{URL}/builds")
    row = push_row(Need.BUILDS_ARE_PUSHED, bare, DEPLOYMENT)
    assert row.seen == (
        "its pushes are not signed (no OIDC token); its acknowledgement deadline is 10 s, so what takes longer is "
        "delivered again meanwhile; its backoff is 0 to 0 s; messages are kept for 0 hours only; it expires when it "
        "is not used for a while; what can't be delivered is dropped: no dead-letter topic"
    )
    assert row.remedy == APPLY


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
    with an_installation(tmp_path) as installation:
        installation.faults.add(Fault("ListSinks", "hang"))
        began = monotonic()
        with pytest.raises(Trouble, match="no answer to rely on") as caught:
            read_sinks(Caller(str(installation.environment["VERIFIER_GOOGLE_ENDPOINT"]), seconds=0.2), HOME)
        assert monotonic() - began < BUSY_SECONDS
        assert caught.value.outcome is Outcome.COULD_NOT_CHECK


def a_token(status: int) -> Any:
    def respond(request: Request) -> Reply:
        body = {"accessToken": "short-lived", "expireTime": "2036-11-23T03:00:00Z"}
        return Reply(json.dumps(body if status == 200 else {"error": {"status": "DENIED"}}).encode(), status)

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
    member = '--member="user:$(gcloud config get account)"'
    assert f"{ACCOUNT} {member} --role=roles/iam.serviceAccountTokenCreator" in caught.value.remedy
    assert problems_of(caught.value.remedy) == []
    assert f"--project={HOME}" in caught.value.remedy


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (Denied("none"), "gcloud auth application-default login"),
        (Unavailable("the metadata server hangs"), AGAIN),
    ],
    ids=["none", "not now"],
)
def test_credentials_that_can_not_be_had_are_told_by_what_mends_that(error: ServiceError, remedy: str) -> None:
    trouble = Caller().no_credentials(error)
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


class FailingStore(SqliteStore):
    """A ledger that answers with trouble."""

    def __init__(self, path: Path, error: ServiceError) -> None:
        super().__init__(path)
        self.error = error

    def holding(self, collection: str, field: str, value: str, *, timeout: float) -> Stored | None:
        raise self.error


OFF = "all addresses failed; last error: refused"
SAID: dict[str, tuple[Exception, ServiceError]] = {
    "denied": (PermissionDenied("no"), Denied("no; grant: x")),  # type: ignore[no-untyped-call]  # the library's
    "not found": (NotFound("no"), Refused("no; create it: gcloud x")),  # type: ignore[no-untyped-call]  # the library's
    "off": (ServiceUnavailable(OFF), Unavailable(f"{OFF}; wait")),  # type: ignore[no-untyped-call]  # the library's
}
LEDGER = "querying the ledger of acme-home"


@pytest.mark.parametrize(
    ("said", "account", "outcome", "seen", "remedy"),
    [
        ("denied", ACCOUNT, Outcome.FAILS, f"{LEDGER}: {ACCOUNT} lacks datastore.entities.get in acme-home", APPLY),
        ("denied", "", Outcome.COULD_NOT_CHECK, f"{LEDGER}: you lack datastore.entities.get", "roles/datastore.user"),
        ("not found", ACCOUNT, Outcome.FAILS, f"{LEDGER}: not found", APPLY),
        ("off", ACCOUNT, Outcome.COULD_NOT_CHECK, "(UNAVAILABLE: all addresses failed; last error: refused)", AGAIN),
    ],
)
def test_a_ledger_whose_query_fails_says_what_mends_it(
    tmp_path: Path, said: str, account: str, outcome: Outcome, seen: str, remedy: str
) -> None:
    cause, error = SAID[said]
    error.__cause__ = cause
    store = FailingStore(tmp_path / "ledger", error)
    with pytest.raises(Trouble) as caught:
        query_ledger(Caller(account=account), store, HOME, NOW)
    store.close()
    assert caught.value.outcome is outcome
    assert seen in caught.value.seen
    assert remedy in caught.value.remedy


class KeepingStore(SqliteStore):
    """A ledger in which nothing may be deleted, as an installation of 0.1.0 has it until the next apply."""

    def delete(self, collection: str, names: Sequence[str], *, timeout: float) -> None:
        cause, error = SAID["denied"]
        raise error from cause


def test_a_ledger_that_forgets_nothing_says_which_permission_is_missing(tmp_path: Path) -> None:
    store = KeepingStore(tmp_path / "ledger")
    with pytest.raises(Trouble, match=f"{ACCOUNT} lacks datastore.entities.delete in acme-home") as caught:
        query_ledger(Caller(account=ACCOUNT), store, HOME, NOW)
    store.close()
    assert caught.value.remedy == APPLY


def test_a_key_file_that_is_missing_or_broken_is_named_and_never_shown(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"private_key": "not-to-be-shown"')
    for file, why in (
        (tmp_path / "nowhere.json", "does not exist"),
        (broken, "can be read"),
        (tmp_path, "can be read"),
    ):
        trouble = Caller(key_file=str(file)).no_credentials(Denied("not-to-be-shown"))
        assert trouble.seen.startswith(f"GOOGLE_APPLICATION_CREDENTIALS names {file}, ")
        assert trouble.seen.endswith(why)
        assert trouble.remedy == "unset GOOGLE_APPLICATION_CREDENTIALS"


def test_a_network_that_leads_nowhere_is_told_from_credentials_that_have_run_out() -> None:
    said = "Getting metadata from plugin failed with error: HTTPSConnectionPool(host='oauth2'): Max retries exceeded"
    error = ServiceUnavailable(said)  # type: ignore[no-untyped-call]  # the library's
    trouble = Caller().trouble(error, "listing builds", HOME, "cloudbuild.builds.list", "roles/viewer")
    assert trouble.remedy == AGAIN
    assert "network" in AGAIN


def test_prose_is_wrapped_below_itself_and_a_command_never() -> None:
    rows = [
        Row(Need.LEDGER_ANSWERS, HOME, Outcome.FAILS, "one two three four five six seven", "gcloud " + "x " * 40 + "x"),
        Row(Need.AUDIT_IS_KEPT, "", Outcome.FAILS, "seen", "fix the file that is named above and apply it again"),
        *waiting([Need.SECRET_HAS_A_VERSION], "", Need.LEDGER_ANSWERS),
    ]
    assert list(lines(rows, 48)) == [
        "✗ ledger_answers acme-home: one two three four",
        "                 five six seven",
        "    do this: gcloud " + "x " * 40 + "x",
        "✗ audit_is_kept  seen",
        "    do this: fix the file that is named above",
        "             and apply it again",
        "? 1 more check waits for ledger_answers",
        "",
        "2 to fix, 1 waiting",
    ]


def test_one_cause_is_said_once_and_what_fails_stands_at_the_end_again() -> None:
    grant = "gcloud projects add-iam-policy-binding acme-home --role=roles/viewer"
    fine = [Row(Need.LEDGER_ANSWERS, f"place-{number}", Outcome.HOLDS, "seen") for number in range(11)]
    fails = [Row(Need.AUDIT_IS_KEPT, f"bucket-{number}", Outcome.FAILS, "refused", grant) for number in range(2)]
    said = list(lines([*fine, *fails]))
    assert said[11:] == [
        "✗ audit_is_kept  bucket-0: refused",
        f"    do this: {grant}",
        "✗ audit_is_kept  bucket-1: refused",
        "    do this: the same as for audit_is_kept",
        "",
        "✗ to fix: audit_is_kept",
        f"    do this: {grant}",
        "",
        "11 in order, 2 to fix",
    ]


def test_a_remedy_that_mixes_prose_and_command_or_names_no_place_is_found_out() -> None:
    for remedy in (
        "gcloud run jobs list --project=acme-dev, and fix the policy",
        "gcloud run jobs list --region=REGION",
        "gcloud run jobs list --project='acme-dev",
    ):
        assert problems_of(remedy)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_what_a_shell_does_not_take_is_found_out(shell: str) -> None:
    require(shell)
    assert said_by_shell(shell, "gcloud 'run")


def test_what_gcloud_does_not_take_is_found_out() -> None:
    require("gcloud")
    assert problems_of("gcloud run jobs list --no-such-flag")


@pytest.mark.parametrize(("account", "outcome"), [(ACCOUNT, Outcome.FAILS), ("", Outcome.COULD_NOT_CHECK)])
def test_what_the_function_lacks_fails_and_what_you_lack_is_not_known(
    tmp_path: Path, account: str, outcome: Outcome
) -> None:
    with an_installation(tmp_path) as installation:
        installation.cloud.deny("ListSinks")
        caller = Caller(str(installation.environment["VERIFIER_GOOGLE_ENDPOINT"]), account=account)
        with pytest.raises(Trouble) as caught:
            read_sinks(caller, HOME)
    assert caught.value.outcome is outcome


def test_who_may_write_log_entries_is_told_by_name_and_role() -> None:
    bindings = [
        Binding("roles/owner", frozenset({"user:ada@acme.example"})),
        Binding("roles/logging.logWriter", frozenset({"serviceAccount:app@acme", "user:ada@acme.example"})),
        Binding("roles/editor", frozenset({"group:devs@acme.example"}), is_conditional=True),
        Binding("roles/viewer", frozenset({"user:eve@acme.example"})),
        Binding("roles/run.serviceAgent", frozenset({"serviceAccount:service-1@serverless"})),
        Binding("projects/acme-dev/roles/ours", frozenset({"user:bob@acme.example"})),
        Binding("projects/acme-dev/roles/unused", frozenset()),
    ]
    row = writers_row("acme-dev", bindings)
    assert (row.need, row.about, row.outcome) == (Need.LOG_WRITERS_ARE_KNOWN, "acme-dev", Outcome.HOLDS)
    assert row.seen == (
        "group:devs@acme.example (editor under a condition), serviceAccount:app@acme (logging.logWriter), "
        "user:ada@acme.example (logging.logWriter, owner) may write log entries, and so forge a worker's; custom roles "
        "that may allow it, too: projects/acme-dev/roles/ours; what is granted above the project is not seen here"
    )


def test_of_very_many_who_may_write_log_entries_some_are_named_and_all_counted() -> None:
    members = frozenset(f"user:{number:02}@acme.example" for number in range(30))
    seen = writers_row("acme-dev", [Binding("roles/editor", members)]).seen
    assert seen.count("@") == 12
    assert "user:11@acme.example (editor) and 18 more may write" in seen


def test_where_nobody_is_bound_nobody_is_named() -> None:
    assert writers_row("acme-dev", []).seen.startswith("nobody may write log entries")


def test_places_that_are_late_are_named_with_why_and_of_many_the_first_ones() -> None:
    assert places_row([]).seen == "none is more than 10 minutes late"
    late = [LatePlace("a/east", "2026-11-23T01:00:00.000000Z", "it hangs"), LatePlace("b/east", "", "")]
    row = places_row(late)
    assert row.outcome is Outcome.FAILS
    assert row.seen == "not listed in time: a/east (last 2026-11-23T01:00:00.000000Z: it hangs), b/east (last never)"
    assert places_row(late * 4).seen.endswith(", and 3 more")
