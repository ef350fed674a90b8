"""`verifier logs`, from its words to its exit code, over files and standard input."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.unit.history.log_documents import JOB, LOG, entry
from verifier import __version__
from verifier.cli import main

TENANT, LESSON = "ERROR worker: no tenant 17", "KeyError: 'lesson'"
WORKER = f'[[worker]]\ntrigger = "main"\njob = "{JOB}"\n'
PLAIN = "starting\n2026-01-01 ERROR worker: boom\npanic: no tenant\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:5\n"


def run(*words: str | Path, given: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["logs", *map(str, words)], input=given)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(tmp_path, LOG)


def written(folder: Path, values: Any, name: str = "log.json") -> Path:
    file = folder / name
    file.write_text(values if isinstance(values, str) else json.dumps(values, indent=1))
    return file


def found(result: Result) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_errors_are_told_with_their_rule_and_how_to_accept_them(log: Path) -> None:
    result = run(log)
    lines = result.stdout.splitlines()
    tenant, lesson = (error["identity"] for error in found(run(log, "--json"))["errors"])
    until = lines[-1]
    assert (result.exit_code, result.stderr) == (3, "")
    assert until.startswith("      until = 20")
    assert lines == [
        f"{log}: 5 entries, 2 errors",
        f"  ✗ {TENANT}",
        f"      ×1, first at 2026-11-23T02:00:02.000000Z; by the rule level-word (ERROR); identity {tenant}",
        f"  ✗ {LESSON}",
        f"      ×1, first at 2026-11-23T02:00:04.000000Z; by the rule severity (ERROR); identity {lesson}",
        "      | Traceback (most recent call last):",
        '      | File "/srv/w.py", line 3, in run',
        "      | f()",
        f"      | {LESSON}",
        "  · ignored ×1: debian-without-terminal",
        "  to accept an error for a while, put this into policy.toml, with its identity and a reason:",
        "      [[accept]]",
        f'      error = "{tenant}"',
        '      reason = "WHY"',
        until,
    ]


def test_what_is_pasted_from_it_accepts_the_error(log: Path, tmp_path: Path) -> None:
    policy = written(tmp_path, f"{WORKER}", "policy.toml")
    lines = run(log, "--policy", policy).stdout.splitlines()
    written(tmp_path, WORKER + "\n".join(lines[lines.index("      [[accept]]") :]), "policy.toml")
    result = run(log, "--policy", policy)
    assert f"  · {TENANT}" in result.stdout.splitlines()
    assert "      accepted until " in result.stdout
    assert 'worker = "main"' in lines[-4]


def test_json_has_one_line_a_file_in_the_shape_that_scripts_read(log: Path) -> None:
    document = found(run(log, "--json"))
    (first, second) = document["errors"]
    assert document.pop("origin") | {"generated": ""} == {
        "generated": "",
        "version": __version__,
        "policy": None,
        "scope": str(log),
        "problems": [],
    }
    assert {key: value for key, value in document.items() if key != "errors"} == {
        "file": str(log),
        "entries": 5,
        "more_errors": 0,
        "ignored": [{"name": "debian-without-terminal", "count": 1}],
        "expected": {"seen": [], "missing": []},
        "new": None,
        "known": None,
        "gone": None,
        "endings": [],
    }
    assert {key: value for key, value in first.items() if key != "identity"} == {
        "name": TENANT,
        "rule": "level-word",
        "level": "ERROR",
        "count": 1,
        "first": "2026-11-23T02:00:02.000000Z",
        "line": None,
        "job": JOB,
        "task": "0",
        "excerpt": TENANT,
        "folded": [],
        "accepted": None,
    }
    assert second["name"] == LESSON
    assert [len(error["identity"]) for error in (first, second)] == [16, 16]


@pytest.mark.parametrize("form", ["array", "lines", "gzip", "page", "standard input", "folder", "utf-16"])
def test_entries_are_read_in_every_form_that_exports_have(form: str, tmp_path: Path) -> None:
    file, given = tmp_path / "log.jsonl", b""
    whole = json.dumps(LOG)
    match form:
        case "lines":
            file.write_text("\n".join(json.dumps(one) for one in LOG))
        case "gzip":
            file.write_bytes(gzip.compress(whole.encode()))
        case "page":
            file.write_text(json.dumps({"entries": LOG}))
        case "utf-16":
            file.write_bytes(whole.encode("utf-16"))
        case _:
            file.write_text(whole)
    if form == "standard input":
        given = whole.encode()
    place = "-" if form == "standard input" else tmp_path if form == "folder" else file
    result = run(place, "--json", given=given)
    assert [error["name"] for error in found(result)["errors"]] == [TENANT, LESSON]
    assert (result.exit_code, result.stderr) == (3, "")


def test_a_clean_log_is_exit_code_zero(tmp_path: Path) -> None:
    result = run(written(tmp_path, LOG[:1]))
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/log.json: 1 entry, no errors\n")


def test_a_missing_expected_line_is_exit_code_three(tmp_path: Path) -> None:
    policy = written(tmp_path, WORKER + 'expect = ["query ok", "bye"]', "policy.toml")
    result = run(written(tmp_path, [LOG[0], LOG[2]]), "--policy", policy)
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1:] == ["  ✓ seen: query ok", "  ✗ never seen: bye"]


def test_a_plain_text_is_judged_a_line_an_entry(tmp_path: Path) -> None:
    text = written(tmp_path, PLAIN, "plain.txt")
    (error,) = found(run("--text", text, "--json"))["errors"]
    assert (error["name"], error["rule"], error["line"], error["first"]) == ("panic: no tenant", "go-panic", 3, None)
    assert [part["name"] for part in error["folded"]] == ["2026-01-01 ERROR worker: boom"]
    assert "×2, line 3; by the rule go-panic" in run("--text", text).stdout


def test_a_rule_that_policy_switches_off_finds_nothing(tmp_path: Path) -> None:
    policy = written(tmp_path, '[logs]\noff = ["go-panic"]', "policy.toml")
    text = written(tmp_path, "panic: no tenant\n", "plain.txt")
    assert run("--text", text).exit_code == 3
    assert run("--text", text, "--policy", policy).exit_code == 0


def test_a_workers_patterns_are_taken_by_its_trigger_or_its_job(tmp_path: Path) -> None:
    policy = written(tmp_path, WORKER + 'fail = ["half a lesson"]', "policy.toml")
    text = written(tmp_path, "took half a lesson\n", "plain.txt")
    assert run("--text", text, "--policy", policy).exit_code == 0
    for worker in ("main", "content-worker"):
        assert run("--text", text, "--policy", policy, "--worker", worker).exit_code == 3


def test_bytes_that_are_no_utf_8_stop_nothing(tmp_path: Path) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes(b"\xff\xfe\x80 ERROR worker: caf\xe9 is closed\n\x80\xe9 ok\n")
    file.write_bytes(file.read_bytes()[2:])
    result = run("--text", file)
    assert result.exit_code == 3
    assert "2 entries, 1 error" in result.stdout


def test_of_a_folder_the_files_of_its_kind_are_read_and_others_told(log: Path) -> None:
    written(log.parent, PLAIN, "plain.log")
    entries, lines = run(log.parent), run("--text", log.parent)
    assert entries.stdout.startswith(f"{log}: 5 entries")
    assert lines.stdout.startswith(f"{log.parent}/plain.log: 6 entries")
    assert "1 of its entries are not read (plain.log)" in entries.stderr
    assert "1 of its entries are not read (log.json)" in lines.stderr


def test_with_a_baseline_only_new_errors_fail(log: Path, tmp_path: Path) -> None:
    before = written(tmp_path, [LOG[1], entry(9, "ERROR worker: disk is full")], "before.json")
    result = run(log, "--baseline", before)
    assert result.exit_code == 3
    assert "  ✗ known  " + TENANT in result.stdout
    assert "  ✗ NEW  " + LESSON in result.stdout
    assert "  since the baseline: 1 new, 1 known, 1 gone" in result.stdout.splitlines()
    document = found(run(log, "--baseline", before, "--json"))
    assert [len(document[key]) for key in ("new", "known", "gone")] == [1, 1, 1]
    assert run(log, "--baseline", log).exit_code == 0
    assert run(log, "--baseline", log, "--fail-on", "any").exit_code == 3


def test_with_a_baseline_errors_that_are_not_named_may_be_new(tmp_path: Path) -> None:
    many = written(tmp_path, [entry(at % 60, f"ERROR worker: {'x' * at} is wrong") for at in range(1, 304)])
    result = run(many, "--baseline", many)
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        f"note: {many}: it has more errors than are named: an error may be called new that was there",
        f"{many}: there are more errors than are named, and any of them may be new",
    ]


def broken(name: str, folder: Path) -> str | list[Any]:
    whole = json.dumps(LOG)
    match name:
        case "half":
            return whole[:-60]
        case "page":
            return json.dumps({"entries": LOG, "nextPageToken": "a"})
        case "number":
            return [*LOG, 7]
        case "resource":
            return [*LOG, entry(9, "x") | {"resource": {"type": "gce_instance"}}]
        case "timestamp":
            return [*LOG, {key: value for key, value in LOG[0].items() if key != "timestamp"}]
        case "name":
            return [*LOG, {"textPayload": "x"}]
    raise ValueError(folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("half", "line 1: expected a document, but the file was cut off in the midst of it"),
        ("page", "line 1: this is one page of a listing, and it has a nextPageToken"),
        ("number", "line 99: expected an object, got int"),
        ("resource", "document 6: expected entries of a Cloud Run job (cloud_run_job), got the resource gce_instance"),
        ("timestamp", "document 6: expected a log entry with a timestamp, got none"),
        ("name", "document 6: expected a log entry with a logName, got none"),
    ],
)
def test_what_is_no_entry_is_one_line_and_exit_code_two_and_the_rest_is_judged(
    name: str, said: str, tmp_path: Path
) -> None:
    file = written(tmp_path, broken(name, tmp_path))
    result = run(file, "--json")
    assert result.exit_code == 2
    assert [error["name"] for error in found(result)["errors"]] == [TENANT, LESSON]
    (line,) = result.stderr.splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["log.json: expected what gcloud ... list --format=json prints, got an empty file"]),
        ("[]", ["note: log.json: an empty list", "log.json: expected log entries, found none"]),
        ("hello\nERROR x\n", ["log.json, line 1: expected a document, got text that is not JSON (Expecting value)"]),
    ],
)
def test_no_entries_are_never_taken_for_clean(text: str, said: list[str], tmp_path: Path) -> None:
    result = run(written(tmp_path, text))
    assert result.exit_code == 2
    assert result.stdout.endswith("log.json: 0 entries, no errors\n")
    told = [line.replace(f"{tmp_path}/", "") for line in result.stderr.splitlines()]
    assert [line.partition(";")[0] for line in told if "--text" not in line] == said


def test_what_is_not_json_is_told_how_it_can_be_judged(tmp_path: Path) -> None:
    result = run(written(tmp_path, PLAIN))
    assert result.stderr.splitlines()[-1].endswith("the plain output of a program is judged with --text")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_that_cannot_be_read_stops_no_other(log: Path, ending: str) -> None:
    other = log.parent / f"other.json{ending}"
    if ending:
        other.write_bytes(gzip.compress(log.read_bytes() * 99)[:-20])
    result = run(other, log)
    assert result.exit_code == 2
    assert f"{log}: 5 entries, 2 errors" in result.stdout
    assert f"{other}: expected a readable file, got: " in result.stderr


def test_a_baseline_that_cannot_be_read_is_never_taken_for_empty(log: Path, tmp_path: Path) -> None:
    for before in (tmp_path / "none.json", written(tmp_path, "", "empty.json")):
        result = run(log, "--baseline", before)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"Error: {before}: expected log entries to compare with, found none" in result.stderr
    half = written(tmp_path, json.dumps(LOG)[:-60], "half.json")
    assert run(log, "--baseline", half).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected files with log entries or --job REGION/JOB, got neither"),
        (["-", "--job", "eu/x"], "expected files with log entries or --job REGION/JOB, got both"),
        (["-", "-"], "expected - (standard input) once, got it 2 times"),
        (["-", "--baseline", "-"], "expected - (standard input) once, got it 2 times"),
        (["--job", "eu/x", "--text"], "expected --text with files alone, got it with --job"),
        (["-", "--fail-on", "new"], "--fail-on new: expected --baseline FILE with the entries of before, got none"),
        (["--job", "x", "--project", "p-123456"], "--job: expected REGION/JOB as in us-central1/content-worker"),
        (["-", "--worker", "other"], "expected the trigger or the job of one of the policy's workers (none"),
    ],
)
def test_words_that_contradict_each_other_stop_it(words: list[str], said: str) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr


def test_a_wrong_policy_stops_it_with_each_problem_and_the_nearest_rule(log: Path, tmp_path: Path) -> None:
    policy = written(tmp_path, '[logs]\noff = ["go-panics"]\nfail = ["(("]\n', "policy.toml")
    result = run(log, "--policy", policy)
    assert result.exit_code == 2
    assert "logs.off[1]: expected the name of a rule" in result.stderr
    assert "the nearest: go-panic" in result.stderr
    assert "logs.fail[1]: expected a regular expression that RE2 takes (missing ): (()" in result.stderr


def started(log: Path, encoding: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "verifier", "logs", str(log)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)


def test_a_terminal_that_lacks_characters_is_given_escapes(log: Path) -> None:
    done = started(log, "latin-1", subprocess.PIPE)
    assert (done.returncode, done.stderr) == (3, b"")
    assert rb"  \u2717 ERROR worker: no tenant 17" in done.stdout.splitlines()


def test_a_full_disk_is_one_line_and_exit_code_two(log: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = started(log, "utf-8", full.fileno())
    assert done.returncode == 2
    assert done.stderr.splitlines() == [b"Error: expected to write standard output, got: No space left on device"]
