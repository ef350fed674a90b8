"""The query for an execution's logs, as the server takes it: what may matter, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.contract.adapters import Google, google_standing
from tests.contract.standin import DIGEST, IMAGE
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.facts.execution import Execution, JobName, parse_execution_name
from verifier.facts.logs import LogFacts, LogReading, LogRules, Pattern, log_filter
from verifier.standin.logging_filter import Regexes
from verifier.standin.script import Line, Script

TRACEBACK = 'Traceback (most recent call last):\n  File "resize.py", line 7, in <module>\nKeyError: width'
RULES = LogRules(expected=(Pattern("resized", r'resized \d+ "pictures"'),))


@pytest.fixture(params=list(Regexes))
def google(request: pytest.FixtureRequest) -> Iterator[Google]:
    with google_standing() as google:
        google.cloud.regexes = request.param
        google.cloud.tag(IMAGE, DIGEST)
        yield google


def selected(google: Google, execution: Execution, rules: LogRules = RULES) -> list[str]:
    """Return the texts that the query for this execution selects."""
    return [entry.text for entry in google.entries(log_filter(execution, rules))]


def facts(google: Google, execution: Execution, query: str, rules: LogRules = RULES) -> LogFacts:
    """Return what the entries that a query selects say about this execution."""
    reading = LogReading(rules, parse_execution_name(execution.name)[1])
    reading.feed(google.entries(query))
    return reading.facts(truncated=False)


def test_the_query_selects_what_may_matter_of_an_execution_and_nothing_else(google: Google) -> None:
    lines = (
        Line(0.0, "plain chatter"),
        Line(0.1, "only a warning", "WARNING"),
        Line(0.2, "went wrong", "ERROR", "stderr"),
        Line(0.3, "even worse", "CRITICAL", "stderr"),
        Line(0.4, TRACEBACK, stream="stdout"),
        Line(0.5, "One or more mappers failed to initialize - can't proceed"),
        Line(0.6, payload={"event": "ORM", "exc_info": "When initializing mapper Picture"}),
        Line(0.7, 'resized 12 "pictures"'),
        Line(0.8, payload={"message": 'resized 13 "pictures"', "level": "info"}),
        Line(0.9, payload={"message": "chatter", "level": "info"}),
        Line(1.0, 'resized no "pictures"'),
    )
    execution = google.play(Script(lines=lines, exit_code=1))
    assert selected(google, execution) == [
        "went wrong",
        "even worse",
        TRACEBACK,
        "One or more mappers failed to initialize - can't proceed",
        "ORM\nWhen initializing mapper Picture",
        'resized 12 "pictures"',
        'resized 13 "pictures"',
        "Container called exit(1).",
    ]


def test_the_query_leaves_out_other_executions_other_jobs_and_audit_entries(google: Google) -> None:
    def failing(text: str) -> Script:
        return Script(lines=(Line(0, text, "ERROR"),))

    before, ours = google.play(failing("before")), google.play(failing("ours"))
    google.play(failing("after"))
    google.cloud.put_job("acme", "europe-west1", "sharpener", image=IMAGE, script=failing("of another job"))
    google.cloud.put_job("acme", "us-east1", "resizer", image=IMAGE, script=failing("of another region"))
    for job in (JobName("acme", "europe-west1", "sharpener"), JobName("acme", "us-east1", "resizer")):
        CloudRunJobs(google.address).start(job, (), {}, timeout=5)
    google.clock.advance(60)
    assert google.cloud.completion_entry(ours.name)["severity"] == "INFO"
    assert selected(google, ours) == ["ours", "Container called exit(0)."]
    assert selected(google, before) == ["before", "Container called exit(0)."]


def test_the_query_leaves_out_the_audit_entry_of_a_failed_execution(google: Google) -> None:
    execution = google.play(Script(exit_code=1))
    assert google.cloud.completion_entry(execution.name)["severity"] == "ERROR"
    assert selected(google, execution) == ["Container called exit(1)."]


def test_the_query_selects_what_names_no_execution_from_a_minute_before_it(google: Google) -> None:
    unlabelled = Script(runs=1, lines=(Line(0, "no label", labelled=False),))
    google.play(unlabelled)
    google.clock.advance(60)
    google.play(unlabelled)
    execution = google.play(unlabelled)
    assert sorted(selected(google, execution)) == ["Container called exit(0).", "no label", "no label"]
    assert facts(google, execution, log_filter(execution, RULES)).unlabelled == 2


def test_the_query_selects_the_exit_line_of_every_task_and_attempt(google: Google) -> None:
    execution = google.play(Script(fail_attempts=1), tasks=2, max_retries=1)
    exits = facts(google, execution, log_filter(execution, RULES)).exits
    assert exits == {("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")}


@pytest.mark.parametrize(
    "expression", [r'say "hi"', r"back\\slash", r"a\d+\.png$", "tab\there", "two\nlines", r"(?i)GRÜSS", "100%|50%"]
)
def test_what_a_pattern_means_to_us_the_server_sends(google: Google, expression: str) -> None:
    texts = ['say "hi"', "back\\slash", "a12.png", "tab\there", "two\nlines", "grüss", "done 50%", "of no interest"]
    lines = tuple(Line(number / 10, text) for number, text in enumerate(texts))
    rules = LogRules(failures=(Pattern("p", expression),))
    execution = google.play(Script(lines=lines))
    sent = selected(google, execution, rules)
    (error,) = facts(google, execution, 'log_id("run.googleapis.com/stdout")', rules).errors
    assert error.excerpt in sent
    assert "of no interest" not in sent
    assert facts(google, execution, log_filter(execution, rules), rules).errors == (error,)


@pytest.mark.parametrize(
    "payload",
    [
        {"level": "error", "msg": "no tenant"},
        {"level": 50, "msg": "no tenant"},
        {"log": {"level": "error"}, "message": "no tenant"},
        {"@l": "Fatal", "@mt": "no tenant"},
        {"record": {"level": {"name": "ERROR"}, "message": "no tenant"}},
        {"status": "failed", "failed": 4},
        {"level": "warn", "err": {"stack": "TypeError: no tenant\n    at run (/app/a.js:1:1)"}},
    ],
)
def test_a_structured_error_is_sent_whatever_its_fields_are_called(google: Google, payload: Mapping[str, Any]) -> None:
    lines = (Line(0, payload={"level": "info", "msg": "0 errors"}), Line(0.1, payload=payload))
    execution = google.play(Script(lines=lines))
    found = facts(google, execution, log_filter(execution, RULES))
    assert len(found.errors) == 1
    assert len(selected(google, execution)) == 2


def test_what_stands_right_before_a_traceback_is_sent_where_it_is_asked_for(google: Google) -> None:
    lines = (Line(0, "DEBUG far before"), Line(0.5, "DEBUG no fast path"), Line(0.51, TRACEBACK, "ERROR"))
    execution = google.play(Script(lines=lines))
    (moment,) = facts(google, execution, log_filter(execution, RULES)).unled
    sent = [entry.text for entry in google.entries(log_filter(execution, RULES, [moment]))]
    assert sent == ["DEBUG no fast path", TRACEBACK, "Container called exit(0)."]


def test_the_query_without_patterns_selects_errors_and_the_platforms_lines(google: Google) -> None:
    lines = (Line(0, "chatter"), Line(0.1, "went wrong", "ERROR"))
    execution = google.play(Script(lines=lines))
    assert selected(google, execution, LogRules(failures=())) == ["went wrong", "Container called exit(0)."]
