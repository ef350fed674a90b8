"""The stand-in's Cloud Build, seen through the real client library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud.devtools import cloudbuild_v1
from google.protobuf.unknown_fields import UnknownFieldSet

from tests.contract.standin import DIGEST, IMAGE, PLACE, StandIn, refusal, standing

NUMBER = "4711"


@pytest.fixture
def google() -> Iterator[StandIn]:
    with standing() as google:
        yield google


def build(build_id: str, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": build_id,
        "name": f"projects/{NUMBER}/locations/europe-west1/builds/{build_id}",
        "projectId": "acme",
        "status": "SUCCESS",
        "createTime": f"2026-03-01T10:{minute:02}:00.123456789Z",
        **fields,
    }


def get(google: StandIn, name: str) -> Any:
    return google.builds.get_build(request={"name": name}, timeout=5)


def listed(google: StandIn, **request: Any) -> list[str]:
    pages = google.builds.list_builds(request={"parent": PLACE, **request}, timeout=5)
    return [found.id for found in pages]


def unknown_fields(message: Any) -> list[Any]:
    fields = UnknownFieldSet(type(message).pb(message))
    return [fields[index].data for index in range(len(fields))]


@pytest.mark.parametrize("project", ["acme", NUMBER])
def test_a_build_is_found_by_project_id_and_by_the_number_in_its_name(google: StandIn, project: str) -> None:
    google.cloud.put_build(build("b1", source={"storageSource": {"bucket": "b", "object": "o", "generation": "17"}}))
    found = get(google, f"projects/{project}/locations/europe-west1/builds/b1")
    assert found.name == f"projects/{NUMBER}/locations/europe-west1/builds/b1"
    assert found.status is cloudbuild_v1.Build.Status.SUCCESS
    assert found.source.storage_source.generation == 17


def test_a_build_whose_name_has_no_location_is_global(google: StandIn) -> None:
    google.cloud.put_build({"id": "old", "projectId": "acme", "status": "SUCCESS"})
    assert get(google, "projects/acme/locations/global/builds/old").id == "old"


@pytest.mark.parametrize("name", ["projects/acme/locations/us-east1/builds/b1", f"{PLACE}/builds/b2"])
def test_a_build_elsewhere_or_of_another_id_is_not_found(google: StandIn, name: str) -> None:
    google.cloud.put_build(build("b1"))
    assert refusal(lambda: get(google, name)) == ("NOT_FOUND", f"Requested entity was not found: {name}.")


@pytest.mark.parametrize("name", ["", "b1", "projects/acme/builds/b1", f"{PLACE}/builds/", f"{PLACE}/builds/b/x/y"])
def test_a_name_of_another_shape_is_refused(google: StandIn, name: str) -> None:
    assert refusal(lambda: get(google, name))[0] == "INVALID_ARGUMENT"


def test_putting_a_build_again_replaces_it(google: StandIn) -> None:
    google.cloud.put_build(build("b1", status="WORKING"))
    google.cloud.put_build(build("b1", minute=5, status="FAILURE"))
    assert get(google, f"{PLACE}/builds/b1").status is cloudbuild_v1.Build.Status.FAILURE
    assert listed(google) == ["b1"]


def test_a_developer_connect_source_arrives_as_a_field_that_the_client_does_not_know(google: StandIn) -> None:
    google.cloud.put_build(build("b1", source={"developerConnectConfig": {"revision": "f00d", "dir": "app"}}))
    for found in (get(google, f"{PLACE}/builds/b1"), next(iter(google.builds.list_builds(request={"parent": PLACE})))):
        assert "source" in found
        assert unknown_fields(found.source) == [b"\n\x04f00d\x12\x03app"]


def test_unknown_fields_survive_wherever_they_are(google: StandIn) -> None:
    steps = [{"name": "known"}, {"name": "strange", "novelty": ["a", 1, True, None, 0.5]}]
    google.cloud.put_build(build("b1", steps=steps, options={"pubsubTopic": "t"}, results={"buildStepResults": [{}]}))
    found = get(google, f"{PLACE}/builds/b1")
    assert unknown_fields(found.options) == [b"t"]
    assert unknown_fields(found.results) == [b""]
    assert unknown_fields(found.steps[0]) == []
    assert unknown_fields(found.steps[1]) == [b"a", 1, 1, 0x3FE0000000000000]


def test_a_type_mark_is_no_field(google: StandIn) -> None:
    google.cloud.put_build({"@type": "type.googleapis.com/google.devtools.cloudbuild.v1.Build", **build("b1")})
    assert unknown_fields(get(google, f"{PLACE}/builds/b1")) == []


@pytest.mark.parametrize(("document", "present"), [({"source": {}}, True), ({}, False)])
def test_an_empty_source_and_no_source_stay_two_things(
    google: StandIn, document: dict[str, Any], present: bool
) -> None:
    google.cloud.put_build(build("b1", **document))
    assert ("source" in get(google, f"{PLACE}/builds/b1")) is present


@pytest.mark.parametrize("document", [{"id": "b1"}, build("b1", status="SPLENDID"), build("b1", steps="none")])
def test_what_is_no_build_cannot_be_put(google: StandIn, document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected a build"):
        google.cloud.put_build(document)


def test_builds_are_listed_newest_first_across_pages(google: StandIn) -> None:
    for minute in (3, 1, 4, 2):
        google.cloud.put_build(build(f"b{minute}", minute))
    first = google.builds.list_builds(request={"parent": PLACE, "page_size": 3}, timeout=5)
    assert [len(page.builds) for page in first.pages] == [3, 1]
    assert listed(google, page_size=2) == ["b4", "b3", "b2", "b1"]
    assert refusal(lambda: listed(google, page_size=-1))[0] == "INVALID_ARGUMENT"


def test_a_build_that_appears_between_two_pages_repeats_and_loses_none(google: StandIn) -> None:
    for minute in (1, 2, 3):
        google.cloud.put_build(build(f"b{minute}", minute))
    pages = google.builds.list_builds(request={"parent": PLACE, "page_size": 2}, timeout=5).pages
    seen = [found.id for found in next(pages).builds]
    google.cloud.put_build(build("b4", 4))
    seen += [found.id for page in pages for found in page.builds]
    assert seen == ["b3", "b2", "b1"]


@pytest.mark.parametrize(
    ("filter_text", "found"),
    [
        ("", ["failed", "pushed", "done"]),
        ('status="SUCCESS"', ["pushed", "done"]),
        ("status=FAILURE", ["failed"]),
        ('finish_time>="2026-03-01T11:00:00Z"', ["pushed", "done"]),
        ('finish_time>"2026-03-01T11:00:00Z"', ["pushed"]),
        ('finish_time<="2026-03-01T11:00:00Z"', ["done"]),
        ('finish_time < "2026-03-01T12:30:00+01:00"', ["done"]),
        ('create_time>="2026-03-01T10:02:00Z"', ["failed", "pushed"]),
        ('trigger_id="t-1" AND status="SUCCESS"', ["pushed"]),
        (f'results.images.digest="{DIGEST}"', ["pushed"]),
    ],
)
def test_a_listing_is_filtered(google: StandIn, filter_text: str, found: list[str]) -> None:
    google.cloud.put_build(build("done", 1, finishTime="2026-03-01T11:00:00Z"))
    images = {"images": [{"name": IMAGE, "digest": DIGEST}]}
    google.cloud.put_build(build("pushed", 2, finishTime="2026-03-01T11:30:00Z", buildTriggerId="t-1", results=images))
    google.cloud.put_build(build("failed", 3, status="FAILURE", buildTriggerId="t-1"))
    assert listed(google, filter=filter_text) == found


@pytest.mark.parametrize(
    "filter_text",
    [
        "status",
        'status!="SUCCESS"',
        'status="SPLENDID"',
        'tags="a"',
        'status="SUCCESS" OR status="FAILURE"',
        'finish_time>="yesterday"',
        'finish_time>="2026-03-01T11:00:00"',
        'trigger_id>="a"',
    ],
)
def test_a_filter_that_is_not_known_is_refused(google: StandIn, filter_text: str) -> None:
    status, message = refusal(lambda: listed(google, filter=filter_text))
    assert (status, message.partition(":")[0]) == ("INVALID_ARGUMENT", "Invalid filter")


def test_a_listing_needs_one_location_and_is_empty_where_nothing_was_built(google: StandIn) -> None:
    google.cloud.put_build(build("b1"))
    assert listed(google, parent="projects/acme/locations/us-east1") == []
    assert refusal(lambda: listed(google, parent="projects/acme/locations/-"))[0] == "INVALID_ARGUMENT"
    assert refusal(lambda: listed(google, parent="projects/acme"))[0] == "INVALID_ARGUMENT"


def test_a_page_token_is_good_for_its_own_filter_only(google: StandIn) -> None:
    for minute in (1, 2):
        google.cloud.put_build(build(f"b{minute}", minute))
    page = next(google.builds.list_builds(request={"parent": PLACE, "page_size": 1}, timeout=5).pages)
    token = page.next_page_token
    assert listed(google, page_token=token) == ["b1"]
    status, message = refusal(lambda: listed(google, page_token=token, filter='status="SUCCESS"'))
    assert (status, message[:18]) == ("INVALID_ARGUMENT", "Invalid page token")
    assert refusal(lambda: listed(google, page_token="made up"))[0] == "INVALID_ARGUMENT"


def test_a_denied_permission_is_named_until_it_is_granted(google: StandIn) -> None:
    google.cloud.put_build(build("b1"))
    google.cloud.deny("cloudbuild.builds.get")
    google.cloud.deny("ListBuilds")
    assert refusal(lambda: get(google, f"{PLACE}/builds/b1")) == (
        "PERMISSION_DENIED",
        f"Permission 'cloudbuild.builds.get' denied on resource '{PLACE}/builds/b1' (or resource may not exist).",
    )
    assert "cloudbuild.builds.list" in refusal(lambda: listed(google))[1]
    google.cloud.allow("GetBuild")
    assert get(google, f"{PLACE}/builds/b1").id == "b1"


def test_only_permissions_that_exist_can_be_denied(google: StandIn) -> None:
    with pytest.raises(ValueError, match=r"cloudbuild\.builds\.get"):
        google.cloud.deny("cloudbuild.builds.read")
