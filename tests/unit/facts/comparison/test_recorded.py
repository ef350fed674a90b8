"""The hashes that a build recorded of its archive."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.comparison.recorded import recorded_hashes
from verifier.facts.source import Upload

UPLOAD = Upload("b", "source/x.tgz", "17", "gcloud builds submit", "source.storageSource")


def document(hashes: object, place: str = "gs://b/source/x.tgz#17") -> dict[str, Any]:
    return {"sourceProvenance": {"fileHashes": {place: {"fileHash": hashes}}}}


def test_hashes_are_taken_by_their_kind_in_the_usual_alphabet() -> None:
    hashes = [{"type": "MD5", "value": "-aRY_w=="}, {"type": "SHA256", "value": "abc="}]
    assert recorded_hashes(document(hashes), UPLOAD) == {"MD5": "+aRY/w==", "SHA256": "abc="}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"sourceProvenance": None},
        {"sourceProvenance": {"fileHashes": []}},
        document([{"type": "MD5", "value": "x"}], "gs://b/source/x.tgz#18"),
        document([{"type": "MD5", "value": "x"}], "gs://b/source/y.tgz#17"),
        document(None),
        document(["MD5"]),
        document([{"value": "x"}]),
        document([{"type": "MD5", "value": 3}]),
    ],
)
def test_what_is_recorded_of_another_object_or_in_another_form_is_none(given: dict[str, Any]) -> None:
    assert recorded_hashes(given, UPLOAD) == {}
