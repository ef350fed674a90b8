"""`verifier policy`: what a person reads before a policy is deployed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.fixtures.builds import document
from verifier.cli import main
from verifier.facts.logs import NOISE, ROWS
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "verifier" / "policy.example.toml"


def run(file: Path) -> Result:
    return CliRunner().invoke(main, ["policy", str(file)])


def test_an_empty_policy_can_be_deployed(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.touch()
    result = run(file)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{file} can be deployed.\n"
        "  repositories  any, where a trigger builds it\n"
        "  branches      any\n"
        "  triggers      any; whoever may submit builds may make one: list yours under `triggers`\n"
        '  steps         from anywhere (build_config = "repository" wants a file)\n'
        "  workers       none\n"
        "  watched       no job: what runs is not seen\n"
        f"  crash words   {len(ROWS)} rules, docs/logs.md lists all\n"
        f"  known noise   {len(NOISE)} rules, docs/logs.md lists all\n"
        "  exemptions    none\n"
        "  Slack         FAILED, INCONCLUSIVE, LOCAL_SOURCE; routes: 0\n"
        "  greens        posted where a worker ran\n"
        "  daily line    none\n"
        "  published     verdict, where there is a topic\n"
    )


def test_what_a_policy_accepts_is_said() -> None:
    result = run(EXAMPLE)
    assert result.exit_code == 0, result.output
    for line in (
        "  repositories  github.com/vividly/content-worker",
        "  branches      branch main, branch release/*, tag v*",
        "  workers       dev-vividly-content-worker for content-worker-main",
        "  watched       us-central1/dev-vividly-content-worker, us-central1/dev-vividly-nightly-report",
        "  daily line    at 09:00, Europe/Berlin, in C0123456789",
    ):
        assert line in result.stdout.splitlines()


@pytest.mark.parametrize(
    ("text", "greens", "daily"),
    [
        ('verified = "none"', "none is posted", "none"),
        ('verified = "changes"', "the first after a red of the same image is posted", "none"),
        ('post = ["VERIFIED"]\ndaily = "07:30"', "each is posted", "at 07:30, UTC, in the default channel"),
    ],
)
def test_which_greens_are_posted_and_when_a_day_has_its_line_is_said(
    tmp_path: Path, text: str, greens: str, daily: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f"[slack]\n{text}\n")
    said = run(file).stdout.splitlines()
    assert [f"  greens        {greens}", f"  daily line    {daily}"] == [
        line for line in said if line.startswith(("  greens", "  daily"))
    ]


def test_accepted_errors_are_said_with_their_days(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    file = tmp_path / "policy.toml"
    file.write_text(
        "".join(
            f'[[accept]]\nerror = "{error}"\nreason = "known"\nuntil = {today + timedelta(days)}\n{whose}\n'
            for error, days, whose in (("a", 1, 'worker = "main"'), ("b", 0, 'job = "us-central1/w"'), ("c", -1, ""))
        )
    )
    assert [line for line in run(file).stdout.splitlines() if line.startswith("  accepted")] == [
        f"  accepted      a of main until {today + timedelta(1)} (2 days left): known",
        f"  accepted      b of w until {today} (1 day left): known",
        f"  accepted      c until {today - timedelta(1)} (has run out): known",
    ]


def test_an_error_that_is_accepted_for_too_long_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    late = datetime.now(UTC).date() + timedelta(92)
    file.write_text(f'[[accept]]\nerror = "a"\nreason = "known"\nuntil = {late}\n')
    result = run(file)
    assert result.exit_code == 1
    assert "90 days away at the most" in result.stderr


def test_noise_and_crash_words_that_are_switched_off_are_said(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[logs]\noff = ["leptonica", "go-panic"]\n')
    lines = run(file).stdout.splitlines()
    assert f"  crash words   {len(ROWS) - 1} rules, docs/logs.md lists all; off: go-panic" in lines
    assert f"  known noise   {len(NOISE) - 1} rules, docs/logs.md lists all; off: leptonica" in lines
    file.write_text("[logs]\nnoise = false\ndefault_patterns = false\n")
    lines = run(file).stdout.splitlines()
    assert "  crash words   all off" in lines
    assert "  known noise   all off" in lines


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('branchs = ["main"]\nrepositories = []\n')
    result = run(file)
    assert result.exit_code == 1
    assert "branchs" in result.stderr
    assert "repositories" in result.stderr


def test_exemptions_that_terraform_cannot_add_to_are_refused_in_its_words() -> None:
    file = ROOT / "terraform" / "tests" / "policy_with_inline_exemption.toml"
    result = run(file)
    assert (result.exit_code, result.stdout) == (1, "")
    sentence = "write exemptions as [[exemption]] tables; the installation adds one of its own."
    assert result.stderr == f"Error: {file}: {sentence}\n"
    assert f'"policy_file: {sentence}"' in (ROOT / "terraform" / "variables.tf").read_text()


PRESS = 'repositories = ["github.com/vividly/content-worker"]\nbranches = ["main"]\n'


def compared(folder: Path, policy: str, *cases: str, **changes: object) -> Result:
    file = folder / "policy.toml"
    file.write_text(policy)
    builds = folder / "builds.json"
    builds.write_text(json.dumps([document(case) | changes for case in cases]))
    return CliRunner().invoke(main, ["policy", str(file), "--builds", str(builds)])


@pytest.mark.parametrize(
    ("policy", "case", "change"),
    [
        (PRESS.partition("\n")[0], "commit-resolved-git-by-hand", "VERIFIED -> FAILED, told"),
        ("", "pull-request", "INCONCLUSIVE -> INCONCLUSIVE, told"),
        ("", "unclear-service-object-by-hand", "LOCAL_SOURCE, told -> INCONCLUSIVE, told"),
    ],
)
def test_what_is_judged_otherwise_than_by_0_1_0_is_listed(policy: str, case: str, change: str, tmp_path: Path) -> None:
    result = compared(tmp_path, policy, case, "commit-resolved-git", "upload-builds-submit")
    assert result.exit_code == 0, result.stderr
    assert "1 of 3 builds would be judged otherwise than by 0.1.0:" in result.stdout
    assert f"      1  {change}" in result.stdout.splitlines()
    assert f"/builds/{document(case)['id']}: {change} (" in result.stdout


def test_what_a_failed_build_shipped_is_listed(tmp_path: Path) -> None:
    steps = [{"name": "docker", "args": ["push", "a"], "status": "SUCCESS"}]
    result = compared(tmp_path, "", "upload-builds-submit", status="FAILURE", steps=steps)
    assert "      1  not judged -> LOCAL_SOURCE, told" in result.stdout.splitlines()


def test_where_nothing_changes_it_says_so(tmp_path: Path) -> None:
    result = compared(tmp_path, "require_trigger = false\n" + PRESS, "commit-resolved-git", "upload-builds-submit")
    assert result.exit_code == 0
    assert result.stdout.endswith("0 of 2 builds would be judged otherwise than by 0.1.0.\n")


def test_an_account_that_makes_more_than_what_is_exempt_is_warned_of(tmp_path: Path) -> None:
    account = "builder@vividly-dev.iam.gserviceaccount.com"
    exempt = f'[[exemption]]\nreason = "a sandbox"\nservice_account = "{account}"\n'
    ran_as = f"projects/vividly-dev/serviceAccounts/{account}"
    both = compared(tmp_path, exempt, "upload-builds-submit", "commit-resolved-git", serviceAccount=ran_as)
    assert f"warning: {account}, which an exemption names, made 1 other builds" in both.stdout
    alone = compared(tmp_path, exempt, "upload-builds-submit", serviceAccount=ran_as)
    assert "warning" not in alone.stdout


def test_what_was_not_read_is_not_taken_for_unchanged(tmp_path: Path) -> None:
    assert compared(tmp_path, "").exit_code == 2
    (tmp_path / "builds.json").write_text("[{]")
    result = CliRunner().invoke(
        main, ["policy", str(tmp_path / "policy.toml"), "--builds", str(tmp_path / "builds.json")]
    )
    assert (result.exit_code, "not read: " in result.stderr) == (2, True)


@pytest.mark.parametrize("words", [("--builds", "x", "--since", "14d"), ("--region", "global"), ("--project", "p")])
def test_words_that_contradict_each_other_are_refused(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "policy.toml").touch()
    assert CliRunner().invoke(main, ["policy", str(tmp_path / "policy.toml"), *words]).exit_code == 2


def test_the_builds_of_a_project_are_listed_and_their_triggers_read(tmp_path: Path) -> None:
    cloud = Cloud(system_clock)
    build = document("commit-resolved-git")
    cloud.put_build(build)
    cloud.put_trigger("vividly-dev", "us-central1", {"id": build["buildTriggerId"], "build": {"steps": []}})
    (tmp_path / "policy.toml").write_text('build_config = "repository"\n')
    with GoogleStandIn(cloud, Faults()) as place:
        words = ["policy", str(tmp_path / "policy.toml"), "--since", "2026-01-01", "--project", "vividly-dev"]
        words += ["--region", "us-central1"]
        result = CliRunner().invoke(main, words, env={"VERIFIER_GOOGLE_ENDPOINT": place.address})
    assert result.exit_code == 0, result.stderr
    assert "VERIFIED -> FAILED, told (build_config_is_committed: its steps are in the trigger itself" in result.stdout
