"""Attacks on the worker's evidence: what each must come to, and that none talks a VERIFIED out of the verifier.

Whoever plays them may run the job, change it, push to its image's tag, write log entries in its project, or post in the
channel. None of them can read the ledger before a start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf import json_format

from tests.story.harness import CLEAN, FIXED, IMAGE, JOB, POLICY, PROJECT, REGION, Harness, harness_with_logs
from tests.story.test_hardening import Instead, rewire
from verifier.adapters.slack import EVENT_TYPE
from verifier.checks.policy import Worker
from verifier.facts.build import BuildKey
from verifier.facts.execution import BUILD_VARIABLE, NONCE_VARIABLE, Execution
from verifier.facts.logs import Pattern
from verifier.standin.faults import Fault
from verifier.standin.job_book import JobPath, Overrides
from verifier.standin.messages import LogEntry
from verifier.standin.script import Line, Script, Sidecar
from verifier.times import show_time

__all__ = ["harness_with_logs"]

PLACE = JobPath(PROJECT, REGION, JOB.job)
SYSTEM, STDOUT, PYTHON = "run.googleapis.com%2Fvarlog%2Fsystem", "run.googleapis.com%2Fstdout", "python"
TRACEBACK = "Traceback (most recent call last):\n  File \"worker.py\", line 7, in run\nKeyError: 'tenant'"
OK = Line(at=1.0, text="query ok")
NEVER_READABLE = 86_400.0


def started(harness: Harness) -> BuildKey:
    """Return a build that was announced, and whose worker runs."""
    key = harness.triggered()
    harness.announce(key)
    return key


def ended(harness: Harness, key: BuildKey, minutes: int = 14) -> str | None:
    """Return the verdict, after its end was announced and the deadlines have passed."""
    harness.clock.advance(20)
    harness.finish(key)
    harness.live(minutes)
    return harness.verdict(key)


def forge(harness: Harness, env: Mapping[str, str], **overrides: Any) -> str:
    """Start the job as somebody else; the execution's full name."""
    return harness.cloud.run_job(PLACE, Overrides(env, **overrides)).full_name


def write(
    harness: Harness, text: str, *, log: str = SYSTEM, execution: str = "", at: float = 0.0, **labels: str
) -> None:
    """Write a log entry of the job as somebody else, so many seconds from now."""
    moment = show_time(harness.clock() + timedelta(seconds=at))
    named = {
        "run.googleapis.com/execution_name": execution,
        "run.googleapis.com/task_index": "0",
        "run.googleapis.com/task_attempt": "0",
    }
    entry = {
        "logName": f"projects/{PROJECT}/logs/{log}",
        "insertId": f"forged-{text}-{at}",
        "resource": {
            "type": "cloud_run_job",
            "labels": {"project_id": PROJECT, "job_name": JOB.job, "location": REGION},
        },
        "timestamp": moment,
        "receiveTimestamp": moment,
        "labels": (named if execution else {}) | labels,
        "textPayload": text,
    }
    harness.cloud.put_entries([json_format.ParseDict(entry, LogEntry())])


def short(harness: Harness, key: BuildKey) -> str:
    """Return the short name of the execution that counts."""
    return harness.record(key).execution.rpartition("/")[2]


def worker(harness: Harness, **changes: Any) -> None:
    """Let policy have another worker."""
    changed: Worker = replace(POLICY.workers[0], **changes)
    harness.use(replace(POLICY, workers=(changed,)))


def seen(harness: Harness, key: BuildKey, check: str) -> str:
    judgement = harness.record(key).judgement
    assert judgement is not None
    return next(finding.seen for finding in judgement.findings if str(finding.check) == check)


# 1 to 8: another execution is put in the place of ours


def test_1_an_execution_that_names_our_build_is_not_adopted_when_our_request_was_lost(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "before"))
    key = started(harness)
    forged = forge(harness, {BUILD_VARIABLE: key.name})
    harness.live(4)
    assert harness.record(key).execution not in {"", forged}
    assert ended(harness, key) == "INCONCLUSIVE"
    assert forged in seen(harness, key, "worker_started")


def test_2_a_nonce_that_was_guessed_is_not_adopted(harness: Harness) -> None:
    harness.faults.add(Fault("RunJob", "before"))
    key = started(harness)
    forged = forge(harness, {BUILD_VARIABLE: key.name, NONCE_VARIABLE: "nonce-1"})
    harness.live(4)
    assert harness.record(key).nonce != "nonce-1"
    assert harness.record(key).execution not in {"", forged}
    assert ended(harness, key) == "INCONCLUSIVE"


def test_3_a_nonce_that_was_read_off_our_execution_is_replayed_in_vain(harness: Harness) -> None:
    harness.job(Script(exit_code=1))
    harness.faults.add(Fault("RunJob", "after"))
    key = started(harness)
    (ours,) = harness.cloud.jobs.runs()
    harness.clock.advance(5)
    harness.job(CLEAN)
    forged = forge(harness, dict(ours.env))
    harness.live(2)
    assert harness.record(key).execution == ours.full_name
    assert ended(harness, key) == "INCONCLUSIVE"
    assert forged in seen(harness, key, "worker_started")


def test_4_an_older_execution_of_a_good_build_does_not_count_for_this_one(harness: Harness) -> None:
    good = started(harness)
    assert ended(harness, good, 2) == "VERIFIED"
    harness.job(Script(exit_code=1))
    harness.faults.add(Fault("RunJob", "after"))
    key = started(harness)
    harness.live(2)
    assert harness.record(key).execution != harness.record(good).execution
    assert ended(harness, key) == "FAILED"


def test_5_a_job_that_sets_our_variables_itself_can_not_speak_for_a_build(harness: Harness) -> None:
    """Every run of the job, whoever starts it, names the build that is to come."""
    key = harness.triggered()
    harness.job(CLEAN, env={BUILD_VARIABLE: key.name, NONCE_VARIABLE: ""})
    forged = forge(harness, {})
    harness.faults.add(Fault("RunJob", "before"))
    harness.announce(key)
    harness.live(4)
    assert harness.record(key).execution not in {"", forged}
    assert ended(harness, key) == "INCONCLUSIVE"


def test_6_a_message_that_another_execution_ended_ends_nothing(harness: Harness) -> None:
    harness.job(Script(runs=600.0, lines=(OK,)))
    key = started(harness)
    harness.job(CLEAN)
    forge(harness, {BUILD_VARIABLE: key.name})
    harness.clock.advance(20)
    for _ in range(3):
        harness.finish(key)
        harness.live(1)
    assert harness.verdict(key) is None
    harness.live(12)
    assert harness.verdict(key) == "VERIFIED"
    assert short(harness, key) in seen(harness, key, "worker_started")


def test_7_an_execution_that_ran_other_arguments_proves_nothing(harness: Harness) -> None:
    """The job's container ignores what it is asked for: `--version` succeeds with any image."""
    worker(harness, args=("--once",))
    jobs = harness.deployment.services.jobs

    def observe(execution: str, *, timeout: float) -> Execution:
        found = jobs.observe(execution, timeout=timeout)
        return replace(found, containers=(replace(found.containers[0], args=("--version",)),))

    rewire(harness, jobs=Instead(jobs, observe=observe))
    key = started(harness)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert "other arguments" in seen(harness, key, "worker_started")


def test_8_a_worker_that_never_ran_hides_behind_a_sidecar_that_did(harness: Harness) -> None:
    """The job's `main` runs something old; what was built runs beside it, and says what is expected."""
    old = f"{IMAGE}-old@sha256:{'0d' * 32}"
    key = harness.triggered()
    digest = f"sha256:{1:064x}"
    sidecar = Sidecar("proxy", f"{IMAGE}@{digest}")
    harness.job(CLEAN, image=old, container="main", sidecars=[sidecar])
    worker(harness, container="main")
    harness.announce(key)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert harness.findings(key)["worker_ran_the_built_image"] == "could-not-check"


# 9 to 11: another image is put in the place of ours


def test_9_a_tag_that_was_moved_before_the_start_is_seen(harness: Harness) -> None:
    key = harness.triggered()
    harness.cloud.tag(f"{IMAGE}:latest", f"sha256:{'bad0' * 16}")
    harness.announce(key)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert "no known build made what ran" in seen(harness, key, "worker_ran_the_built_image")


def test_10_a_job_that_is_pinned_to_an_image_that_works_does_not_show_that_this_one_does(harness: Harness) -> None:
    good = started(harness)
    assert ended(harness, good, 2) == "VERIFIED"
    harness.job(CLEAN, image=f"{IMAGE}@sha256:{1:064x}")
    key = started(harness)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert "superseded" in seen(harness, key, "worker_ran_the_built_image")


def test_11_a_good_build_that_moves_the_tag_back_does_not_make_a_bad_one_good(harness: Harness) -> None:
    bad = harness.triggered("0bad" * 10)
    good = harness.triggered(FIXED)
    harness.announce(good)
    harness.announce(bad)
    harness.clock.advance(20)
    for key in (good, bad):
        harness.finish(key)
    harness.live(3)
    assert harness.verdict(good) == "VERIFIED"
    assert harness.verdict(bad) == "INCONCLUSIVE"


# 12 to 19: logs that somebody else wrote, or that the worker wrote about itself


def test_12_an_exit_line_that_the_worker_prints_itself_ends_no_attempt(harness: Harness) -> None:
    harness.job(Script(lines=(OK,), visible_after=NEVER_READABLE))
    key = started(harness)
    for at, text in enumerate(("query ok", "Container called exit(0).")):
        write(harness, text, log=STDOUT, execution=short(harness, key), at=at)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert harness.findings(key)["logs_are_complete"] == "could-not-check"


def test_13_an_exit_line_in_a_log_of_a_client_library_ends_no_attempt(harness: Harness) -> None:
    harness.job(Script(lines=(OK,), visible_after=NEVER_READABLE))
    key = started(harness)
    write(harness, "Container called exit(0).", log=PYTHON, execution=short(harness, key))
    assert ended(harness, key) == "INCONCLUSIVE"


def test_14_an_exit_line_of_another_execution_ends_no_attempt_of_ours(harness: Harness) -> None:
    harness.job(Script(lines=(OK,), visible_after=NEVER_READABLE))
    key = started(harness)
    write(harness, "Container called exit(0).", execution="another-x7k2p")
    write(harness, "query ok", log=STDOUT, execution="another-x7k2p")
    assert ended(harness, key) == "INCONCLUSIVE"


def test_15_an_exit_line_of_a_sidecar_ends_no_attempt_of_the_worker(harness: Harness) -> None:
    worker(harness, container="main")
    sidecar = Sidecar("proxy", f"gcr.io/cloud-sql/proxy@sha256:{'7f' * 32}")
    harness.job(replace(CLEAN, visible_after=NEVER_READABLE), container="main", sidecars=[sidecar])
    key = started(harness)
    write(harness, "query ok", log=STDOUT, execution=short(harness, key), container_name="main")
    write(harness, "Container called exit(0).", execution=short(harness, key), container_name="proxy")
    assert ended(harness, key) == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("log", "execution"), [(STDOUT, "another-x7k2p"), (PYTHON, "")], ids=["another execution's", "nobody's"]
)
def test_16_an_expected_line_that_is_not_our_executions_proves_nothing(
    harness: Harness, log: str, execution: str
) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = started(harness)
    write(harness, "query ok", log=log, execution=execution, at=2)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert harness.findings(key)["expected_lines_were_seen"] == "could-not-check"


def test_17_an_expected_line_that_a_client_library_could_have_written_counts_only_where_policy_says_so(
    harness: Harness,
) -> None:
    worker(harness, expect_logs=("stdout", "stderr"))
    harness.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = started(harness)
    write(harness, "query ok", log=PYTHON, execution=short(harness, key), at=2)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert "was logged in python alone" in seen(harness, key, "expected_lines_were_seen")


def test_18_an_exit_code_that_was_forged_beside_ours_is_a_contradiction(harness: Harness) -> None:
    key = started(harness)
    write(harness, "Container called exit(1).", execution=short(harness, key), at=3)
    assert ended(harness, key) == "INCONCLUSIVE"
    assert "the logs tell of a crash" in seen(harness, key, "worker_succeeded")


def test_19_a_forged_success_in_the_logs_of_a_failure_changes_nothing(harness: Harness) -> None:
    harness.job(Script(exit_code=1, lines=(OK,)))
    key = started(harness)
    write(harness, "Container called exit(0).", execution=short(harness, key), at=3)
    assert ended(harness, key) == "FAILED"


# 20 to 24: errors that are to be overlooked


def test_20_a_crash_is_not_hidden_by_a_retry_that_passes(harness: Harness) -> None:
    harness.job(Script(lines=(OK,), fail_attempts=1), max_retries=3)
    assert ended(harness, started(harness)) == "FAILED"


def test_21_an_error_that_becomes_readable_after_the_exit_line_is_not_missed(harness: Harness) -> None:
    key = started(harness)
    harness.clock.advance(20)
    harness.finish(key)
    write(harness, TRACEBACK, log=STDOUT, execution=short(harness, key), at=-10)
    harness.live(2)
    assert harness.verdict(key) == "FAILED"


def test_22_a_flood_of_ignored_lines_does_not_push_an_error_out_of_sight(harness: Harness) -> None:
    noise = Pattern("noise", "noise")
    worker(harness, logs=replace(POLICY.workers[0].logs, ignored=(noise,)))
    flood = tuple(Line(at=1.0, text=f"noise {number}", severity="ERROR", stream="stderr") for number in range(5_200))
    harness.job(Script(lines=(OK, *flood, Line(at=1.9, text=TRACEBACK, stream="stdout"))))
    assert ended(harness, started(harness)) == "INCONCLUSIVE"


def test_23_a_crash_that_quotes_an_ignored_word_is_a_crash(harness: Harness) -> None:
    worker(harness, logs=replace(POLICY.workers[0].logs, ignored=(Pattern("ignored", "DeprecationWarning"),)))
    quoting = TRACEBACK.replace("run\n", "run\n    warn('DeprecationWarning')\n")
    harness.job(Script(lines=(OK, Line(at=1.5, text=quoting, severity="ERROR", stream="stderr"))))
    assert ended(harness, started(harness)) == "FAILED"


@pytest.mark.parametrize(
    "line",
    [
        Line(at=1.5, text=TRACEBACK, stream="stdout"),
        Line(at=1.5, text=TRACEBACK, severity="INFO", payload={"message": "query ok", "exc_info": TRACEBACK}),
        Line(at=1.5, text=f"query ok\n{TRACEBACK}", severity="ERROR", stream="stderr"),
    ],
    ids=["printed without a severity", "in a field of a structured entry", "behind the expected line"],
)
def test_24_a_traceback_is_found_however_it_is_wrapped(harness: Harness, line: Line) -> None:
    harness.job(Script(lines=(OK, replace(line, severity="" if line.payload else line.severity))))
    assert ended(harness, started(harness)) == "FAILED"


# 25: the message


def test_25_a_message_that_somebody_forged_in_the_channel_keeps_ours_from_nobody(harness: Harness) -> None:
    harness.faults.add(Fault("chat.postMessage", "before", status="reset"))
    key = started(harness)
    assert ended(harness, key, 1) == "VERIFIED"
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": f"{key.name}@VERIFIED"}}
    harness.slack.workspace.post_as({"user": "U0MALLORY"}, "C0BUILDS01", {"text": "VERIFIED", "metadata": metadata})
    harness.live(20)
    assert len(harness.slack.messages) == 2
    assert harness.record(key).ts == harness.slack.messages[-1].ts


# what anybody may do without doing harm


def test_a_line_without_a_label_that_can_not_be_the_workers_keeps_no_verdict_back(harness: Harness) -> None:
    key = started(harness)
    write(harness, "hello", log=STDOUT, at=2)
    write(harness, "from before it started", log=PYTHON, at=-30)
    assert ended(harness, key) == "VERIFIED"
    said = seen(harness, key, "logs_are_complete")
    assert said.endswith("2 lines of the job name no execution (1 in python, 1 in stdout), and can't be the worker's")


def test_the_log_in_which_an_expected_line_was_seen_is_named(harness: Harness) -> None:
    harness.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = started(harness)
    write(harness, "query ok", log=PYTHON, execution=short(harness, key), at=2)
    assert ended(harness, key) == "VERIFIED"
    assert seen(harness, key, "expected_lines_were_seen") == '"query ok" seen in python'


def test_an_execution_that_somebody_starts_beside_ours_changes_nothing_where_ours_is_known(harness: Harness) -> None:
    """Its logs are its own, and only what the ledger has the name of counts."""
    key = started(harness)
    harness.job(Script(exit_code=1))
    forge(harness, {BUILD_VARIABLE: key.name})
    assert ended(harness, key) == "VERIFIED"
    assert harness.record(key).extras == ()
