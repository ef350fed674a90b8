"""Cloud Build over gRPC: a build is the same, whichever of its two dialects it comes in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.adapters import Google, google_standing, trouble
from tests.fixtures.builds import CASES, document
from verifier.adapters.cloud_build import CloudBuild
from verifier.errors import Missing, Refused
from verifier.facts.build import NOT_TERMINAL, Build, BuildKey, parse_build
from verifier.facts.claims import unbacked_claims
from verifier.facts.source import Commit, Strength, Unclear, source_of
from verifier.services import BuildPage
from verifier.standin.faults import Fault

TWO_KINDS = [case for case in CASES if len(document(case).get("source") or {}) > 1]
"""Their source has two kinds at once, which a gRPC message has no room for."""
UNKNOWN_KIND = ["commit-requested-developer-connect", "unclear-unknown-kind", "unclear-unknown-kind-resolved"]
"""The client library does not know the field that holds their source."""
KNOWN_KIND = [case for case in CASES if case not in {*TWO_KINDS, *UNKNOWN_KIND}]
SHA = "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"

OF_2018: dict[str, Any] = {
    "id": "0c3e6b1a-77d0-4a35-8f0e-52a1c7d9e604",
    "projectId": "acme",
    "status": "SUCCESS",
    "createTime": "2018-05-02T07:00:00.123456Z",
    "finishTime": "2018-05-02T07:01:00Z",
    "source": {"repoSource": {"projectId": "acme", "repoName": "site", "branchName": "master"}},
    "sourceProvenance": {
        "resolvedRepoSource": {"projectId": "acme", "repoName": "site", "commitSha": SHA},
        "fileHashes": {"gs://b/o#1": {"fileHash": [{"type": "MD5", "value": "-aRYzQ=="}]}},
    },
}
"""It has no name, so no location."""
OF_LATER: dict[str, Any] = {
    "id": "b7a1",
    "name": "projects/4711/locations/europe-west1/builds/b7a1",
    "projectId": "acme",
    "status": "SUCCESS",
    "finishTime": "2031-01-01T00:00:00.000000001Z",
    "source": {"gitSource": {"url": "https://github.com/acme/site", "revision": SHA}},
    "sourceProvenance": {"resolvedGitSource": {"url": "https://github.com/acme/site", "revision": SHA}},
    "options": {"pubsubTopic": "projects/acme/topics/elsewhere"},
    "results": {"buildStepResults": [{"name": "sbom"}]},
    "attestations": [{"kind": "something new"}],
}
"""It has fields that the client library does not know, none of them about its source."""
FULL: dict[str, Any] = {
    "id": "b7a2",
    "name": "projects/acme.example:site/locations/global/builds/b7a2",
    "projectId": "acme.example:site",
    "status": "FAILURE",
    "statusDetail": "Schritt 0 schlug fehl – ∅",
    "buildTriggerId": "7d1c",
    "serviceAccount": "projects/acme/serviceAccounts/builder@acme.iam.gserviceaccount.com",
    "createTime": "2026-02-03T04:05:06.000000007Z",
    "startTime": "2026-02-03T04:05:07Z",
    "source": {"storageSource": {"bucket": "b", "object": "o.tgz", "generation": "9007199254740993"}},
    "sourceProvenance": {"resolvedStorageSource": {"bucket": "b", "object": "o.tgz", "generation": "9007199254740993"}},
    "substitutions": {"COMMIT_SHA": SHA, "_GRUSS": "grüß\nGott", "TRIGGER_NAME": "site"},
    "tags": ["nightly", "überall"],
    "images": ["eu.gcr.io/acme/site"],
    "results": {"images": [{"name": "eu.gcr.io/acme/site", "digest": "sha256:" + "0f" * 32}]},
    "steps": [{"name": "gcr.io/cloud-builders/gsutil", "args": ["cp", "gs://staging.acme/site.tgz", "."]}],
    "dependencies": [
        {"empty": True},
        {"gitSource": {"repository": {"url": "https://github.com/acme/lib"}, "revision": "v1", "destPath": "lib"}},
    ],
    "gitConfig": {"http": {"proxySecretVersionName": "projects/acme/secrets/proxy/versions/1"}},
    "failureInfo": {"type": "USER_BUILD_STEP", "detail": "exit 2"},
}
TRIGGERED: dict[str, Any] = {
    "id": "b1",
    "projectId": "acme",
    "status": "SUCCESS",
    "buildTriggerId": "7d1c",
    "substitutions": {"COMMIT_SHA": SHA},
}


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        yield google


def fetched(google: Google, build: dict[str, Any]) -> Build:
    """Return the build as it comes over gRPC."""
    google.cloud.put_build(build)
    return CloudBuild(google.address).fetch(parse_build(build).key, timeout=5)


def finished(google: Google, page: str = "", *, until: datetime | None = None) -> BuildPage:
    since = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    until = until or since + timedelta(hours=1)
    return CloudBuild(google.address).finished("acme", "europe-west1", since, until, page, timeout=5)


def put(google: Google, build_id: str, minute: float, status: str = "SUCCESS", location: str = "europe-west1") -> None:
    moment = datetime(2026, 3, 1, 10, 0, tzinfo=UTC) + timedelta(minutes=minute)
    google.cloud.put_build(
        {
            "id": build_id,
            "name": f"projects/4711/locations/{location}/builds/{build_id}",
            "projectId": "acme",
            "status": status,
            "createTime": "2026-03-01T09:00:00Z",
            "finishTime": moment.isoformat(),
        }
    )


def ids(page: BuildPage) -> list[str]:
    return [key.id for key in page.keys]


@pytest.mark.parametrize("case", KNOWN_KIND)
def test_a_recorded_build_is_the_same_in_both_dialects(google: Google, case: str) -> None:
    told = parse_build(document(case))
    read = fetched(google, document(case))
    assert read == told
    assert source_of(read) == source_of(told)
    assert unbacked_claims(read, source_of(read)) == unbacked_claims(told, source_of(told))


@pytest.mark.parametrize("build", [OF_2018, OF_LATER, FULL], ids=["of 2018", "of later", "full"])
def test_a_build_of_any_time_is_the_same_in_both_dialects(google: Google, build: dict[str, Any]) -> None:
    read = fetched(google, build)
    assert read == parse_build(build)
    assert source_of(read) == source_of(parse_build(build))


@pytest.mark.parametrize("case", KNOWN_KIND)
def test_what_is_kept_of_a_fetched_build_is_judged_as_the_build_itself(google: Google, case: str) -> None:
    read = fetched(google, document(case))
    kept = parse_build(read.document)
    assert kept == read
    assert source_of(kept) == source_of(read)


@pytest.mark.parametrize("case", TWO_KINDS)
def test_a_source_of_two_kinds_cannot_come_over_grpc(google: Google, case: str) -> None:
    with pytest.raises(ValueError, match="multiple"):
        google.cloud.put_build(document(case))


@pytest.mark.parametrize("case", UNKNOWN_KIND)
def test_a_source_whose_kind_the_library_does_not_know_is_unclear(google: Google, case: str) -> None:
    fact = source_of(fetched(google, document(case)))
    assert isinstance(fact, Unclear)
    assert fact.reason == "this version does not know this kind of source"


def test_a_known_source_beside_an_unknown_one_is_unclear(google: Google) -> None:
    source = {**OF_2018["source"], "carrierPigeon": {"ring": "A7"}}
    assert isinstance(source_of(fetched(google, OF_2018 | {"source": source})), Unclear)


def test_an_empty_source_is_not_an_absent_one(google: Google) -> None:
    empty = fetched(google, TRIGGERED | {"source": {}})
    absent = fetched(google, TRIGGERED)
    assert (empty.source, absent.source) == ({}, None)
    assert source_of(empty) == Commit(SHA, Strength.TRIGGERS_WORD, None, "substitutions.COMMIT_SHA")
    assert not isinstance(source_of(absent), Commit)


def test_a_status_that_the_library_does_not_know_ends_nothing(google: Google) -> None:
    google.cloud.put_build(TRIGGERED | {"status": 99})
    read = CloudBuild(google.address).fetch(BuildKey("acme", "global", "b1"), timeout=5)
    assert read.status in NOT_TERMINAL


def test_a_build_that_is_not_there_is_missing_by_its_name(google: Google) -> None:
    key = BuildKey("acme", "europe-west1", "nowhere")
    error = trouble(lambda: CloudBuild(google.address).fetch(key, timeout=5))
    assert isinstance(error, Missing)
    assert key.name in str(error)


def test_created_gives_whole_builds_of_the_region_and_the_time_however_they_ended(google: Google) -> None:
    put(google, "first", 0)
    put(google, "failed", 10, "FAILURE")
    put(google, "elsewhere", 20, location="us-east1")
    google.cloud.put_build(FULL)
    created = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    cloud_build = CloudBuild(google.address)
    page = cloud_build.created("acme", "europe-west1", created, created, "", timeout=5)
    assert sorted((build.key.id, build.status) for build in page.builds) == [
        ("failed", "FAILURE"),
        ("first", "SUCCESS"),
    ]
    assert (page.unread, page.next_page) == (0, "")
    later = created + timedelta(seconds=1)
    assert not cloud_build.created("acme", "europe-west1", later, later, "", timeout=5).builds
    assert google.faults.calls == ("ListBuilds", "ListBuilds")


def test_finished_lists_the_builds_that_ended_in_the_region_and_the_time_however_they_did(google: Google) -> None:
    put(google, "too-early", -0.1)
    put(google, "first", 0)
    put(google, "failed", 10, "FAILURE")
    put(google, "elsewhere", 20, location="us-east1")
    put(google, "last", 60)
    put(google, "too-late", 60.1)
    google.cloud.put_build({"id": "still-working", "projectId": "acme", "status": "WORKING"})
    page = finished(google)
    assert sorted(ids(page)) == ["failed", "first", "last"]
    assert page.next_page == ""
    assert {key.location for key in page.keys} == {"europe-west1"}
    assert google.faults.calls == ("ListBuilds",)


def test_finished_has_nothing_where_nothing_finished(google: Google) -> None:
    assert finished(google) == BuildPage([], "")


def test_finished_comes_a_page_at_a_time(google: Google) -> None:
    for number in range(230):
        put(google, f"b{number:03}", number / 10)
    first = finished(google)
    second = finished(google, first.next_page)
    third = finished(google, second.next_page)
    assert google.faults.calls == ("ListBuilds",) * 3
    assert [len(page.keys) for page in (first, second, third)] == [100, 100, 30]
    assert third.next_page == ""
    assert sorted(ids(first) + ids(second) + ids(third)) == [f"b{number:03}" for number in range(230)]


def test_a_page_of_another_listing_is_refused(google: Google) -> None:
    for number in range(101):
        put(google, f"b{number:03}", 1)
    token = finished(google).next_page
    other = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    assert isinstance(trouble(lambda: finished(google, token, until=other)), Refused)
    assert isinstance(trouble(lambda: finished(google, "never a token")), Refused)


def test_a_page_that_fails_is_not_asked_for_again(google: Google) -> None:
    for number in range(101):
        put(google, f"b{number:03}", 1)
    token = finished(google).next_page
    google.faults.add(Fault("ListBuilds", "before", times=0))
    trouble(lambda: finished(google, token))
    assert google.faults.calls == ("ListBuilds",) * 2
