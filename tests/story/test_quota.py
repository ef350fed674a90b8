"""Quotas are met by waiting: real clients over the stand-in, which refuses what is one call too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf import json_format

from tests.story.harness import CLEAN, JOB, PROJECT, REGION, Harness, harness
from verifier.controller.ledger import MARKS
from verifier.controller.places import cursor_name
from verifier.controller.quota.held_calls import Api
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.quota import Quota
from verifier.facts.build import BuildKey
from verifier.standin.faults import Fault
from verifier.standin.messages import LogEntry, Pb
from verifier.standin.script import Line, Script
from verifier.times import parse_time, show_time

__all__ = ["harness"]

TRACE = 'Traceback (most recent call last):\n  File "worker.py", line 3, in run\nValueError: no lesson'
UNLED = Script(lines=(*CLEAN.lines, Line(at=1.2, text=TRACE, stream="stderr")))
OTHER_TRACE = TRACE.replace("line 3, in run", "line 9, in stop").replace("ValueError", "KeyError")


@pytest.fixture
def metered(harness: Harness) -> Harness:
    """Return the harness with its reads counted: sixty of the logs a minute, three hundred of builds."""
    limits = {Api.LOGGING: 60, Api.BUILDS: 300}
    use(harness, lambda api: limits[api])
    harness.cloud.empty_pages = 0
    return harness


def use(harness: Harness, limit: Callable[[Api], int]) -> None:
    """Go on as a new instance under these limits."""
    services = harness.deployment.services
    inner = services.services if isinstance(services, MeteredServices) else services
    quota = Quota(inner, lambda api, _: limit(api))
    harness.deployment = replace(harness.deployment, services=MeteredServices(inner, quota, lambda _: PROJECT))


def started(harness: Harness, builds: int) -> list[BuildKey]:
    """Return builds whose workers have run to their end, and nobody has looked yet."""
    keys = []
    for number in range(1, builds + 1):
        keys.append(harness.triggered(f"{number:040x}"))
        harness.announce(keys[-1])
    harness.clock.advance(20)
    return keys


def verdicts(harness: Harness, keys: list[BuildKey]) -> set[str | None]:
    return {harness.verdict(key) for key in keys}


def readings(harness: Harness) -> int:
    return harness.calls("ListLogEntries")


def test_more_builds_than_the_quota_has_reads_wait_and_none_is_inconclusive(metered: Harness) -> None:
    keys = started(metered, 45)
    for key in keys:
        metered.finish(key)
    metered.live(4)
    assert verdicts(metered, keys) == {"VERIFIED"}
    assert readings(metered) == 90
    assert metered.cloud.quotas.refused == 0


def test_where_others_read_the_same_quota_a_refusal_is_waited_for_and_tells_the_limit(metered: Harness) -> None:
    metered.cloud.quotas.put("logging", 10)
    keys = started(metered, 12)
    for key in keys:
        metered.finish(key)
    metered.live(8)
    assert verdicts(metered, keys) == {"VERIFIED"}
    assert metered.cloud.quotas.refused == 1


def test_a_refusal_for_longer_than_the_deadline_for_logs_is_no_verdict(metered: Harness) -> None:
    fault = Fault("ListLogEntries", "before", status="RESOURCE_EXHAUSTED", times=0)
    metered.faults.add(fault)
    [key] = started(metered, 1)
    metered.finish(key)
    metered.live(60)
    record = metered.record(key)
    assert record.judgement is None
    assert "quota used up" in record.error
    assert record.quota_since is not None
    metered.faults.clear()
    metered.live(3)
    assert metered.verdict(key) == "VERIFIED"
    assert metered.record(key).quota_seconds >= 3_500


def test_logs_that_never_come_are_given_up_all_the_same_however_long_a_quota_was_used_up(metered: Harness) -> None:
    metered.job(replace(CLEAN, visible_after=1e9))
    metered.faults.add(Fault("ListLogEntries", "before", status="RESOURCE_EXHAUSTED", times=30))
    [key] = started(metered, 1)
    metered.finish(key)
    metered.live(90)
    assert metered.verdict(key) == "INCONCLUSIVE"


def test_the_wait_that_a_refusal_asks_for_is_heeded_by_every_instance(metered: Harness) -> None:
    metered.faults.add(Fault("ListLogEntries", "before", status="RESOURCE_EXHAUSTED", retry_after=300))
    keys = started(metered, 3)
    metered.finish(keys[0])
    use(metered, lambda _: 60)
    metered.finish(keys[1])
    metered.live(4)
    assert readings(metered) == 1
    metered.live(4)
    assert verdicts(metered, keys) == {"VERIFIED"}


def test_a_build_that_can_not_be_fetched_for_want_of_quota_is_not_called_unconfirmed(metered: Harness) -> None:
    metered.faults.add(Fault("GetBuild", "before", status="RESOURCE_EXHAUSTED", times=0))
    key = metered.upload()
    metered.announce(key)
    metered.live(40)
    assert metered.cloud.audit_entries() == []
    assert metered.slack.messages == ()
    assert metered.record(key).attempts == 0
    metered.faults.clear()
    metered.live(2)
    assert metered.verdict(key) == "LOCAL_SOURCE"


def test_without_quotas_a_refusal_is_waited_for_as_well(harness: Harness) -> None:
    harness.faults.add(Fault("ListLogEntries", "before", status="RESOURCE_EXHAUSTED", times=40))
    [key] = started(harness, 1)
    harness.finish(key)
    harness.live(60)
    assert harness.verdict(key) == "VERIFIED"
    assert harness.deployment.services.store.read(MARKS, f"quota-logging-{PROJECT}", timeout=5) is None


def test_listings_leave_room_for_verdicts_and_go_on_all_the_same(metered: Harness) -> None:
    use(metered, lambda _: 60)
    metered.sweep()
    metered.clock.advance(3_600)
    for _ in range(45):
        metered.announce(metered.upload())
    listed = metered.calls("ListBuilds")
    swept = metered.sweep()
    assert swept is not None
    assert (swept.unlisted, metered.calls("ListBuilds")) == ((), listed + 1)
    for _ in range(12):
        metered.announce(metered.upload())
    assert metered.calls("GetBuild") == 56


def test_a_place_whose_turn_it_is_not_waits_without_a_failure_and_without_counting_as_listed(
    metered: Harness,
) -> None:
    def cursor() -> Mapping[str, Any]:
        stored = metered.deployment.services.store.read(MARKS, cursor_name(PROJECT, REGION), timeout=5)
        assert stored is not None
        return stored.document

    metered.sweep()
    metered.clock.advance(1_800)
    use(metered, lambda _: 5)
    cursor_before = cursor()
    listed, late = cursor_before["listed"], cursor_before["late"]
    for _ in range(5):
        metered.announce(metered.upload())
    swept = metered.sweep()
    assert swept is not None
    assert swept.problems == ()
    waiting = cursor()
    assert (waiting["listed"], waiting["late"], waiting.get("error", "")) == (listed, late, "")
    # A second later than it was: it is handed out again, and before what waits for less long.
    assert waiting["due"] == show_time(parse_time(cursor_before["due"]) + timedelta(seconds=1))
    metered.live(2)
    assert cursor()["listed"] > (listed or "")


def test_the_logs_of_a_clean_run_are_read_twice(metered: Harness) -> None:
    [key] = started(metered, 1)
    metered.finish(key)
    metered.live(2)
    assert (metered.verdict(key), readings(metered)) == ("VERIFIED", 2)


def test_logs_with_a_stack_trace_without_a_level_are_read_twice(metered: Harness) -> None:
    metered.job(UNLED)
    [key] = started(metered, 1)
    metered.finish(key)
    assert len(metered.record(key).unled) == 1
    metered.live(2)
    assert (metered.verdict(key), readings(metered)) == ("FAILED", 2)


def test_a_stack_trace_that_is_seen_late_is_looked_around_in_a_third_reading(metered: Harness) -> None:
    metered.job(UNLED)
    [key] = started(metered, 1)
    metered.finish(key)
    metered.cloud.put_entries([late_entry(metered.record(key).execution, OTHER_TRACE, metered.clock())])
    metered.live(2)
    assert (metered.verdict(key), readings(metered)) == ("FAILED", 3)


def test_what_stands_before_a_stack_trace_that_is_seen_late_is_read_as_well(metered: Harness) -> None:
    [key] = started(metered, 1)
    metered.finish(key)
    calm, now = "DEBUG worker: retrying, the last try ended so:", metered.clock()
    lines = [(calm, now), (OTHER_TRACE, now + timedelta(milliseconds=5))]
    metered.cloud.put_entries([late_entry(metered.record(key).execution, text, at) for text, at in lines])
    metered.live(2)
    assert (metered.verdict(key), readings(metered)) == ("VERIFIED", 3)


def late_entry(execution: str, text: str, at: datetime) -> Pb:
    """Return a line of this execution."""
    resource = {"project_id": PROJECT, "job_name": JOB.job, "location": REGION}
    labels = {"execution_name": execution.rpartition("/")[2], "task_index": "0", "task_attempt": "0"}
    document = {
        "logName": f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr",
        "insertId": f"late-{at.microsecond}",
        "resource": {"type": "cloud_run_job", "labels": resource},
        "timestamp": show_time(at),
        "textPayload": text,
        "labels": {f"run.googleapis.com/{name}": value for name, value in labels.items()},
    }
    return json_format.ParseDict(document, LogEntry())


def test_the_logs_of_a_run_that_failed_are_read_once(metered: Harness) -> None:
    metered.job(replace(CLEAN, exit_code=1))
    [key] = started(metered, 1)
    metered.finish(key)
    assert readings(metered) == 0
    metered.live(1)
    assert (metered.verdict(key), readings(metered)) == ("FAILED", 1)
