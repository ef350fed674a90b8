"""`verifier policy`: what a person reads before a policy is deployed."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from verifier.cli import main

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
        "  workers       none\n"
        "  exemptions    none\n"
        "  Slack         FAILED, INCONCLUSIVE, LOCAL_SOURCE; routes: 0\n"
    )


def test_what_a_policy_accepts_is_said() -> None:
    result = run(EXAMPLE)
    assert result.exit_code == 0, result.output
    for line in (
        "  repositories  github.com/vividly/content-worker",
        "  branches      branch main, branch release/*, tag v*",
        "  workers       dev-vividly-content-worker for content-worker-main",
    ):
        assert line in result.stdout.splitlines()


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
