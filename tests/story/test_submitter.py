"""Where policy allows it, the message about a local build says who submitted it; the verdict never depends on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.story.harness import POLICY, PROJECT, Harness, harness
from verifier.facts.build import BuildKey
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.faults import Fault

__all__ = ["harness"]

AGENT = "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit"
LINE = "Submitted by ana@vividly.example with gcloud builds submit."
NAMING = replace(POLICY, name_submitter=True)


def submitted(harness: Harness) -> BuildKey:
    key = harness.upload()
    harness.cloud.put_entries([create_build_entry(PROJECT, key.id, harness.clock(), "ana@vividly.example", AGENT)])
    return key


def told(harness: Harness) -> str:
    (message,) = harness.slack.messages
    return str(message.blocks)


def test_the_message_names_who_submitted_it(harness: Harness) -> None:
    harness.use(NAMING)
    harness.announce(submitted(harness))
    assert LINE in told(harness)
    assert harness.calls("ListLogEntries") <= 2, "one read, and one for the empty page that the stand-in puts first"


def test_by_default_nobody_is_named_and_no_log_is_read(harness: Harness) -> None:
    harness.announce(submitted(harness))
    assert "ana@vividly.example" not in told(harness)
    assert harness.calls("ListLogEntries") == 0


def test_a_build_of_a_commit_costs_no_read(harness: Harness) -> None:
    harness.use(replace(NAMING, workers=()))
    key = harness.triggered()
    harness.announce(key)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.calls("ListLogEntries") == 0


@pytest.mark.parametrize("status", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED", "INVALID_ARGUMENT"])
def test_trouble_with_the_log_costs_the_line_and_nothing_else(harness: Harness, status: str) -> None:
    harness.use(NAMING)
    harness.faults.add(Fault("ListLogEntries", "before", status=status, times=0))
    key = submitted(harness)
    harness.announce(key)
    assert harness.verdict(key) == "LOCAL_SOURCE"
    assert "Submitted by" not in told(harness)
    assert harness.record(key).state == "done"
    assert harness.calls("ListLogEntries") == 1


def test_a_build_that_nobody_is_known_for_has_no_line(harness: Harness) -> None:
    harness.use(NAMING)
    harness.announce(harness.upload())
    assert "Submitted by" not in told(harness)
