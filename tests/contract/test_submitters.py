"""Who submitted a build, from Cloud Audit Logs over the stand-in: few reads, bounded memory, and never a guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.adapters import Google, google_standing, trouble
from verifier.adapters.patience import Patience
from verifier.adapters.submitters import CloudSubmitters, SubmitterLog
from verifier.errors import Denied, Unavailable
from verifier.facts.build import BuildKey
from verifier.facts.submitter import Submitter
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.faults import Fault

NOON = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
AGENT = "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit invocation-id/7"
ANA = Submitter("ana@acme.example", AGENT)


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        google.cloud.empty_pages = 0
        yield google


def put(google: Google, *build_ids: str, hours: float = 0.0, who: str = ANA.principal) -> None:
    at = NOON - timedelta(hours=hours)
    google.cloud.put_entries([create_build_entry("acme", build_id, at, who, AGENT) for build_id in build_ids])


def asked(google: Google, build_id: str, hours: float = 0.0) -> Submitter | None:
    key = BuildKey("acme", "europe-west1", build_id)
    return CloudSubmitters(google.address).submitter(key, NOON - timedelta(hours=hours), timeout=5)


def a_log(google: Google, pauses: list[float] | None = None) -> SubmitterLog:
    patience = Patience(lambda _: None, pause=(pauses if pauses is not None else []).append)
    source = CloudSubmitters(google.address)
    return SubmitterLog(source, patience, "acme", NOON - timedelta(days=400), NOON)


def test_who_submitted_a_build_is_known_after_one_read(google: Google) -> None:
    put(google, "b1", who="bo@acme.example")
    put(google, "b2")
    assert asked(google, "b2") == ANA
    assert google.faults.calls == ("ListLogEntries",)


def test_an_empty_page_is_not_the_end(google: Google) -> None:
    google.cloud.empty_pages = 2
    put(google, "b1")
    assert asked(google, "b1") == ANA


def test_a_build_without_an_entry_has_nobody(google: Google) -> None:
    put(google, "b1")
    assert asked(google, "b2") is None
    assert asked(google, "b1", hours=2) is None


def test_an_entry_of_another_method_says_nothing(google: Google) -> None:
    entry = create_build_entry("acme", "b1", NOON, ANA.principal, AGENT)
    entry.proto_payload.value = entry.proto_payload.value.replace(b".CreateBuild", b".CancelBuild")
    google.cloud.put_entries([entry])
    assert asked(google, "b1") is None


def test_a_missing_permission_names_the_role(google: Google) -> None:
    google.cloud.deny("ListLogEntries")
    error = trouble(lambda: asked(google, "b1"))
    assert isinstance(error, Denied)
    assert "roles/logging.viewer" in str(error)


def test_the_tool_is_the_command_of_the_user_agent() -> None:
    assert ANA.tool == "gcloud builds submit"
    assert Submitter("a", "Terraform/1.9 (+https://terraform.example) x/1,gzip(gfe)").tool == "Terraform/1.9"
    assert Submitter("a", "").tool == ""


def test_many_builds_take_a_read_for_each_thousand(google: Google) -> None:
    for hour in range(25):
        put(google, *(f"b{hour}-{number}" for number in range(100)), hours=hour, who=f"u{hour}@acme.example")
    log = a_log(google)
    found = {log.of(f"b{hour}-{number}", NOON - timedelta(hours=hour)) for hour in range(25) for number in range(100)}
    assert found == {Submitter(f"u{hour}@acme.example", AGENT) for hour in range(25)}
    assert len(google.faults.calls) == 3


def test_nothing_is_read_before_it_is_asked_for_nor_further_back_than_needed(google: Google) -> None:
    for hour in range(30):
        put(google, *(f"b{hour}-{number}" for number in range(100)), hours=hour)
    log = a_log(google)
    assert google.faults.calls == ()
    assert log.of("b1-5", NOON - timedelta(hours=1)) == ANA
    assert len(google.faults.calls) == 1


def test_what_is_newer_than_the_build_is_forgotten(google: Google) -> None:
    put(google, "new", hours=0)
    put(google, "old", hours=5)
    log = a_log(google)
    assert log.of("old", NOON - timedelta(hours=5)) == ANA
    assert log.of("new", NOON) is None


def test_after_the_first_reads_it_leaves_half_of_the_quota_to_others(google: Google) -> None:
    google.cloud.empty_pages = 40
    put(google, "b1")
    pauses: list[float] = []
    assert a_log(google, pauses).of("b1", NOON) == ANA
    assert pauses == [2.0] * (41 - 15)


def test_a_missing_permission_is_found_once_and_then_nobody_is_known(google: Google) -> None:
    google.cloud.deny("ListLogEntries")
    log = a_log(google)
    assert [log.of("b1", NOON), log.of("b2", NOON)] == [None, None]
    assert isinstance(log.trouble, Denied)
    assert len(google.faults.calls) == 1


def test_trouble_that_does_not_pass_ends_the_reading_and_is_kept(google: Google) -> None:
    google.faults.add(Fault("ListLogEntries", "before", status="RESOURCE_EXHAUSTED", times=0))
    log = a_log(google)
    assert log.of("b1", NOON) is None
    assert isinstance(log.trouble, Unavailable)
    assert len(google.faults.calls) == 4
