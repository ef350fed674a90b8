"""Where policy allows it, the message about a local build says who submitted it; the verdict never depends on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.story.town import POLICY, PROJECT, Town, town
from verifier.facts.build import BuildKey
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.faults import Fault

__all__ = ["town"]

AGENT = "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit"
LINE = "Submitted by ana@vividly.example with gcloud builds submit."
NAMING = replace(POLICY, name_submitter=True)


def submitted(town: Town) -> BuildKey:
    key = town.upload()
    town.cloud.put_entries([create_build_entry(PROJECT, key.id, town.clock(), "ana@vividly.example", AGENT)])
    return key


def told(town: Town) -> str:
    (message,) = town.slack.messages
    return str(message.blocks)


def test_the_message_names_who_submitted_it(town: Town) -> None:
    town.use(NAMING)
    town.announce(submitted(town))
    assert LINE in told(town)
    assert town.calls("ListLogEntries") <= 2, "one read, and one for the empty page that the stand-in puts first"


def test_by_default_nobody_is_named_and_no_log_is_read(town: Town) -> None:
    town.announce(submitted(town))
    assert "ana@vividly.example" not in told(town)
    assert town.calls("ListLogEntries") == 0


def test_a_build_of_a_commit_costs_no_read(town: Town) -> None:
    town.use(replace(NAMING, workers=()))
    key = town.triggered()
    town.announce(key)
    assert town.verdict(key) == "VERIFIED"
    assert town.calls("ListLogEntries") == 0


@pytest.mark.parametrize("status", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED", "INVALID_ARGUMENT"])
def test_trouble_with_the_log_costs_the_line_and_nothing_else(town: Town, status: str) -> None:
    town.use(NAMING)
    town.faults.add(Fault("ListLogEntries", "before", status=status, times=0))
    key = submitted(town)
    town.announce(key)
    assert town.verdict(key) == "LOCAL_SOURCE"
    assert "Submitted by" not in told(town)
    assert town.record(key).state == "done"
    assert town.calls("ListLogEntries") == 1


def test_a_build_that_nobody_is_known_for_has_no_line(town: Town) -> None:
    town.use(NAMING)
    town.announce(town.upload())
    assert "Submitted by" not in told(town)
