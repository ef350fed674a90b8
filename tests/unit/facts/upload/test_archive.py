"""Which archive a build was made from, and what it recorded of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.builds import CASES, EXPECTED, document
from verifier.errors import Malformed
from verifier.facts.build import parse_build
from verifier.facts.upload.archive import Archive, archive_of, staging_buckets

PLACE = {"bucket": "vividly-dev_cloudbuild", "object": "source/a.tgz"}
HASHES = {"fileHash": [{"type": "MD5", "value": "ab=="}]}


def archive(asked: object = None, resolved: object = None, **hashes: Any) -> Archive | None:
    provenance = {"resolvedStorageSource": resolved} if resolved is not None else {}
    source = {"source": {"storageSource": asked}} if asked is not None else {}
    return archive_of(parse_build({**source, "sourceProvenance": {**provenance, "fileHashes": hashes}}))


def test_it_has_the_place_and_the_hash_that_the_build_recorded() -> None:
    found = archive(PLACE | {"generation": "17"}, **{"gs://vividly-dev_cloudbuild/source/a.tgz#17": HASHES})
    assert found == Archive("vividly-dev_cloudbuild", "source/a.tgz", "17", {"MD5": "ab=="})
    assert found.uri == "gs://vividly-dev_cloudbuild/source/a.tgz#17"


@pytest.mark.parametrize("asked", [PLACE, PLACE | {"generation": "0"}, PLACE | {"generation": "17"}])
def test_the_generation_that_was_resolved_is_the_one_that_was_built(asked: dict[str, str]) -> None:
    found = archive(asked, PLACE | {"generation": "17"})
    assert found is not None
    assert found.generation == "17"


def test_without_a_generation_it_is_said_to_have_none() -> None:
    found = archive(PLACE)
    assert found == Archive("vividly-dev_cloudbuild", "source/a.tgz", "", {})
    assert found.uri == "gs://vividly-dev_cloudbuild/source/a.tgz"


def test_the_hash_of_another_generation_is_not_its_own() -> None:
    found = archive(PLACE | {"generation": "17"}, **{"gs://vividly-dev_cloudbuild/source/a.tgz#18": HASHES})
    assert found is not None
    assert found.hashes == {}


@pytest.mark.parametrize("case", [case for case in CASES if EXPECTED[case]["fact"] != "Upload"])
def test_a_build_that_was_not_made_from_an_upload_has_none(case: str) -> None:
    assert archive_of(parse_build(document(case))) is None


@pytest.mark.parametrize("case", [case for case in CASES if EXPECTED[case]["fact"] == "Upload"])
def test_a_build_of_an_upload_has_the_one_that_its_fact_names_unless_that_is_a_manifest(case: str) -> None:
    build = parse_build(document(case))
    if "Manifest" in EXPECTED[case]["field"]:
        with pytest.raises(Malformed, match="expected one archive, got a manifest of files that are stored one by one"):
            archive_of(build)
    else:
        found = archive_of(build)
        assert found is not None
        assert (found.bucket, found.object) == (EXPECTED[case]["bucket"], EXPECTED[case]["object"])


def test_an_archive_that_an_own_staging_folder_holds_has_the_hash_of_its_build() -> None:
    found = archive_of(parse_build(document("upload-own-staging-directory")))
    assert found is not None
    assert list(found.hashes) == ["MD5"]


def test_the_buckets_that_gcloud_uploads_to_are_one_a_project_and_one_a_region() -> None:
    assert staging_buckets("vividly-dev", ["us-central1", "global", "europe-west1"]) == [
        "vividly-dev_cloudbuild",
        "run-sources-vividly-dev-europe-west1",
        "run-sources-vividly-dev-us-central1",
    ]
    assert staging_buckets("google-app", []) == ["elgoog-app_cloudbuild"]
