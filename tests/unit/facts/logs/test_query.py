"""The query: a superset of what is judged, without a backslash, never too long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.facts.logs.lines import SHORT_NAME, START
from verifier.facts.execution import Completion, Execution
from verifier.facts.logs import MESSAGE_FIELDS, MOST_QUERY, LogRules, Pattern, log_filter, longest_query
from verifier.facts.logs.superset import SUPERSET


def execution(short_name: str = SHORT_NAME, job: str = "dev-vividly-content-worker") -> Execution:
    return Execution(
        name=f"projects/vividly-dev/locations/us-central1/jobs/{job}/executions/{short_name}",
        created=START,
        started=None,
        completed=None,
        completion=Completion.UNKNOWN,
        message="",
        exited=False,
        tasks=1,
        succeeded=0,
        failed=0,
        cancelled=0,
        retried=0,
        containers=(),
        build="",
    )


HEAD = """\
resource.type="cloud_run_job"
resource.labels.job_name="dev-vividly-content-worker"
resource.labels.location="us-central1"
timestamp>="2026-11-03T09:20:00.000000Z"
NOT logName:"cloudaudit.googleapis.com"
"""
UNLABELLED = '(NOT labels."run.googleapis.com/execution_name":*)'
OWN = f'labels."run.googleapis.com/execution_name"="{SHORT_NAME}"'
PATTERNS = LogRules(failures=(Pattern("lost", r'clip "\d+" lost'),), expected=(Pattern("ok", "^query ok$"),))


def test_the_query_asks_for_errors_the_platforms_lines_and_what_may_matter() -> None:
    query = log_filter(execution(), LogRules())
    wanted = f'severity>=ERROR OR log_id("run.googleapis.com/varlog/system") OR textPayload=~"{SUPERSET}" OR '
    assert query.startswith(
        f"{HEAD}(({OWN} AND ({wanted}(jsonPayload:* AND (severity=DEFAULT OR severity=WARNING) AND "
    )
    assert query.endswith(f")) OR {UNLABELLED})")


def test_a_teams_patterns_are_asked_of_the_text_and_of_each_field_of_a_message() -> None:
    query = log_filter(execution(), PATTERNS)
    pattern = '"(?:clip (?s:.)[0-9]+(?s:.) lost)|(?:^query ok$)"'
    assert f" OR textPayload=~{pattern}" in query
    for field in MESSAGE_FIELDS:
        name = field if field.replace(".", "").isidentifier() else f'"{field}"'
        assert f" OR jsonPayload.{name}=~{pattern}" in query


def test_patterns_too_long_for_each_field_ask_for_all_structured_entries() -> None:
    rules = LogRules(expected=(Pattern("long", "x" * 2_000),))
    query = log_filter(execution(), rules)
    assert query.count("x" * 2_000) == 1
    assert " OR jsonPayload:*" in query
    assert len(query) <= longest_query(rules) <= MOST_QUERY


def test_rules_that_would_make_the_query_too_long_tell_its_length() -> None:
    assert longest_query(LogRules()) < 10_000
    assert longest_query(LogRules(failures=(Pattern("long", "x" * 18_000),))) > MOST_QUERY


def test_what_stands_right_before_a_moment_is_asked_for() -> None:
    query = log_filter(execution(), LogRules(), [START + timedelta(seconds=7)])
    assert '(timestamp>="2026-11-03T09:21:06.980000Z" AND timestamp<="2026-11-03T09:21:07.000000Z")' in query


@settings(deadline=None)
@given(
    st.lists(
        st.text(min_size=1) | st.sampled_from([r"\d+", r"a\.b", '"', "\\", '\\"', '") OR ("', "\n", "\r\n", r"\Q(\E"]),
        min_size=1,
        max_size=8,
    )
)
def test_no_operand_has_a_backslash_whatever_the_patterns(patterns: list[str]) -> None:
    rules = LogRules(failures=tuple(Pattern("any", pattern) for pattern in patterns))
    assert "\\" not in log_filter(execution(), rules)


@settings(deadline=None)
@given(
    patterns=st.lists(
        st.text(min_size=1, max_size=9) | st.sampled_from(['"', "\\", '\\"', '") OR ("', "\n"]), min_size=1, max_size=4
    ),
    job=st.text(st.characters(codec="ascii", exclude_characters="/"), min_size=1, max_size=20),
)
def test_no_pattern_or_name_breaks_out_of_its_quotes(patterns: list[str], job: str) -> None:
    def structure(rules: LogRules) -> str:
        return re.sub(r'"(?:[^"\\]|\\.)*"', "S", log_filter(execution(job=job), rules), flags=re.DOTALL)

    rules = LogRules(failures=tuple(Pattern("any", pattern) for pattern in patterns))
    assert structure(rules) == structure(LogRules(failures=(Pattern("plain", "plain"),)))


@pytest.mark.parametrize("name", ["a", "b" * 63])
def test_the_longest_query_is_no_shorter_than_any(name: str) -> None:
    assert len(log_filter(execution(short_name=name, job=name), PATTERNS)) <= longest_query(PATTERNS)
