"""What is wrong with a policy, told whole: what was expected, what was got, what to do; and limits at their edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.checks.test_policy_file import ACCEPTED_ERROR, WORKER, policy, problems, worker
from verifier.checks.policy import Deadlines
from verifier.checks.policy_file import read_policy
from verifier.errors import SettingsError
from verifier.facts.logs import Pattern
from verifier.facts.repository import Repository


@pytest.mark.parametrize("key", ["start_deadline", "run_deadline", "logs_deadline", "settle"])
def test_a_deadline_that_is_left_out_is_the_usual_one_and_one_that_is_given_is_its_own(key: str) -> None:
    field = key.removesuffix("_deadline")
    assert worker("").deadlines == Deadlines()
    assert worker(f'{key} = "20m"').deadlines == replace(Deadlines(), **{field: timedelta(minutes=20)})
    most = 168 if key == "run_deadline" else 24
    assert getattr(
        worker(f'run_deadline = "168h"\n{key} = "{most}h"' if most == 24 else f'{key} = "168h"').deadlines, field
    ) == timedelta(hours=most)
    [problem] = problems(f'{WORKER}{key} = "x"')
    assert problem == (f'worker[1].{key}: expected a duration such as "90s", "15m" or "2h", at most {most}h, got \'x\'')


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            ACCEPTED_ERROR.replace("2027-02-26", "'next week'"),
            "accept[1].until: expected a date such as 2026-12-31, 90 days away at the most, got 'next week'",
        ),
        (
            ACCEPTED_ERROR.replace("2027-02-26", "20270226"),
            "accept[1].until: expected a date such as 2026-12-31, 90 days away at the most, got 20270226",
        ),
        (
            "[[slack.route]]\nprojects = []",
            (
                "slack.route[1].projects: expected a list with at least one item (leave it out to allow any), "
                "got an empty list"
            ),
        ),
        (
            "[[slack.route]]\ntriggers = []",
            (
                "slack.route[1].triggers: expected a list with at least one item (leave it out to allow any), "
                "got an empty list"
            ),
        ),
        (
            "exemption = [{ reason = 'why', trigger = 'a', projects = [] }]",
            (
                "exemption[1].projects: expected a list with at least one item (leave it out for every project), "
                "got an empty list"
            ),
        ),
        (
            "exemption = [{ reason = 'why', trigger = 'a', projects = ['Team Dev'] }]",
            "exemption[1].projects[1]: expected a project's id such as team-dev, got 'Team Dev'",
        ),
        (
            f"{WORKER}branches = []",
            (
                "worker[1].branches: expected a list with at least one item (leave it out to run for every branch that "
                "policy allows), got an empty list"
            ),
        ),
        (
            f"{WORKER}args = []",
            (
                "worker[1].args: expected a list with at least one item (leave it out to keep the job's own), "
                "got an empty list"
            ),
        ),
        (
            f"{WORKER}expect_logs = []",
            (
                "worker[1].expect_logs: expected a list with at least one item (leave it out for any log), "
                "got an empty list"
            ),
        ),
        (
            f"{WORKER}fail = []",
            "worker[1].fail: expected a list with at least one item (leave it out for none), got an empty list",
        ),
        (
            f"{WORKER}off = []",
            "worker[1].off: expected a list with at least one item (leave it out for none), got an empty list",
        ),
        (
            "evidence = []",
            'evidence: expected a list with at least one item (or the word "repo-source" alone), got an empty list',
        ),
        (
            "slack.post = []",
            "slack.post: expected a list with at least one item (leave it out for the default), got an empty list",
        ),
        ('build_config = "repo"', "build_config: expected one of any, repository, got 'repo'"),
        ("build_config = 1", "build_config: expected one of any, repository, got 1"),
        ("logs = 1.5", "logs: expected a table, [logs], got 1.5"),
        ("worker = 'a'", "worker: expected tables, each headed [[worker]], got 'a'"),
        ("slack.route = [1]", "slack.route: expected tables, each headed [[slack.route]], got '1'"),
        (
            "branches = { a = 1 }",
            "branches: expected a list with at least one item (leave it out to allow any), got a table",
        ),
        ("branches = ['']", "branches[1]: expected text that is not empty, got ''"),
        ("branches = [true]", "branches[1]: expected text that is not empty, got true"),
        (f"tags = [{'9' * 18}]", f"tags[1]: expected text that is not empty, got {'9' * 18}"),
        ("logs.off = [7]", "logs.off[1]: expected the name of a rule, as docs/logs.md lists them, got 7"),
        (
            "triggers = ['main']",
            (
                "triggers[1]: expected a trigger's id such as 7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee "
                "(gcloud builds triggers list --region=REGION shows it), got 'main'"
            ),
        ),
        (
            "sweep.grace = '25h'",
            'sweep.grace: expected a duration such as "90s", "15m" or "2h", at most 24h, got \'25h\'',
        ),
        (
            f"{WORKER}expect_logs = ['{'x' * 201}']",
            f"worker[1].expect_logs[1]: expected a log, such as stdout or stderr, got '{'x' * 79}…'",
        ),
        (
            f"{WORKER}region = 'US'",
            "worker[1].region: expected the trigger's region, such as us-central1 or global, got 'US'",
        ),
    ],
)
def test_a_problem_says_what_was_expected_what_was_got_and_what_to_do(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_pattern_that_needs_more_than_a_megabyte_is_refused_alone() -> None:
    [problem] = problems(f"{WORKER}fail = ['[\\p{{L}}]{{100}}']")
    assert problem.startswith("worker[1].fail[1]: expected a regular expression that RE2 takes (pattern too large")
    assert worker("fail = ['[\\p{L}]{30}']").logs.failures == (Pattern(r"[\p{L}]{30}", r"[\p{L}]{30}"),)


@pytest.mark.parametrize("pattern", ["((", "[\\p{L}]{1000}", "(?=a)"])
def test_of_a_pattern_that_re2_refuses_the_problem_is_told_and_nothing_else(
    pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert len(problems(f"{WORKER}fail = ['{pattern}']")) == 1
    assert capfd.readouterr() == ("", "")


def test_a_log_of_two_hundred_characters_is_one() -> None:
    assert worker(f"expect_logs = ['{'x' * 200}']").expect_logs == ("x" * 200,)


def test_a_file_is_read_with_a_byte_order_mark_and_told_by_its_name() -> None:
    assert read_policy("\ufeffbranches = ['main']".encode()).branches == ("main",)
    with pytest.raises(SettingsError, match=r"^mine\.toml: 1 problem\n"):
        read_policy(b"branches = 1", "mine.toml")


def test_an_address_of_plain_http_names_the_same_repository() -> None:
    assert policy("repositories = ['http://github.com/a/b', 'https://github.com/a/b']").repositories == {
        Repository("github.com", "a/b")
    }


def test_a_project_and_a_trigger_are_ids() -> None:
    upper = "7D4BB5B1-90F0-4BE7-A6F6-2AD1C1F7C2EE"
    assert policy(f"triggers = ['{upper}']").triggers == {upper.lower()}
    [exemption] = policy("exemption = [{ reason = 'why', projects = ['team-dev', 'example.com:a1'] }]").exemptions
    assert exemption.projects == {"team-dev", "example.com:a1"}
