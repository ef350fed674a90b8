"""Log entries of the past: whose they are, by what they are judged, and what is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

from tests.unit.history.log_documents import JOB, LOG, TRACEBACK, entry
from verifier.checks.accept import Accept
from verifier.checks.policy import Policy, Worker
from verifier.facts.execution import JobName
from verifier.facts.logs import LogEntry, LogRules, Pattern
from verifier.history.gcloud_export import Document
from verifier.history.log_entries import NO_JOB, entries_of, line_of, lines_of
from verifier.history.logs_judged import MOST_ERRORS, JudgedLogs, Judging, compared, judge_entries
from verifier.history.summary import Notice, Problem

TODAY = date(2026, 11, 23)
HERE = JobName("vividly-dev", *JOB.split("/"))
WORKER = Worker(
    trigger="main",
    job=JobName("", *JOB.split("/")),
    logs=LogRules(failures=(Pattern("odd", "half a lesson"),), expected=(Pattern("query ok", "query ok"),)),
)
POLICY = Policy(workers=(WORKER,))


def documents(values: Sequence[dict[str, Any]]) -> list[Document]:
    return [Document(value, "log.json", number) for number, value in enumerate(values, 1)]


def judged(
    values: Sequence[dict[str, Any]], policy: Policy = POLICY, worker: Worker | None = None
) -> tuple[JudgedLogs, list[Notice | Problem]]:
    return judge_entries(lambda _: entries_of(documents(values)), Judging(policy, worker, TODAY))


def names(logs: JudgedLogs) -> list[str]:
    return [each.error.name for each in logs.errors]


def told(values: Sequence[dict[str, Any]]) -> list[str]:
    return [str(problem) for problem in judged(values)[1]]


def test_errors_are_named_earliest_first_with_what_was_ignored_and_seen() -> None:
    logs, problems = judged(LOG)
    assert problems == []
    assert (logs.entries, names(logs)) == (5, ["ERROR worker: no tenant 17", "KeyError: 'lesson'"])
    assert logs.ignored == {"debian-without-terminal": 1}
    assert (logs.seen, logs.missing) == (("query ok",), ())
    assert judged(LOG[::-1])[0] == logs


def test_an_entry_is_judged_by_the_patterns_of_the_worker_whose_job_it_is_of() -> None:
    odd = "took half a lesson"
    ours, _ = judged([entry(1, odd), entry(2, odd, job="us-central1/other")])
    assert [(each.error.name, each.error.count, each.job, each.worker) for each in ours.errors] == [
        ("odd", 1, HERE, "main")
    ]
    assert ours.missing == ("query ok",)
    others, _ = judged([entry(2, odd, job="us-central1/other")])
    assert (others.errors, others.missing) == ((), ())
    by_name, _ = judged([entry(2, odd, job="us-central1/other")], worker=WORKER)
    assert (names(by_name), by_name.missing) == (["odd"], ("query ok",))


def test_a_job_of_another_project_is_not_the_workers() -> None:
    policy = Policy(workers=(replace(WORKER, job=replace(WORKER.job, project="elsewhere")),))
    assert judged([entry(1, "took half a lesson")], policy)[0].errors == ()


def test_an_accepted_error_is_listed_with_what_accepts_it() -> None:
    one = Accept("no tenant", "known", TODAY, worker="main")
    logs, _ = judged(LOG, replace(POLICY, accepts=(one,)))
    assert [each.accept for each in logs.errors] == [one, None]
    late = replace(one, until=TODAY - timedelta(1))
    assert [each.accept for each in judged(LOG, replace(POLICY, accepts=(late,)))[0].errors] == [None, None]
    of_job = replace(one, worker="", job=HERE)
    assert judged(LOG, replace(POLICY, accepts=(of_job,)))[0].errors[0].accept == of_job


def test_a_plain_text_is_accepted_for_the_worker_that_was_named() -> None:
    policy = replace(POLICY, accepts=(Accept("no tenant", "known", TODAY, job=HERE),))
    judging = Judging(policy, replace(WORKER, job=HERE), TODAY)
    logs, _ = judge_entries(lambda _: lines_of(StringIO("ERROR worker: no tenant 17\n")), judging)
    assert [each.accept for each in logs.errors] == list(policy.accepts)


def test_what_is_no_entry_of_a_job_is_told_once_for_each_kind_and_the_rest_is_judged() -> None:
    without = {key: value for key, value in entry(6, "x").items() if key != "timestamp"}
    elsewhere = entry(7, "y") | {"resource": {"type": "gce_instance"}}
    values = [*LOG, without, elsewhere, without, entry(8, "z") | {"resource": 5}, entry(9, "z") | {"resource": {}}]
    assert names(judged(values)[0]) == names(judged(LOG)[0])
    assert told(values) == [
        "log.json: 2 documents: expected a log entry with a timestamp, got none",
        (
            "log.json, document 7: expected entries of a Cloud Run job (cloud_run_job), got the resource gce_instance; "
            "judge other programs' output with --text"
        ),
        "log.json, document 9: expected a log entry whose resource is an object",
        (
            "log.json, document 10: expected entries of a Cloud Run job (cloud_run_job), got the resource none; "
            "judge other programs' output with --text"
        ),
    ]


def test_there_is_no_end_of_kinds_and_none_is_lost() -> None:
    assert len(told([entry(1, "x") | {"resource": {"type": f"kind-{number}"}} for number in range(150)])) == 150


def test_entries_without_a_resource_or_its_labels_are_judged_as_of_no_job() -> None:
    values = [{key: value for key, value in entry(1, "ERROR a: b").items() if key != "resource"}]
    values.append(entry(2, "ERROR c: d") | {"resource": {"type": "cloud_run_job", "labels": [1]}})
    logs, problems = judged(values)
    assert problems == []
    assert [each.job for each in logs.errors] == [NO_JOB, NO_JOB]


def test_audit_entries_about_a_job_are_passed_over_and_told() -> None:
    audit = entry(6, "", "ERROR") | {"logName": "projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event"}
    audit |= {"textPayload": None, "protoPayload": {"status": {"message": "The execution failed."}}}
    logs, problems = judged([*LOG, audit])
    assert (logs.entries, names(logs)) == (5, names(judged(LOG)[0]))
    assert problems == [Notice("log.json", "1 entry of audit logs passed over: no job wrote them")]


def test_how_attempts_ended_is_said_and_is_no_error_itself() -> None:
    ends = ["Container called exit(3).", "Container called exit(3).", "Container called exit(0)."]
    logs, _ = judged([entry(at, text, "WARNING", log="varlog/system") for at, text in enumerate(ends)])
    assert (logs.errors, logs.endings) == ((), ("exit 3",))


def test_a_trace_that_a_calm_line_announced_is_seen_by_reading_twice() -> None:
    asked: list[Sequence[datetime]] = []
    values = [entry(1, "INFO worker: retrying"), *(entry(1, line) for line in TRACEBACK.split("\n"))]

    def read(around: Sequence[datetime]) -> Iterator[tuple[JobName, LogEntry] | Notice | Problem]:
        asked.append(around)
        yield from entries_of(documents(values))

    logs, _ = judge_entries(read, Judging(POLICY, None, TODAY))
    assert asked == [[], [datetime(2026, 11, 23, 2, 0, 1, tzinfo=UTC)]]
    assert logs.errors == ()
    assert logs.ignored == {"announced by a calm line": 1}


def test_more_errors_than_are_named_are_counted() -> None:
    values = [entry(at % 60, f"ERROR worker: {'x' * at} went wrong") for at in range(1, MOST_ERRORS + 8)]
    logs, _ = judged(values)
    assert (len(logs.errors), logs.more_errors) == (MOST_ERRORS, 7)
    halves, _ = judged(
        [one | {"resource": entry(0, "", job=f"eu/{at % 2}")["resource"]} for at, one in enumerate(values)]
    )
    assert (len(halves.errors), halves.more_errors) == (MOST_ERRORS, 7)


def test_jobs_beyond_those_that_are_judged_apart_are_judged_together() -> None:
    logs, _ = judged([entry(at % 60, "ERROR worker: no", job=f"eu/job-{at}") for at in range(150)])
    assert (logs.entries, sum(each.error.count for each in logs.errors)) == (150, 150)
    assert len(logs.errors) == 101


def test_errors_are_new_known_or_gone_since_a_baseline() -> None:
    before, _ = judged([entry(1, "ERROR worker: no tenant 4"), entry(2, "ERROR worker: disk is full")])
    now, _ = judged(LOG)
    found = compared(now, before)
    tenant, lesson = (each.error.identity for each in now.errors)
    assert (found.new, found.known, found.gone) == ((lesson,), (tenant,), (before.errors[1].error.identity,))


def test_what_followed_from_an_error_of_the_baseline_is_known_alone() -> None:
    follow_up = "ERROR worker: job failed: could not find the column lesson of table clips"
    cause = TRACEBACK.replace("'lesson'", "could not find the column lesson of table clips")
    before, _ = judged([entry(1, cause), entry(2, follow_up)])
    assert len(before.errors) == 1
    now, _ = judged([entry(1, follow_up)])
    assert compared(now, before).new == ()
    assert compared(now, before).gone == ()


def test_an_error_of_two_jobs_is_new_once() -> None:
    now, _ = judged([entry(1, "ERROR w: no"), entry(2, "ERROR w: no", job="eu/other")])
    before, _ = judged([entry(1, "ok")])
    assert len(now.errors) == 2
    assert len(compared(now, before).new) == 1


def test_a_line_of_text_has_its_number_and_empty_ones_are_none() -> None:
    found = list(lines_of(StringIO("one\n\n  \nfour\nlast")))
    assert [(line_of(line.time), line.text) for _, line in found] == [(1, "one"), (4, "four"), (5, "last")]


def test_a_line_without_an_end_is_cut_at_a_megabyte() -> None:
    ((_, line),) = lines_of(StringIO("x" * 5_000_000))
    assert 1_000_000 < len(line.text) < 1_100_000
