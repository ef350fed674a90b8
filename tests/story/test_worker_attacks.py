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

from tests.story.test_hardening import Instead, rewire
from tests.story.town import CLEAN, FIXED, IMAGE, JOB, POLICY, PROJECT, REGION, Town, town_with_logs
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

__all__ = ["town_with_logs"]

PLACE = JobPath(PROJECT, REGION, JOB.job)
SYSTEM, STDOUT, PYTHON = "run.googleapis.com%2Fvarlog%2Fsystem", "run.googleapis.com%2Fstdout", "python"
TRACEBACK = "Traceback (most recent call last):\n  File \"worker.py\", line 7, in run\nKeyError: 'tenant'"
OK = Line(at=1.0, text="query ok")
NEVER_READABLE = 86_400.0


def started(town: Town) -> BuildKey:
    """A build that was announced, and whose worker runs."""
    key = town.triggered()
    town.announce(key)
    return key


def ended(town: Town, key: BuildKey, minutes: int = 14) -> str | None:
    """The verdict, after its end was announced and the deadlines have passed."""
    town.clock.advance(20)
    town.finish(key)
    town.live(minutes)
    return town.verdict(key)


def forge(town: Town, env: Mapping[str, str], **overrides: Any) -> str:
    """Start the job as somebody else; the execution's full name."""
    return town.cloud.run_job(PLACE, Overrides(env, **overrides)).full_name


def write(town: Town, text: str, *, log: str = SYSTEM, execution: str = "", at: float = 0.0, **labels: str) -> None:
    """Write a log entry of the job as somebody else, so many seconds from now."""
    moment = show_time(town.clock() + timedelta(seconds=at))
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
    town.cloud.put_entries([json_format.ParseDict(entry, LogEntry())])


def short(town: Town, key: BuildKey) -> str:
    """The short name of the execution that counts."""
    return town.record(key).execution.rpartition("/")[2]


def worker(town: Town, **changes: Any) -> None:
    """Let policy have another worker."""
    changed: Worker = replace(POLICY.workers[0], **changes)
    town.use(replace(POLICY, workers=(changed,)))


def seen(town: Town, key: BuildKey, check: str) -> str:
    judgement = town.record(key).judgement
    assert judgement is not None
    return next(finding.seen for finding in judgement.findings if str(finding.check) == check)


# 1 to 8: another execution is put in the place of ours


def test_1_an_execution_that_names_our_build_is_not_adopted_when_our_request_was_lost(town: Town) -> None:
    town.faults.add(Fault("RunJob", "before"))
    key = started(town)
    forged = forge(town, {BUILD_VARIABLE: key.name})
    town.live(4)
    assert town.record(key).execution not in {"", forged}
    assert ended(town, key) == "INCONCLUSIVE"
    assert forged in seen(town, key, "worker_started")


def test_2_a_nonce_that_was_guessed_is_not_adopted(town: Town) -> None:
    town.faults.add(Fault("RunJob", "before"))
    key = started(town)
    forged = forge(town, {BUILD_VARIABLE: key.name, NONCE_VARIABLE: "nonce-1"})
    town.live(4)
    assert town.record(key).nonce != "nonce-1"
    assert town.record(key).execution not in {"", forged}
    assert ended(town, key) == "INCONCLUSIVE"


def test_3_a_nonce_that_was_read_off_our_execution_is_replayed_in_vain(town: Town) -> None:
    town.job(Script(exit_code=1))
    town.faults.add(Fault("RunJob", "after"))
    key = started(town)
    (ours,) = town.cloud.jobs.runs()
    town.clock.advance(5)
    town.job(CLEAN)
    forged = forge(town, dict(ours.env))
    town.live(2)
    assert town.record(key).execution == ours.full_name
    assert ended(town, key) == "INCONCLUSIVE"
    assert forged in seen(town, key, "worker_started")


def test_4_an_older_execution_of_a_good_build_does_not_count_for_this_one(town: Town) -> None:
    good = started(town)
    assert ended(town, good, 2) == "VERIFIED"
    town.job(Script(exit_code=1))
    town.faults.add(Fault("RunJob", "after"))
    key = started(town)
    town.live(2)
    assert town.record(key).execution != town.record(good).execution
    assert ended(town, key) == "FAILED"


def test_5_a_job_that_sets_our_variables_itself_can_not_speak_for_a_build(town: Town) -> None:
    """Every run of the job, whoever starts it, names the build that is to come."""
    key = town.triggered()
    town.job(CLEAN, env={BUILD_VARIABLE: key.name, NONCE_VARIABLE: ""})
    forged = forge(town, {})
    town.faults.add(Fault("RunJob", "before"))
    town.announce(key)
    town.live(4)
    assert town.record(key).execution not in {"", forged}
    assert ended(town, key) == "INCONCLUSIVE"


def test_6_a_message_that_another_execution_ended_ends_nothing(town: Town) -> None:
    town.job(Script(runs=600.0, lines=(OK,)))
    key = started(town)
    town.job(CLEAN)
    forge(town, {BUILD_VARIABLE: key.name})
    town.clock.advance(20)
    for _ in range(3):
        town.finish(key)
        town.live(1)
    assert town.verdict(key) is None
    town.live(12)
    assert town.verdict(key) == "VERIFIED"
    assert short(town, key) in seen(town, key, "worker_started")


def test_7_an_execution_that_ran_other_arguments_proves_nothing(town: Town) -> None:
    """The job's container ignores what it is asked for: `--version` succeeds with any image."""
    worker(town, args=("--once",))
    jobs = town.world.services.jobs

    def observe(execution: str, *, timeout: float) -> Execution:
        found = jobs.observe(execution, timeout=timeout)
        return replace(found, containers=(replace(found.containers[0], args=("--version",)),))

    rewire(town, jobs=Instead(jobs, observe=observe))
    key = started(town)
    assert ended(town, key) == "INCONCLUSIVE"
    assert "other arguments" in seen(town, key, "worker_started")


def test_8_a_worker_that_never_ran_hides_behind_a_sidecar_that_did(town: Town) -> None:
    """The job's `main` runs something old; what was built runs beside it, and says what is expected."""
    old = f"{IMAGE}-old@sha256:{'0d' * 32}"
    key = town.triggered()
    digest = f"sha256:{1:064x}"
    sidecar = Sidecar("proxy", f"{IMAGE}@{digest}")
    town.job(CLEAN, image=old, container="main", sidecars=[sidecar])
    worker(town, container="main")
    town.announce(key)
    assert ended(town, key) == "INCONCLUSIVE"
    assert town.findings(key)["worker_ran_the_built_image"] == "could-not-check"


# 9 to 11: another image is put in the place of ours


def test_9_a_tag_that_was_moved_before_the_start_is_seen(town: Town) -> None:
    key = town.triggered()
    town.cloud.tag(f"{IMAGE}:latest", f"sha256:{'bad0' * 16}")
    town.announce(key)
    assert ended(town, key) == "INCONCLUSIVE"
    assert "no known build made what ran" in seen(town, key, "worker_ran_the_built_image")


def test_10_a_job_that_is_pinned_to_an_image_that_works_does_not_show_that_this_one_does(town: Town) -> None:
    good = started(town)
    assert ended(town, good, 2) == "VERIFIED"
    town.job(CLEAN, image=f"{IMAGE}@sha256:{1:064x}")
    key = started(town)
    assert ended(town, key) == "INCONCLUSIVE"
    assert "superseded" in seen(town, key, "worker_ran_the_built_image")


def test_11_a_good_build_that_moves_the_tag_back_does_not_make_a_bad_one_good(town: Town) -> None:
    bad = town.triggered("0bad" * 10)
    good = town.triggered(FIXED)
    town.announce(good)
    town.announce(bad)
    town.clock.advance(20)
    for key in (good, bad):
        town.finish(key)
    town.live(3)
    assert town.verdict(good) == "VERIFIED"
    assert town.verdict(bad) == "INCONCLUSIVE"


# 12 to 19: logs that somebody else wrote, or that the worker wrote about itself


def test_12_an_exit_line_that_the_worker_prints_itself_ends_no_attempt(town: Town) -> None:
    town.job(Script(lines=(OK,), visible_after=NEVER_READABLE))
    key = started(town)
    for at, text in enumerate(("query ok", "Container called exit(0).")):
        write(town, text, log=STDOUT, execution=short(town, key), at=at)
    assert ended(town, key) == "INCONCLUSIVE"
    assert town.findings(key)["logs_are_complete"] == "could-not-check"


def test_13_an_exit_line_in_a_log_of_a_client_library_ends_no_attempt(town: Town) -> None:
    town.job(Script(lines=(OK,), visible_after=NEVER_READABLE))
    key = started(town)
    write(town, "Container called exit(0).", log=PYTHON, execution=short(town, key))
    assert ended(town, key) == "INCONCLUSIVE"


def test_14_an_exit_line_of_another_execution_ends_no_attempt_of_ours(town: Town) -> None:
    town.job(Script(lines=(OK,), visible_after=NEVER_READABLE))
    key = started(town)
    write(town, "Container called exit(0).", execution="another-x7k2p")
    write(town, "query ok", log=STDOUT, execution="another-x7k2p")
    assert ended(town, key) == "INCONCLUSIVE"


def test_15_an_exit_line_of_a_sidecar_ends_no_attempt_of_the_worker(town: Town) -> None:
    worker(town, container="main")
    sidecar = Sidecar("proxy", f"gcr.io/cloud-sql/proxy@sha256:{'7f' * 32}")
    town.job(replace(CLEAN, visible_after=NEVER_READABLE), container="main", sidecars=[sidecar])
    key = started(town)
    write(town, "query ok", log=STDOUT, execution=short(town, key), container_name="main")
    write(town, "Container called exit(0).", execution=short(town, key), container_name="proxy")
    assert ended(town, key) == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("log", "execution"), [(STDOUT, "another-x7k2p"), (PYTHON, "")], ids=["another execution's", "nobody's"]
)
def test_16_an_expected_line_that_is_not_our_executions_proves_nothing(town: Town, log: str, execution: str) -> None:
    town.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = started(town)
    write(town, "query ok", log=log, execution=execution, at=2)
    assert ended(town, key) == "INCONCLUSIVE"
    assert town.findings(key)["expected_lines_were_seen"] == "could-not-check"


def test_17_an_expected_line_that_a_client_library_could_have_written_counts_only_where_policy_says_so(
    town: Town,
) -> None:
    worker(town, expect_logs=("stdout", "stderr"))
    town.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = started(town)
    write(town, "query ok", log=PYTHON, execution=short(town, key), at=2)
    assert ended(town, key) == "INCONCLUSIVE"
    assert "was logged in python alone" in seen(town, key, "expected_lines_were_seen")


def test_18_an_exit_code_that_was_forged_beside_ours_is_a_contradiction(town: Town) -> None:
    key = started(town)
    write(town, "Container called exit(1).", execution=short(town, key), at=3)
    assert ended(town, key) == "INCONCLUSIVE"
    assert "the logs tell of a crash" in seen(town, key, "worker_succeeded")


def test_19_a_forged_success_in_the_logs_of_a_failure_changes_nothing(town: Town) -> None:
    town.job(Script(exit_code=1, lines=(OK,)))
    key = started(town)
    write(town, "Container called exit(0).", execution=short(town, key), at=3)
    assert ended(town, key) == "FAILED"


# 20 to 24: errors that are to be overlooked


def test_20_a_crash_is_not_hidden_by_a_retry_that_passes(town: Town) -> None:
    town.job(Script(lines=(OK,), fail_attempts=1), max_retries=3)
    assert ended(town, started(town)) == "FAILED"


def test_21_an_error_that_becomes_readable_after_the_exit_line_is_not_missed(town: Town) -> None:
    key = started(town)
    town.clock.advance(20)
    town.finish(key)
    write(town, TRACEBACK, log=STDOUT, execution=short(town, key), at=-10)
    town.live(2)
    assert town.verdict(key) == "FAILED"


def test_22_a_flood_of_ignored_lines_does_not_push_an_error_out_of_sight(town: Town) -> None:
    noise = Pattern("noise", "noise")
    worker(town, logs=replace(POLICY.workers[0].logs, ignored=(noise,)))
    flood = tuple(Line(at=1.0, text=f"noise {number}", severity="ERROR", stream="stderr") for number in range(5_200))
    town.job(Script(lines=(OK, *flood, Line(at=1.9, text=TRACEBACK, stream="stdout"))))
    assert ended(town, started(town)) == "INCONCLUSIVE"


def test_23_a_crash_that_quotes_an_ignored_word_is_a_crash(town: Town) -> None:
    worker(town, logs=replace(POLICY.workers[0].logs, ignored=(Pattern("ignored", "DeprecationWarning"),)))
    quoting = TRACEBACK.replace("run\n", "run\n    warn('DeprecationWarning')\n")
    town.job(Script(lines=(OK, Line(at=1.5, text=quoting, severity="ERROR", stream="stderr"))))
    assert ended(town, started(town)) == "FAILED"


@pytest.mark.parametrize(
    "line",
    [
        Line(at=1.5, text=TRACEBACK, stream="stdout"),
        Line(at=1.5, text=TRACEBACK, severity="INFO", payload={"message": "query ok", "exc_info": TRACEBACK}),
        Line(at=1.5, text=f"query ok\n{TRACEBACK}", severity="ERROR", stream="stderr"),
    ],
    ids=["printed without a severity", "in a field of a structured entry", "behind the expected line"],
)
def test_24_a_traceback_is_found_however_it_is_wrapped(town: Town, line: Line) -> None:
    town.job(Script(lines=(OK, replace(line, severity="" if line.payload else line.severity))))
    assert ended(town, started(town)) == "FAILED"


# 25: the message


def test_25_a_message_that_somebody_forged_in_the_channel_keeps_ours_from_nobody(town: Town) -> None:
    town.faults.add(Fault("chat.postMessage", "before", status="reset"))
    key = started(town)
    assert ended(town, key, 1) == "VERIFIED"
    metadata = {"event_type": EVENT_TYPE, "event_payload": {"key": f"{key.name}@VERIFIED"}}
    town.slack.workspace.post_as({"user": "U0MALLORY"}, "C0BUILDS01", {"text": "VERIFIED", "metadata": metadata})
    town.live(20)
    assert len(town.slack.messages) == 2
    assert town.record(key).ts == town.slack.messages[-1].ts


# what anybody may do without doing harm


def test_a_line_without_a_label_that_can_not_be_the_workers_keeps_no_verdict_back(town: Town) -> None:
    key = started(town)
    write(town, "hello", log=STDOUT, at=2)
    write(town, "from before it started", log=PYTHON, at=-30)
    assert ended(town, key) == "VERIFIED"
    said = seen(town, key, "logs_are_complete")
    assert said.endswith("2 lines of the job name no execution (1 in python, 1 in stdout), and can't be the worker's")


def test_the_log_in_which_an_expected_line_was_seen_is_named(town: Town) -> None:
    town.job(Script(lines=(Line(at=1.0, text="nothing to do"),)))
    key = started(town)
    write(town, "query ok", log=PYTHON, execution=short(town, key), at=2)
    assert ended(town, key) == "VERIFIED"
    assert seen(town, key, "expected_lines_were_seen") == '"query ok" seen in python'


def test_an_execution_that_somebody_starts_beside_ours_changes_nothing_where_ours_is_known(town: Town) -> None:
    """Its logs are its own, and only what the ledger has the name of counts."""
    key = started(town)
    town.job(Script(exit_code=1))
    forge(town, {BUILD_VARIABLE: key.name})
    assert ended(town, key) == "VERIFIED"
    assert town.record(key).extras == ()
