"""What a worker's logs say: errors folded with counts, in bounded memory, whatever the order of the entries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.counted import CountedText
from tests.unit.facts.logs.lines import (
    SHORT_NAME,
    START,
    STDERR,
    WARNING,
    entry,
    lines,
    names_and_counts,
    read,
    reread,
    structured_entry,
)
from verifier.facts.logs import ERROR, SYSTEM_LOG, LogEntry, LogFacts, LogReading, LogRules, Pattern, Unlabelled

MAPPERS = "One or more mappers failed to initialize"
TRACEBACK = "Traceback (most recent call last)"
STACK = f'{TRACEBACK}:\n  File "/app/worker.py", line 41, in run\n    rows = session.query(Clip)\n'
NO_RULES = LogRules(crash_words=False)


def test_lines_that_mean_nothing_are_no_errors() -> None:
    facts = read([entry("query ok"), entry("ERROR-free run"), entry("slow query", WARNING), entry("")])
    assert facts == LogFacts((), 0, frozenset(), frozenset(), unlabelled=0, truncated=False)


def test_the_mapper_errors_of_the_story_and_what_follows_from_them_are_one_error_named_by_its_first_cause() -> None:
    cause = "Mapper 'Mapper[Clip(clips)]' has no property 'tags'."
    failed = f"{MAPPERS} - can't proceed with initialization of other mappers. Original exception was: {cause}"
    entries = [entry(f"ERROR {failed}", second=30 + number) for number in range(7)]
    entries += [
        entry(f"{STACK}InvalidRequestError: {failed}", ERROR, second=7 + number, task="3") for number in range(7)
    ]
    (error,) = read(entries).errors
    assert (error.name, error.count) == (f"InvalidRequestError: {cause}", 14)
    assert (error.first, error.task, error.rule) == (START + timedelta(seconds=7), "3", "severity")
    assert [(folded.name, folded.count) for folded in error.folded] == [(f"ERROR {failed}", 7)]


def test_mapper_errors_that_only_say_that_one_failed_before_fold_into_the_first_that_says_why() -> None:
    entries = [
        entry(f"{MAPPERS}: attempt 1", second=1),
        entry(f"{STACK}InvalidRequestError: {MAPPERS} - can't proceed with initialization of other mappers.", ERROR),
        entry("When initializing mapper Mapper[Clip(clips)], expression 'Tag' failed to locate a name", second=2),
    ]
    (error,) = read(entries).errors
    assert error.name == "When initializing mapper Mapper[Clip(clips)], expression 'Tag' failed to locate a name"
    assert error.count == 3


def test_a_traceback_of_its_own_is_another_error() -> None:
    facts = read([entry(f"{STACK}KeyError: 'clip'", ERROR, second=1), entry(MAPPERS, second=2)])
    assert names_and_counts(facts) == [("KeyError: 'clip'", 1), (MAPPERS, 1)]


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
        ("x" * 500, "x" * 199 + "…"),
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
    assert error.excerpt == "x" * 3_999 + "…"


@pytest.mark.parametrize(
    "piece",
    ["x=1, token: a\n", "A", "(", "Error: ", "\n\tat a.b(C.java:1)", "thread 'a' panicked at 'b', ", "'\"", "1 "],
)
@pytest.mark.parametrize("severity", [0, ERROR])
def test_of_a_long_entry_sixteen_thousand_characters_are_read_at_each_end(piece: str, severity: int) -> None:
    """What hostile text costs is bounded by what is read of it; `tests/benchmarks/decoders.py` has what that costs."""
    text = CountedText("AError: boom\n" + piece * (400_000 // len(piece)))
    read([entry(text, severity)], LogRules(failures=(Pattern("lost", "clip lost"),)))
    assert text.taken == 32_000


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


def test_a_huge_entry_is_searched_at_both_ends_and_what_is_cut_out_is_never_clean() -> None:
    rules = LogRules(failures=(Pattern("lost", "clip lost"),))
    noise = "x" * 40_000
    assert names_and_counts(read([entry(f"clip lost {noise}{noise}")], rules)) == [("lost", 1)]
    assert names_and_counts(read([entry(f"{noise}{noise} clip lost")], rules)) == [("lost", 1)]
    middle = read([entry(f"{noise} clip lost {noise}")], rules)
    assert middle.errors == ()
    assert middle.truncated
    assert not read([entry("x" * 30_000)], rules).truncated


PYTHON_LINES = (
    "Traceback (most recent call last):",
    '  File "/app/jobs.py", line 41, in run',
    "    rows = load(path)",
    '  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode',
    "    raise JSONDecodeError(...)",
    "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
)


def test_a_crash_has_one_name_and_one_identity_whichever_way_it_was_delivered() -> None:
    (joined,) = read([entry("\n".join(PYTHON_LINES), ERROR)]).errors
    (split,) = read(lines(*PYTHON_LINES)).errors
    assert joined.name == split.name == PYTHON_LINES[-1]
    assert joined.identity == split.identity


def test_crashes_of_two_tasks_whose_lines_alternate_are_two_crashes_of_one_kind() -> None:
    both = [*lines(*PYTHON_LINES, task="0"), *lines(*PYTHON_LINES, task="1", second=0.00005)]
    facts = read(sorted(both, key=lambda line: line.time))
    assert names_and_counts(facts) == [(PYTHON_LINES[-1], 2)]


def test_the_line_that_a_logger_wrote_above_a_traceback_is_folded_into_it() -> None:
    facts = read(lines("ERROR worker: row 3 lost", *PYTHON_LINES))
    assert names_and_counts(facts) == [(PYTHON_LINES[-1], 2)]
    assert [folded.name for folded in facts.errors[0].folded] == ["ERROR worker: row 3 lost"]
    assert facts.errors[0].aliases == tuple(folded.identity for folded in facts.errors[0].folded)


def test_the_headline_of_a_traceback_that_means_nothing_is_an_error_of_its_own() -> None:
    rules = LogRules(ignored=(Pattern("json", "^json.decoder"),))
    facts = read(lines("ERROR worker: row 3 lost", *PYTHON_LINES, second=7, task="2"), rules)
    assert facts.ignored == (("json", 1),)
    (error,) = facts.errors
    assert (error.name, error.count, error.folded) == ("ERROR worker: row 3 lost", 1, ())
    assert (error.first, error.task, error.excerpt) == (START + timedelta(seconds=7), "2", error.name)
    assert (error.rule, error.level) == ("level-word", "ERROR")


def test_of_the_lines_that_announced_an_error_twenty_are_told() -> None:
    words = [f"ERROR {chr(97 + number)}{chr(98 + number)} lost" for number in range(23)]
    entries = [line for number, word in enumerate(words) for line in lines(word, *PYTHON_LINES, second=2 * number)]
    again = lines(words[0], *PYTHON_LINES, second=99)
    (error,) = read([*entries, *again]).errors
    assert sorted(folded.name for folded in error.folded) == words[:20]
    assert max(folded.count for folded in error.folded) == 2
    assert error.count == 24 + 21


def test_an_error_long_before_a_traceback_is_no_headline_of_it() -> None:
    facts = read([entry("ERROR worker: row 3 lost"), *lines(*PYTHON_LINES, second=1)])
    assert names_and_counts(facts) == [("ERROR worker: row 3 lost", 1), (PYTHON_LINES[-1], 1)]


def test_a_traceback_that_an_info_line_announced_with_its_own_words_is_no_error() -> None:
    story = f"INFO worker: trying again after {PYTHON_LINES[-1]}"
    facts = read(lines(story, *PYTHON_LINES))
    assert facts.errors == ()
    assert facts.ignored == (("announced by a calm line", 1),)


@pytest.mark.parametrize(
    ("before", "is_error"),
    [
        ("10:00:00.001 [main] DEBUG shop.Worker - no fast path, using the slow one", False),
        ("INFO:worker:attempt 1 failed, retrying", False),
        ("INFO:worker:row 3 is next", True),
        ("ERROR:worker:no rows", True),
        ("no rows", True),
    ],
)
def test_a_traceback_right_after_a_calm_line_of_trouble_is_that_lines_own(before: str, is_error: bool) -> None:
    assert bool(reread(lines(before, *PYTHON_LINES)).errors) is is_error


def test_a_single_reading_tells_where_a_second_one_must_look() -> None:
    entries = lines("DEBUG no fast path, using the slow one", *PYTHON_LINES)
    facts = read(entries)
    assert names_and_counts(facts) == [(PYTHON_LINES[-1], 1)]
    assert facts.unled == (entries[1].time,)


def test_an_exceptions_line_alone_after_a_calm_line_of_trouble_stays_an_error() -> None:
    """It was printed by somebody, and is no part of what a logger wrote."""
    entries = lines("DEBUG no fast path, using the slow one", PYTHON_LINES[-1])
    assert names_and_counts(reread(entries)) == [(PYTHON_LINES[-1], 1)]


def test_what_is_ignored_must_stand_in_the_errors_own_line() -> None:
    rules = LogRules(ignored=(Pattern("probe", "probe said"),))
    quoting = f'{TRACEBACK}:\n  File "a.py", line 1, in run\n    raise KeyError("probe said")\nKeyError: 7'
    facts = read([entry(quoting, ERROR), entry("probe said no", ERROR, second=1)], rules)
    assert names_and_counts(facts) == [("KeyError: 7", 1)]
    assert facts.ignored == (("probe", 1),)


def test_an_exception_that_was_being_handled_does_not_have_its_successor_ignored() -> None:
    rules = LogRules(ignored=(Pattern("reset", "^ConnectionResetError"),))
    handled = (
        f"{STACK}ConnectionResetError: peer\n\nDuring handling of the above exception, another exception occurred:"
    )
    assert read([entry(f"{STACK}ConnectionResetError: peer", ERROR)], rules).errors == ()
    assert len(read([entry(f"{handled}\n\n{STACK}NameError: name 'x' is not defined", ERROR)], rules).errors) == 1


def test_a_structured_entry_is_ignored_by_its_message_or_its_exceptions_line() -> None:
    payload = {"message": "could not warm the cache", "exc_info": f"{STACK}OSError: no cache"}
    for expression in ("^could not warm", "^OSError: no"):
        assert read([structured_entry(payload, ERROR)], LogRules(ignored=(Pattern("p", expression),))).errors == ()
    assert read([structured_entry(payload, ERROR)], LogRules(ignored=(Pattern("p", "session"),))).errors


def test_an_expected_line_is_told_with_the_logs_that_had_it() -> None:
    rules = LogRules(expected=(Pattern("query ok", "query ok"),))
    facts = read([entry("query ok"), entry("query ok", log="python"), entry("query ok", log="python")], rules)
    assert facts.seen_in == (("query ok", "python"), ("query ok", STDERR))


def test_an_expected_line_of_a_structured_entry_may_stand_in_any_of_its_text_fields() -> None:
    rules = LogRules(expected=(Pattern("query ok", r"query \w+"),))
    assert read([structured_entry({"level": "info", "fields": {"message": "query ok"}})], rules).seen == {"query ok"}


def test_lines_without_a_label_are_told_by_their_logs_and_by_whether_the_worker_could_have_written_them() -> None:
    reading = LogReading(LogRules(), SHORT_NAME, ran=(START, START + timedelta(minutes=5)))
    reading.feed(
        [
            entry("x", execution="", log="python", second=-1),
            entry("x", execution="", log="python", second=10),
            entry("x", execution="", log="python", second=400),
            entry("x", execution="", log=STDERR, second=10),
        ]
    )
    facts = reading.facts(truncated=False)
    assert facts.unlabelled_logs == (Unlabelled("python", 3, 1), Unlabelled(STDERR, 1, 0))
    assert (facts.unlabelled, facts.unlabelled_possible) == (4, 1)


def test_of_the_logs_of_lines_without_a_label_those_with_most_come_first() -> None:
    counts = {"a": 1, "b": 3, "c": 3, "d": 2}
    entries = [entry("x", execution="", log=log) for log, count in counts.items() for _ in range(count)]
    assert [log.log for log in read(entries).unlabelled_logs] == ["b", "c", "d", "a"]


def test_fifty_logs_of_lines_without_a_label_are_told_apart() -> None:
    facts = read([entry("x", execution="", log=f"log-{number}") for number in range(53)])
    assert (len(facts.unlabelled_logs), facts.unlabelled) == (51, 53)
    assert facts.unlabelled_logs[0] == Unlabelled("others", 3, 3)


def test_without_an_execution_every_entry_is_judged() -> None:
    reading = LogReading(LogRules(), None)
    reading.feed([entry("disk is full", ERROR, execution=""), entry("disk is full", ERROR, execution="another")])
    assert names_and_counts(reading.facts(truncated=False)) == [("disk is full", 2)]


def test_each_error_tells_the_rule_and_the_level_by_which_it_is_one() -> None:
    rules = LogRules(failures=(Pattern("lost clips", "clips? lost"),))
    entries = [
        entry("disk is full", 600),
        structured_entry({"level": "error", "msg": "no tenant"}),
        entry("FATAL no database", second=1),
        entry("3 clips lost", second=2),
        entry("Caused by: java.net.ConnectException: refused", second=3),
    ]
    assert {(error.name, error.rule, error.level) for error in read(entries, rules).errors} == {
        ("disk is full", "severity", "CRITICAL"),
        ("no tenant", "level-field", "ERROR"),
        ("FATAL no database", "level-word", "CRITICAL"),
        ("lost clips", "fail-pattern", ""),
        ("Caused by: java.net.ConnectException: refused", "java-cause", ""),
    }


def test_a_team_s_pattern_outranks_a_calm_level_and_known_noise() -> None:
    rules = LogRules(failures=(Pattern("debconf", "^debconf"), Pattern("lost", "lost")))
    assert len(read([entry("INFO 3 clips lost"), entry("debconf: no terminal")], rules).errors) == 2


def test_as_many_kinds_are_named_as_were_asked_for() -> None:
    reading = LogReading(LogRules(), SHORT_NAME, most=2)
    reading.feed(entry(f"{word} broke", ERROR) for word in ("disk", "net", "clock", "fan"))
    facts = reading.facts(truncated=False)
    assert (len(facts.errors), facts.more_errors) == (2, 2)


def test_a_name_and_an_excerpt_hold_no_secret() -> None:
    (error,) = read([entry("ERROR login with password=hunter2hunter2 failed")]).errors
    assert "hunter2" not in error.name + error.excerpt


def test_a_line_of_a_longer_secret_is_no_name() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nKeyError: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
    (error,) = read([entry(f"{STACK}{key}", ERROR)]).errors
    assert "MIIEvQ" not in error.name + error.excerpt


def test_thousands_of_split_tracebacks_are_counted_in_little_memory() -> None:
    reading = LogReading(LogRules(), SHORT_NAME)
    for number in range(1_000):
        reading.feed(lines(*PYTHON_LINES, second=number))
    facts = reading.facts(truncated=False)
    assert names_and_counts(facts) == [(PYTHON_LINES[-1], 1_000)]
    assert sum(len(pieces) for pieces in reading._waiting.values()) == 0
