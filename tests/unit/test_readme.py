"""The README and the pages that it names are true: their tables and examples are checked against the code."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest
import re2

from tests.absence import require
from verifier.checks.policy_file import read_policy
from verifier.checks.verdict import Check, Verdict
from verifier.cli import COMMANDS
from verifier.config import VARIABLES
from verifier.facts.logs import TEXT_PATHS
from verifier.facts.source import Strength

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
INSTALLER = (ROOT / "terraform" / "README.md").read_text()
PATHS = [ROOT / "README.md", ROOT / "terraform" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = "\n".join(path.read_text() for path in PATHS)


def page(name: str) -> str:
    """Return a page of the documentation."""
    return (ROOT / "docs" / f"{name}.md").read_text()


def first_column(heading: str, text: str = README) -> list[str]:
    """Return the names in the first column of the first table after a heading or sentence."""
    rows = text.partition(heading)[2].partition("|---")[2].partition("\n\n")[0].splitlines()[1:]
    return [re2.match(r"^\| `([^`]+)`", row).group(1) for row in rows]


def section(heading: str, text: str = INSTALLER) -> str:
    """Return what stands under a heading, up to the next one."""
    return text.partition(f"{heading}\n")[2].partition("\n#")[0]


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert first_column("## Settings", INSTALLER) == list(VARIABLES)


def test_every_verdict_is_in_the_table_in_order() -> None:
    for text, heading in ((README, "## Verdicts"), (page("verdicts"), "## The five verdicts")):
        assert first_column(heading, text) == [str(verdict) for verdict in Verdict]


def test_every_check_is_in_the_table_in_order() -> None:
    assert first_column("A verdict rests on these checks", page("verdicts")) == [str(check) for check in Check]


def test_every_strength_is_named_as_policy_names_it() -> None:
    section = page("verdicts").partition("## What counts as a commit")[2].partition("##")[0]
    assert [word for word in Strength if f"| `{word}` |" in section] == list(Strength)


def test_the_example_of_a_policy_can_be_read() -> None:
    for text in (README, page("policy")):
        example = text.partition("```toml\n")[2].partition("```")[0]
        policy = read_policy(example.encode())
        assert [worker.trigger for worker in policy.workers] == ["content-worker-main"]
        assert policy.routes


def test_the_searched_fields_are_those_of_the_code() -> None:
    section = " ".join(
        page("policy").partition("Patterns are regular expressions")[2].partition("`evidence")[0].split()
    )
    named = re2.findall(r"`([a-z_]+)`", section)
    assert named == [path for path in TEXT_PATHS if path in named]
    assert {"message", "msg", "error", "exception"} <= set(named)


def test_the_roles_are_those_that_the_adapters_ask_for() -> None:
    named = set(re2.findall(r"roles/[A-Za-z.]+", section("## Permissions")))
    adapters = "".join(path.read_text() for path in (ROOT / "verifier" / "adapters").glob("*.py"))
    asked_for = set(re2.findall(r"roles/[A-Za-z.]+", adapters))
    assert asked_for <= named
    assert named - asked_for == {"roles/secretmanager.secretAccessor"}, "the platform itself reads the secret"


def test_every_permission_that_the_functions_adapters_name_is_in_the_table() -> None:
    of_the_command_line = {"build_history.py", "job_history.py", "service_count.py"}
    paths = [path for path in (ROOT / "verifier" / "adapters").glob("*.py") if path.name not in of_the_command_line]
    permission = r'"([a-z]+\.[a-zA-Z]+\.[a-zA-Z]+)(?: and ([a-z]+\.[a-zA-Z]+\.[a-zA-Z]+))?"'
    named = {name for path in paths for pair in re2.findall(permission, path.read_text()) for name in pair if name}
    assert "run.executions.list" in named
    assert named <= set(first_column("## Permissions", INSTALLER))


def test_the_cost_of_each_line_and_the_sums_are_calculated_right() -> None:
    tables = re2.findall(r"(?ms)^\| what \| price of one \|.*?^\| \*\*sum\*\* [^\n]*", section("## Cost"))
    for table in tables:
        rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines() if "= $" in row]
        sums = [0.0] * (len(rows[0]) - 2)
        for _, price, *amounts in rows:
            for column, amount in enumerate(amounts):
                units, cost = (float(part.strip().lstrip("$").replace(",", "")) for part in amount.split("="))
                assert cost == pytest.approx(units * float(price.lstrip("$")), abs=0.0051), amount
                sums[column] += cost
        assert table.endswith(f"| **sum** | | {' | '.join(f'**${total:.2f}**' for total in sums)} |")
    assert [table.count("= $") for table in tables] == [45, 18]


SHELL = [textwrap.dedent(block) for block in re2.findall(r"(?ms)^ *```(?:sh|bash)\n(.*?)^ *```", PAGES)]


@pytest.mark.parametrize("block", SHELL)
def test_what_is_to_be_pasted_has_no_comment_and_no_placeholder(block: str) -> None:
    """At its prompt zsh takes no comments, and nobody's project is called PROJECT."""
    assert "#" not in block
    assert not re2.search(r"[ =/][A-Z]{2,}(?:-[A-Z]+)*(?:[\s/]|$)", block)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_what_is_to_be_pasted_is_taken_by_every_shell(shell: str) -> None:
    require(shell)
    said = [subprocess.run([shell, "-n", "-c", block], capture_output=True, check=False).stderr for block in SHELL]
    assert said == [b""] * len(SHELL)


@pytest.mark.parametrize("block", SHELL)
def test_no_line_is_pasted_into_a_question_of_the_line_before(block: str) -> None:
    *lines, _ = block.splitlines()
    assert [
        line for line in lines if re2.search(r"terraform apply|slack_secret| login", line) and line[-3:] != " &&"
    ] == []


def test_the_blocks_to_be_pasted_are_found() -> None:
    assert len(SHELL) == PAGES.count("```sh") + PAGES.count("```bash")
    assert len(SHELL) > 15


def test_the_slack_app_of_the_manifest_has_the_scopes_that_are_asked_for() -> None:
    scopes = set(re2.findall(r"- ([a-z]+:[a-z]+)", section("## Install")))
    assert scopes == {"chat:write", "channels:history", "groups:history"}
    assert scopes <= set(re2.findall(r"`([a-z]+:[a-z]+)`", section("## Settings")))


def test_every_output_that_is_asked_for_exists() -> None:
    declared = set(re2.findall(r'(?m)^output "(\w+)"', (ROOT / "terraform" / "outputs.tf").read_text()))
    asked_for = set(re2.findall(r"terraform output -raw (\w+)", PAGES))
    assert asked_for == {"audit", "doctor", "restart", "slack_secret"}
    assert asked_for <= declared


def test_every_command_is_in_the_table_and_nothing_else() -> None:
    assert {name.split()[1] for name in first_column("## Questions and commands")} == set(COMMANDS)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re2.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    named = set(re2.findall(r"`make ([a-z]+)", PAGES))
    assert named - {"and"} <= targets
    assert {"demo", "test"} <= named


def test_every_path_that_is_named_exists() -> None:
    for path in re2.findall(r"`((?:verifier|tests|terraform|main)[a-z_/.]*(?:\.py|\.toml|/))`", PAGES):
        assert (ROOT / path).exists(), path


def test_the_text_that_it_shows_is_the_text_that_is_sent() -> None:
    """The example's fixed sentences are those of the code."""
    wording = (ROOT / "verifier" / "reporting" / "wording.py").read_text()
    for sentence in ("A git push does not change it.", "nothing proves that.", "no commit is recorded."):
        assert sentence in README
        assert sentence in wording


def test_the_readme_is_read_in_some_minutes() -> None:
    assert len(README.split()) < 1_600


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re2.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re2.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        assert place.exists(), target
        if anchor:
            headings = re2.findall(r"(?m)^#+ (.*)$", place.read_text())
            assert anchor in {re2.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-") for name in headings}, target
