"""The corpus of logs is well formed, and can be delivered in both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from google.cloud.logging_v2.types import LogEntry as LogEntryMessage
from google.protobuf.json_format import ParseDict

from tests.corpus.logs.delivery import joined, split
from tests.corpus.logs.programs import programs
from tests.corpus.logs.runtimes import runtime_of
from tests.corpus.logs.score import Alarms, JudgedSequence, alarm_table, false_alarms, score, table
from tests.corpus.logs.sequences import KINDS, SEQUENCES, Sequence, WrittenLine, read, row_of, sequences
from verifier.services import Document

ALL = sequences()
IN_PYTHON = (
    "ERROR:root:message 8 dropped",
    "Traceback (most recent call last):",
    '  File "main.py", line 4, in <module>',
    "    import_row(8)",
    "KeyError: 'tenant'",
    "INFO:root:done",
)


def sequence(*lines: str, exit_code: int = 0, stream: str = "stderr") -> Sequence:
    written = tuple(WrittenLine("stdout" if stream == "stdout" else "stderr", line) for line in lines)
    return Sequence("one", "python", "logging", "error", "stack", "a message was lost", exit_code, written)


def texts(entries: tuple[Document, ...]) -> list[object]:
    return [entry.get("textPayload", entry.get("jsonPayload")) for entry in entries]


def severities(entries: tuple[Document, ...]) -> list[object]:
    return [entry.get("severity") for entry in entries]


def test_it_is_large_and_has_both_truths() -> None:
    benign = sum(one.truth == "benign" for one in ALL)
    assert len(ALL) >= 300
    assert 0.35 < benign / len(ALL) < 0.45
    assert sum(one.silent_error for one in ALL) > 0.7 * (len(ALL) - benign)


def test_it_has_many_languages_and_loggers_and_each_kind() -> None:
    assert len({one.language for one in ALL}) >= 25
    assert len({one.logger for one in ALL}) >= 100
    assert min(Counter(one.kind for one in ALL)[kind] for kind in KINDS) >= 3


def test_names_are_unique() -> None:
    assert len({one.id for one in ALL}) == len(ALL)


def test_each_sequence_says_something() -> None:
    assert [one.id for one in ALL if not any(line.text.strip() for line in one.lines) and one.exit == 0] == []
    assert [one.id for one in ALL if not one.why] == []
    assert [one.id for one in ALL if any("\n" in line.text for line in one.lines)] == []


def test_a_program_that_ends_with_another_code_is_an_error() -> None:
    assert [one.id for one in ALL if one.exit != 0 and one.truth == "benign"] == []
    assert [one.id for one in ALL if one.exit == 0 and one.kind == "exit"] == []


def test_each_sequence_is_that_of_a_program_as_it_is_written_now() -> None:
    written = {one.id: (one.language, one.logger, one.truth, one.kind, one.why) for one in programs()}
    assert {one.id: (one.language, one.logger, one.truth, one.kind, one.why) for one in ALL} == written


def test_each_program_has_a_runtime() -> None:
    assert all(runtime_of(program.part).run for program in programs())


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in SEQUENCES.iterdir()) < 3_000_000


@pytest.mark.parametrize("deliver", [joined, split])
def test_every_sequence_becomes_entries_as_the_library_reads_them(
    deliver: Callable[[Sequence], tuple[Document, ...]],
) -> None:
    for one in ALL:
        entries = deliver(one)
        for entry in entries:
            ParseDict(dict(entry), LogEntryMessage.pb()())
        moments = [entry["timestamp"] for entry in entries]
        assert moments == sorted(moments), one.id
        assert len({entry["insertId"] for entry in entries}) == len(entries), one.id


def test_nothing_of_a_sequence_is_lost_when_it_is_joined() -> None:
    for one in ALL:
        whole, pieces = joined(one), split(one)
        for stream in ("stdout", "stderr"):
            assert words(whole, stream) == words(pieces, stream), one.id


def words(entries: tuple[Document, ...], stream: str) -> list[str]:
    of_it = [entry for entry in entries if entry["logName"].endswith(stream)]
    return " ".join(str(text) for text in texts(tuple(of_it))).split()


def test_what_is_read_is_what_was_written() -> None:
    file = next(iter(sorted(SEQUENCES.glob("*.jsonl"))))
    assert "".join(f"{row_of(one)}\n" for one in read(file)) == file.read_text(encoding="utf-8")


def test_a_traceback_is_one_entry_of_severity_error_where_it_is_joined() -> None:
    entries = joined(sequence(*IN_PYTHON))
    assert texts(entries) == [IN_PYTHON[0], "\n".join(IN_PYTHON[1:5]), IN_PYTHON[5], "Container called exit(0)."]
    assert severities(entries) == [None, "ERROR", None, "INFO"]


def test_a_traceback_is_an_entry_a_line_where_it_is_split() -> None:
    entries = split(sequence(*IN_PYTHON))
    assert texts(entries) == [*IN_PYTHON, "Container called exit(0)."]
    assert severities(entries) == [None] * 6 + ["INFO"]


@pytest.mark.parametrize(
    "stack",
    [
        ("Error: no lease", "    at renew (/srv/app/main.js:4:9)", "    at main.js:9:1"),
        ("java.lang.IllegalStateException: row 4", "\tat Main.main(Main.java:9)", "Caused by: x.Y: z", "\t... 2 more"),
        ("panic: no tenant", "", "goroutine 1 [running]:", "main.main()", "\t/srv/app/main.go:3 +0x1d"),
        ("main.rb:1:in `fetch': key not found (KeyError)", "\tfrom main.rb:2:in `<main>'"),
        ("PHP Fatal error:  Uncaught X: y in a.php:2", "Stack trace:", "#0 {main}", "  thrown in a.php on line 2"),
    ],
    ids=["node", "java", "go", "ruby", "php"],
)
def test_a_stack_of_another_language_is_one_entry_too(stack: tuple[str, ...]) -> None:
    entries = joined(sequence("start", *stack, "end"))
    assert texts(entries)[:3] == ["start", "\n".join(stack), "end"]
    assert severities(entries)[:3] == [None, "ERROR", None]


def test_a_line_that_names_an_error_without_a_stack_stays_a_line_of_text() -> None:
    assert severities(joined(sequence("ValueError: x", "next line"))) == [None, None, "INFO"]


def test_a_json_line_is_structured_and_only_its_severity_is_taken() -> None:
    entries = joined(sequence('{"severity": "error", "msg": "a"}', '{"level": "error"}', '{"severity": "bad"}', "{1}"))
    assert texts(entries)[:4] == [{"msg": "a"}, {"level": "error"}, {"severity": "bad"}, "{1}"]
    assert severities(entries)[:4] == ["ERROR", None, None, None]


@pytest.mark.parametrize(
    ("code", "last", "severity"),
    [
        (0, "Container called exit(0).", "INFO"),
        (3, "Container called exit(3).", "WARNING"),
        (-6, "Container terminated on signal 6.", "WARNING"),
    ],
)
def test_the_system_tells_how_it_ended(code: int, last: str, severity: str) -> None:
    entry = split(sequence("x", exit_code=code))[-1]
    assert (entry["textPayload"], entry["severity"]) == (last, severity)
    assert entry["logName"].endswith("run.googleapis.com%2Fvarlog%2Fsystem")


def test_the_score_counts_silent_errors_and_false_alarms_by_delivery() -> None:
    (found,) = score([sequence(*IN_PYTHON)])
    assert (found.joined, found.split) == (True, True)
    ordinary = Sequence("two", "go", "log", "benign", "zero", "nothing", 0, (WrittenLine("stderr", "0 errors"),))
    lines = table([found, JudgedSequence(ordinary, joined=True, split=False)], "language").splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["go", "–", *"1/ 1 = 100%, 0/ 1 = 0%".split()],
        ["python", *"1/ 1 = 100%, 1/ 1 = 100%".split(), "–"],
        ["all", *"1/ 1 = 100%, 1/ 1 = 100%".split(), *"1/ 1 = 100%, 0/ 1 = 0%".split()],
    ]


def test_what_is_flagged_in_successful_output_is_counted_by_delivery(tmp_path: Path) -> None:
    (tmp_path / "build.log").write_text("\n".join([*IN_PYTHON, IN_PYTHON[1]]))
    (tmp_path / "install.log").write_text("ok\n")
    (build, install) = false_alarms(tmp_path)
    assert build == Alarms("build", 7, 3, 3, ("Traceback (most recent call last):",) * 2)
    assert install == Alarms("install", 1, 0, 0, ())
    assert alarm_table([build, install]).splitlines()[-1].split() == ["all", "8", "3,", "3"]
