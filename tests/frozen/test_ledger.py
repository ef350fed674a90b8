"""What is written into the ledger has every field and word of 0.1.0; `story/test_old_records.py` reads the old."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.fixtures.records import Written, written
from tests.fixtures.records.live import written_now
from tests.fixtures.records.states import BUILDS
from tests.frozen.compare import FROZEN, lost
from verifier.controller.ledger import VERSION, parse_record, record_document
from verifier.errors import Malformed

FROZEN_STATES = sorted(path.stem for path in (FROZEN / "ledger").glob("*.json"))


def whole(found: Written) -> dict[str, Any]:
    """Return the document under its name, with the build in it as values."""
    build = found.document.get("build")
    document = found.document | ({"build": json.loads(build)} if build else {})
    return {"collection": found.collection, "name": found.name, "document": document, "end": found.end}


@pytest.mark.parametrize("state", FROZEN_STATES)
def test_a_document_of_each_state_has_the_fields_and_words_that_it_had(state: str) -> None:
    assert lost(whole(written(f"0.1.0/{state}")), whole(written_now(state))) == []


@pytest.mark.parametrize("state", BUILDS)
def test_a_record_that_is_written_now_is_read_as_it_was_written(state: str) -> None:
    document = written_now(state).document
    assert record_document(parse_record(document)) == document


def test_every_field_of_a_record_has_a_value_in_one_of_the_states() -> None:
    documents = [written_now(state).document for state in BUILDS]
    assert {name for name in documents[0] if not any(document[name] for document in documents)} == set()


def record() -> Mapping[str, Any]:
    return written_now("held").document


def test_a_record_says_the_version_of_its_form_and_one_of_0_1_0_says_none() -> None:
    assert record()["version"] == VERSION
    assert "version" not in written("0.1.0/held").document


@pytest.mark.parametrize("version", [VERSION + 1, 0, -1, None, str(VERSION), True, float(VERSION)])
def test_a_record_of_a_version_that_is_not_known_is_refused_and_says_what_to_install(version: object) -> None:
    with pytest.raises(Malformed, match=f"expected a record of version {VERSION} at most, got version .*; install"):
        parse_record({**record(), "version": version})
