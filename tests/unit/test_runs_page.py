"""The page about runs is true: its keys, numbers and options are those of the code and of Terraform."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import re2

from tests.frozen.addresses import variables, written
from verifier.checks.job_runs import MOST_DIGESTS
from verifier.checks.policy import Published
from verifier.checks.policy_file import read_policy
from verifier.checks.run_count import KEPT_FOR
from verifier.cli.status import status
from verifier.controller.runs.job_work import LOOK_EVERY
from verifier.controller.runs.past import LOOKS_BACK

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runs.md").read_text()
TEXT = " ".join(PAGE.split())


def test_the_keys_that_it_names_are_taken() -> None:
    policy = read_policy(
        b"""
        publish = ["verdict", "running", "watch"]
        [watch]
        jobs = ["us-central1/report", "team-dev/us-central1/report"]
        [[worker]]
        trigger = "main"
        job = "us-central1/worker"
        watch = false
        """
    )
    assert len(policy.watched_jobs) == 2
    assert policy.publishes == set(Published)
    for said in (
        '`publish = ["verdict", "running", "watch"]`',
        '`jobs = ["REGION/JOB"]`',
        "`watch = false`",
        "`watch_jobs`",
    ):
        assert said in TEXT
    assert "watch_jobs" in variables(written())["projects"]


def test_the_numbers_that_it_names_are_those_of_the_code() -> None:
    assert f"its last {MOST_DIGESTS} digests" in TEXT
    assert f"| {KEPT_FOR.days} days after its end, then the sweep deletes it" in TEXT
    assert f"began more than {KEPT_FOR.days} days ago is not counted" in TEXT
    assert timedelta(hours=1) == LOOK_EVERY
    assert "list of runs is gone through once an hour" in TEXT
    assert f"listed {LOOKS_BACK.days} days back" in TEXT


def test_the_options_that_it_shows_exist() -> None:
    shown = set(re2.findall(r"(?m)^verifier status .*$", PAGE))
    options = {option for parameter in status.params for option in parameter.opts}
    assert shown
    assert {word for line in shown for word in line.split() if word.startswith("--")} <= options
