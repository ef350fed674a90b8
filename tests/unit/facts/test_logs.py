"""What a worker's logs say: errors folded with counts, in bounded memory, and a query that nothing breaks out of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier.facts.execution import Completion, Execution
from verifier.facts.logs import (
    DEFAULT_FAILURES,
    ERROR,
    SYSTEM_LOG,
    LogEntry,
    LogFacts,
    LogReading,
    LogRules,
    Pattern,
    Repeated,
    log_filter,
)

SHORT_NAME = "dev-vividly-content-worker-x7k2p"
START = datetime(2026, 11, 3, 9, 21, tzinfo=UTC)
WARNING = 400
MAPPERS = "One or more mappers failed to initialize"
TRACEBACK = "Traceback (most recent call last)"
STACK = f'{TRACEBACK}:\n  File "/app/worker.py", line 41, in run\n    rows = session.query(Clip)\n'
NO_RULES = LogRules(failures=())


def entry(
    text: str,
    severity: int = 0,
    *,
    second: float = 0,
    log: str = "run.googleapis.com/stderr",
    execution: str = SHORT_NAME,
    task: str = "0",
    attempt: str = "0",
) -> LogEntry:
    return LogEntry(START + timedelta(seconds=second), severity, log, text, execution, task, attempt)


def read(entries: Iterable[LogEntry], rules: LogRules | None = None, *, truncated: bool = False) -> LogFacts:
    reading = LogReading(rules or LogRules(), SHORT_NAME)
    reading.feed(entries)
    return reading.facts(truncated=truncated)


def names_and_counts(facts: LogFacts) -> list[tuple[str, int]]:
    return [(error.name, error.count) for error in facts.errors]


def test_lines_that_mean_nothing_are_no_errors() -> None:
    facts = read([entry("query ok"), entry("ERROR-free run"), entry("slow query", WARNING), entry("")])
    assert facts == LogFacts((), 0, frozenset(), frozenset(), unlabelled=0, truncated=False)


@pytest.mark.parametrize(
    "line",
    [
        f"sqlalchemy.exc.InvalidRequestError: {MAPPERS} - can't proceed",
        "When initializing mapper Mapper[Clip(clips)], expression 'Tag' failed to locate a name",
        "error when initializing mapper Mapper[Clip(clips)]",
        "Mapper Mapper[Clip(clips)] could not assemble any primary key columns for mapped table 'clips'",
        "Could not determine join condition between parent/child tables on relationship Clip.tags",
        "can't proceed with initialization of other mappers. Triggering mapper: 'Mapper[Clip(clips)]'",
    ],
)
def test_a_mapper_that_failed_is_an_error_without_any_severity(line: str) -> None:
    assert names_and_counts(read([entry(line)])) == [(MAPPERS, 1)]


def test_repeated_mapper_errors_and_the_tracebacks_that_follow_from_them_are_one_error_with_a_count() -> None:
    follows = f"{STACK}sqlalchemy.exc.InvalidRequestError: {MAPPERS} - can't proceed"
    entries = [entry(f"{MAPPERS}: attempt {number}", second=30 + number) for number in range(10)]
    entries += [entry(follows, ERROR, second=7 + number, task="3") for number in range(4)]
    facts = read(entries)
    assert facts.errors == (Repeated(MAPPERS, 14, START + timedelta(seconds=7), "3", follows),)


def test_a_traceback_of_its_own_is_another_error() -> None:
    facts = read([entry(f"{STACK}KeyError: 'clip'", ERROR, second=1), entry(MAPPERS, second=2)])
    assert names_and_counts(facts) == [(TRACEBACK, 1), (MAPPERS, 1)]


@pytest.mark.parametrize(
    ("severity", "is_error"), [(0, False), (WARNING, False), (ERROR, True), (600, True), (800, True)]
)
def test_severity_error_and_above_is_an_error_whatever_the_text(severity: int, is_error: bool) -> None:
    assert bool(read([entry("the disk is full", severity)]).errors) is is_error


@pytest.mark.parametrize("severity", [0, 100, 200, WARNING, ERROR, 800])
def test_a_failure_pattern_counts_whatever_the_severity(severity: int) -> None:
    rules = LogRules(failures=(Pattern("lost clips", "clips? (lost|gone)"),))
    assert names_and_counts(read([entry("3 clips lost", severity)], rules)) == [("lost clips", 1)]


def test_the_first_pattern_that_matches_names_the_error() -> None:
    rules = LogRules(failures=(Pattern("first", "lost"), Pattern("second", "clips lost")))
    assert names_and_counts(read([entry("3 clips lost")], rules)) == [("first", 1)]


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("disk is full\nsee the console", "disk is full"),
        ("\n  disk is full  \n", "disk is full"),
        (f"{STACK}OSError: disk is full\n", "OSError: disk is full"),
        ("", "an entry without text"),
        (" \n\t", "an entry without text"),
        ("x" * 500, "x" * 200),
    ],
)
def test_an_error_without_a_pattern_is_known_by_its_own_words(text: str, headline: str) -> None:
    assert names_and_counts(read([entry(text, ERROR)], NO_RULES)) == [(headline, 1)]


def test_errors_that_differ_only_in_numbers_and_identifiers_are_one() -> None:
    texts = [
        "clip 17 failed in 0x7f3a20 for 6d0c2f7e-1b7a-4c55-a3d9-5f2b8e90c114",
        "clip 9 failed in 0x11 for 04be77d1-c2a9-4f3e-8d60-5b1927ce33fa",
    ]
    assert names_and_counts(read([entry(text, ERROR) for text in texts])) == [(texts[0], 2)]


def test_ignored_lines_are_no_errors_by_severity_or_pattern() -> None:
    rules = LogRules(ignored=(Pattern("known", "connection reset"), Pattern("noise", "^probe")))
    lines = [entry("connection reset by peer", ERROR), entry(f"probe: {MAPPERS}"), entry("disk is full", ERROR)]
    assert names_and_counts(read(lines, rules)) == [("disk is full", 1)]


def test_an_expected_line_is_seen_even_where_it_is_ignored_or_an_error() -> None:
    ok, done, never = Pattern("query ok", "query ok"), Pattern("done", r"done in \d+s"), Pattern("never", "never")
    rules = LogRules(ignored=(Pattern("quiet", "query"),), expected=(ok, done, never))
    facts = read([entry("query ok"), entry("done in 7s, with losses", ERROR)], rules)
    assert facts.seen == {"query ok", "done"}
    assert names_and_counts(facts) == [("done in 7s, with losses", 1)]


def test_another_executions_lines_say_nothing() -> None:
    rules = LogRules(expected=(Pattern("query ok", "query ok"),))
    exit_line = entry("Container called exit(0).", log=SYSTEM_LOG, execution="another")
    others = [entry("query ok", execution="another"), entry(MAPPERS, ERROR, execution="another"), exit_line]
    assert read(others, rules) == read([], rules)


def test_lines_that_name_no_execution_are_counted_and_not_judged() -> None:
    facts = read([entry(MAPPERS, ERROR, execution=""), entry("query ok", execution=""), entry("query ok")])
    assert facts.unlabelled == 2
    assert facts.errors == ()


def test_exit_lines_are_known_by_task_and_attempt_and_are_no_errors() -> None:
    lines = [
        entry("Container called exit(0).", 200, log=SYSTEM_LOG),
        entry("Container called exit(1).", WARNING, log=SYSTEM_LOG, task="1"),
        entry("Container called exit(-9).", WARNING, log=SYSTEM_LOG, task="1", attempt="1"),
        entry("Container called exit(1).", WARNING, log=SYSTEM_LOG, task="1"),
    ]
    facts = read(lines)
    assert facts.exits == {("0", "0"), ("1", "0"), ("1", "1")}
    assert facts.errors == ()


@pytest.mark.parametrize(
    "imitation",
    [
        entry("Container called exit(0)."),
        entry("Container called exit(0).", log="run.googleapis.com/stdout"),
        entry("it says: Container called exit(0).", log=SYSTEM_LOG),
        entry("Container called exit(zero).", log=SYSTEM_LOG),
    ],
)
def test_an_imitated_exit_line_is_none(imitation: LogEntry) -> None:
    assert read([imitation]).exits == frozenset()


def test_the_platforms_own_errors_are_errors() -> None:
    killed = entry("Memory limit of 512 MiB exceeded with 530 MiB used.", ERROR, log=SYSTEM_LOG)
    assert names_and_counts(read([killed])) == [(killed.text, 1)]


def test_kinds_beyond_fifty_are_counted_and_known_kinds_still_are() -> None:
    words = [f"{chr(97 + number // 26)}{chr(97 + number % 26)} broke" for number in range(80)]
    facts = read([entry(word, ERROR, second=number) for number, word in enumerate([*words, *words[:50]])])
    assert len(facts.errors) == 50
    assert all(error.count == 2 for error in facts.errors)
    assert facts.more_errors == 30


def test_an_excerpt_is_capped() -> None:
    (error,) = read([entry("x" * 300_000, ERROR)]).errors
    assert error.excerpt == "x" * 4_000


def test_a_tasks_name_is_capped_too() -> None:
    """Whoever writes entries by the API chooses their labels."""
    (error,) = read([entry("boom", ERROR, task="0" * 60_000)]).errors
    assert error.task == "0" * 20


def test_what_was_cut_off_is_said() -> None:
    assert read([], truncated=True).truncated
    assert not read([], truncated=False).truncated


LINES = st.builds(
    entry,
    st.sampled_from(
        [MAPPERS, "query ok", "clip 7 failed", "clip 8 failed", f"{STACK}KeyError: 1", "Container called exit(1)."]
    ),
    st.sampled_from([0, WARNING, ERROR]),
    second=st.integers(0, 10_000),
    log=st.sampled_from([SYSTEM_LOG, "run.googleapis.com/stderr"]),
    execution=st.sampled_from([SHORT_NAME, "", "another"]),
    task=st.sampled_from(["0", "1"]),
)
RULES = LogRules(expected=(Pattern("query ok", "query ok"),))


@settings(deadline=None)
@given(data=st.data(), lines=st.lists(LINES, unique_by=lambda line: line.time, max_size=20))
def test_entries_may_come_in_any_order_and_in_any_pages(data: st.DataObject, lines: list[LogEntry]) -> None:
    shuffled = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(0, len(lines)))
    reading = LogReading(RULES, SHORT_NAME)
    reading.feed(shuffled[:cut])
    reading.feed(shuffled[cut:])
    assert reading.facts(truncated=False) == read(lines, RULES)


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
        images=(),
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


def test_the_query_asks_for_errors_exits_patterns_and_what_has_no_label() -> None:
    rules = LogRules(failures=(Pattern("lost", r'clip "\d+" lost'),), expected=(Pattern("ok", "^query ok$"),))
    pattern = r'"(?:clip \"\\d+\" lost)|(?:^query ok$)"'
    assert log_filter(execution(), rules) == (
        f'{HEAD}((labels."run.googleapis.com/execution_name"="{SHORT_NAME}"'
        ' AND (severity>=ERROR OR log_id("run.googleapis.com/varlog/system")'
        f" OR textPayload=~{pattern}"
        f" OR jsonPayload.message=~{pattern}"
        f" OR jsonPayload.msg=~{pattern}"
        f" OR jsonPayload.event=~{pattern}"
        f" OR jsonPayload.error=~{pattern}"
        f" OR jsonPayload.exception=~{pattern}"
        f" OR jsonPayload.stack_trace=~{pattern}"
        f" OR jsonPayload.exc_info=~{pattern}"
        f" OR jsonPayload.traceback=~{pattern}"
        f")) OR {UNLABELLED})"
    )


def test_without_patterns_the_query_asks_for_errors_and_exits_alone() -> None:
    assert log_filter(execution(), NO_RULES) == (
        f'{HEAD}((labels."run.googleapis.com/execution_name"="{SHORT_NAME}"'
        f' AND (severity>=ERROR OR log_id("run.googleapis.com/varlog/system"))) OR {UNLABELLED})'
    )


def test_the_default_query_is_far_below_the_services_limit() -> None:
    assert len(log_filter(execution(), LogRules())) < 10_000


def literals(query: str) -> tuple[str, list[str]]:
    """The query with its quoted strings taken out, and what those say by the query language's own rules."""
    quoted = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
    escapes = {"n": "\n", "r": "\r"}
    said = [
        re.sub(r"\\(.)", lambda match: escapes.get(match.group(1), match.group(1)), text, flags=re.DOTALL)
        for text in quoted.findall(query)
    ]
    return quoted.sub("S", query), said


@settings(deadline=None)
@given(
    patterns=st.lists(st.text(min_size=1) | st.sampled_from(['"', "\\", '\\"', '") OR ("', "\n", "\r\n"]), min_size=1),
    job=st.text(st.characters(codec="ascii", exclude_characters="/"), min_size=1, max_size=20),
)
def test_no_pattern_or_name_breaks_out_of_its_quotes(patterns: list[str], job: str) -> None:
    plain, _ = literals(log_filter(execution(), LogRules(failures=(Pattern("plain", "plain"),))))
    rules = LogRules(failures=tuple(Pattern("any", pattern) for pattern in patterns))
    query, said = literals(log_filter(execution(job=job), rules))
    assert query == plain
    assert job in said
    assert said.count("|".join(f"(?:{pattern})" for pattern in patterns)) >= 9


def test_the_default_patterns_find_what_they_are_named_for() -> None:
    for pattern in DEFAULT_FAILURES:
        assert names_and_counts(read([entry(pattern.name)])) == [(pattern.name, 1)]


def test_a_huge_entry_is_searched_at_both_ends_and_what_is_cut_out_is_never_clean() -> None:
    rules = LogRules(failures=(Pattern("lost", "clip lost"),))
    noise = "x" * 40_000
    assert names_and_counts(read([entry(f"clip lost {noise}{noise}")], rules)) == [("lost", 1)]
    assert names_and_counts(read([entry(f"{noise}{noise} clip lost")], rules)) == [("lost", 1)]
    middle = read([entry(f"{noise} clip lost {noise}")], rules)
    assert middle.errors == ()
    assert middle.truncated
    assert not read([entry("x" * 30_000)], rules).truncated
