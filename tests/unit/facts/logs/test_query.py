"""The query: a superset of what is judged, without a backslash, never too long."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.facts.logs.lines import SHORT_NAME, START
from verifier.facts.execution import Completion, Execution, JobName
from verifier.facts.logs import (
    ERROR_FIELDS,
    MESSAGE_FIELDS,
    MOST_EXECUTIONS,
    MOST_QUERY,
    MOST_UNLED,
    LogRules,
    Pattern,
    job_filter,
    log_filter,
    longest_query,
    runs_filter,
)
from verifier.facts.logs.superset import SUPERSET
from verifier.times import show_time


def execution(
    short_name: str = SHORT_NAME, job: str = "dev-vividly-content-worker", location: str = "us-central1"
) -> Execution:
    return Execution(
        name=f"projects/vividly-dev/locations/{location}/jobs/{job}/executions/{short_name}",
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


CALM_WORDS = "(?i)^ *(?:trac|trc|debug|dbg|verb|fine|info|inf|notice|success)"
LEVEL_WORDS = (
    'level levelname level_name lvl log.level "log.level" LogLevel Level "@l" "@level" log_level logLevel severity_text'
    ' severityText SeverityText record.level.name "record.level.name"'
).split()
LEVEL_NUMBERS = (
    "level=10 level=20 level=30 level=100 level=200 level=250 context.logLevel=10 context.logLevel=20"
    ' context.logLevel=30 "context.logLevel"=10 "context.logLevel"=20 "context.logLevel"=30 levelno=10 levelno=20'
).split()
LOUD = " AND ".join(
    [
        "(jsonPayload:*",
        "(severity=DEFAULT OR severity=WARNING)",
        *(f'NOT jsonPayload.{field}=~"{CALM_WORDS}"' for field in LEVEL_WORDS),
        *(f"NOT jsonPayload.{number}" for number in LEVEL_NUMBERS),
    ]
)
WANTED = f'severity>=ERROR OR log_id("run.googleapis.com/varlog/system") OR textPayload=~"{SUPERSET}" OR {LOUD})'


def named(field: str) -> list[str]:
    """Return how a query names a field: nested, and as one name with dots."""
    if "." in field:
        return [f"jsonPayload.{field}", f'jsonPayload."{field}"']
    return [f"jsonPayload.{field}" if field.isidentifier() else f'jsonPayload."{field}"']


def test_the_query_asks_for_errors_the_platforms_lines_and_what_may_matter() -> None:
    assert log_filter(execution(), LogRules()) == f"{HEAD}(({OWN} AND ({WANTED})) OR {UNLABELLED})"


def test_a_teams_patterns_are_asked_of_the_text_and_of_each_field_of_a_message() -> None:
    pattern = '"(?:clip (?s:.)[0-9]+(?s:.) lost)|(?:^query ok$)"'
    texts = ["textPayload", *(name for field in MESSAGE_FIELDS for name in named(field))]
    errors = [name for field in ERROR_FIELDS for name in named(field)]
    without = "".join(f" AND NOT {name}:*" for name in (*texts[1:], *errors))
    asked = [*(f"{name}=~{pattern}" for name in texts), *(f"{name}:*" for name in errors), f"(jsonPayload:*{without})"]
    assert log_filter(execution(), PATTERNS) == f"{HEAD}(({OWN} AND ({' OR '.join([WANTED, *asked])})) OR {UNLABELLED})"


def test_patterns_too_long_for_each_field_ask_for_all_structured_entries() -> None:
    rules = LogRules(expected=(Pattern("long", "x" * 2_000),))
    asked = f'textPayload=~"(?:{"x" * 2_000})" OR jsonPayload:*'
    query = log_filter(execution(), rules)
    assert query == f"{HEAD}(({OWN} AND ({WANTED} OR {asked})) OR {UNLABELLED})"
    assert len(query) <= longest_query(rules) <= MOST_QUERY


def test_a_query_of_twenty_thousand_characters_is_asked_field_by_field_and_a_longer_one_is_not() -> None:
    assert MOST_QUERY == 20_000
    rules = LogRules(expected=(Pattern("long", "x" * 400),))
    room = MOST_QUERY - len(log_filter(execution("e"), rules))
    assert 0 < room < 4_000
    assert len(log_filter(execution("e" * (1 + room)), rules)) == MOST_QUERY
    shorter = log_filter(execution("e" * (2 + room)), rules)
    assert (shorter.count("x" * 400), len(shorter) < MOST_QUERY) == (1, True)


JOB = JobName("vividly-dev", "us-central1", "worker")
OF_JOB = HEAD.replace("dev-vividly-content-worker", "worker").replace("09:20:00", "09:21:00")


def test_a_jobs_query_asks_for_the_same_whatever_execution_wrote_it() -> None:
    assert job_filter(JOB, START, LogRules()) == f"{OF_JOB}({WANTED})"
    long = LogRules(expected=(Pattern("long", "x" * 2_000),))
    assert job_filter(JOB, START, long) == f'{OF_JOB}({WANTED} OR textPayload=~"(?:{"x" * 2_000})" OR jsonPayload:*)'
    around = 'timestamp>="2026-11-03T09:20:59.980000Z" AND timestamp<="2026-11-03T09:21:00.000000Z"'
    assert job_filter(JOB, START, LogRules(), [START]) == f"{OF_JOB}({WANTED} OR ({around}))"
    by_field = job_filter(JOB, START, PATTERNS)
    assert all(f' OR {name}=~"' in by_field for field in MESSAGE_FIELDS for name in named(field))


def test_a_jobs_query_that_can_not_fit_asks_for_all_of_the_job() -> None:
    """Nobody refused these patterns: `verifier logs` reads what a policy would not be allowed to ask of a run."""
    rules = LogRules(expected=(Pattern("long", "x" * MOST_QUERY),))
    assert job_filter(JOB, START, rules) == OF_JOB.rstrip("\n")
    short = len(job_filter(JOB, START, LogRules(expected=(Pattern("long", "x" * 2_000),)))) - 2_000
    fits = LogRules(expected=(Pattern("long", "x" * (MOST_QUERY - short)),))
    assert len(job_filter(JOB, START, fits)) == MOST_QUERY


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


def test_the_longest_query_has_the_longest_names_and_twenty_moments() -> None:
    longest = execution("e" * 69, "j" * 63, "l" * 41)
    for rules in (LogRules(), PATTERNS, LogRules(expected=(Pattern("long", "x" * 2_000),))):
        assert longest_query(rules) == len(log_filter(longest, rules, [START] * 20))


@pytest.mark.parametrize("name", ["a", "b" * 63])
def test_the_longest_query_is_no_shorter_than_any(name: str) -> None:
    assert len(log_filter(execution(short_name=name, job=name), PATTERNS)) <= longest_query(PATTERNS)


RUNS_HEAD = """\
resource.type="cloud_run_job"
resource.labels.location="us-central1"
timestamp>="2026-11-03T09:20:00.000000Z"
NOT logName:"cloudaudit.googleapis.com"
labels."run.googleapis.com/execution_name"=("one-x7k2p" OR "two-abc12")
"""


def test_one_query_asks_for_all_runs_of_a_place_whatever_their_jobs() -> None:
    both = runs_filter("us-central1", ["one-x7k2p", "two-abc12"], START, [LogRules(), LogRules()])
    assert both == f"{RUNS_HEAD}({WANTED})"


def test_the_query_for_runs_of_before_ends_where_they_ended() -> None:
    bounded = runs_filter("us-central1", ["one-x7k2p", "two-abc12"], START, [LogRules()], until=START)
    line = f'timestamp<="{show_time(START)}"\n'
    head, tail = RUNS_HEAD.split("NOT logName")
    assert bounded == f"{head}{line}NOT logName{tail}({WANTED})"


def test_the_query_for_runs_asks_for_the_patterns_of_every_jobs_team() -> None:
    other = LogRules(failures=(Pattern("gone", "gone"),), expected=(Pattern("not asked", "not asked for"),))
    query = runs_filter("us-central1", ["one-x7k2p"], START, [PATTERNS, other])
    assert "lost)|(?:gone)" in query
    assert "not asked for" not in query


def test_the_query_for_as_many_runs_as_there_may_be_fits() -> None:
    names = [f"{'j' * 63}-{number:05}" for number in range(MOST_EXECUTIONS)]
    assert len(runs_filter("us-central1", names, START, [LogRules()], [START] * MOST_UNLED)) <= MOST_QUERY
    long = LogRules(failures=(Pattern("long", "x" * 9_000),))
    assert len(runs_filter("us-central1", names, START, [long])) <= MOST_QUERY


def test_no_runs_name_breaks_out_of_its_quotes() -> None:
    query = runs_filter("us-central1", ['x" OR severity>=DEFAULT OR "'], START, [LogRules()])
    assert '=("x\\" OR severity>=DEFAULT OR \\"")' in query
