"""The README is true: its tables and examples are checked against the code."""

from __future__ import annotations

from pathlib import Path

import re2

from verifier.config import VARIABLES
from verifier.logs import TEXT_FIELDS
from verifier.policy_file import read_policy
from verifier.source import Strength
from verifier.verdict import Check, Verdict

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def first_column(heading: str) -> list[str]:
    """The names in the first column of the first table after a heading or sentence."""
    rows = README.partition(heading)[2].partition("|---")[2].partition("\n\n")[0].splitlines()[1:]
    return [re2.match(r"^\| `([^`]+)`", row).group(1) for row in rows]


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    assert first_column("### Settings") == list(VARIABLES)


def test_every_verdict_is_in_the_table_in_order() -> None:
    assert first_column("## Verdicts") == [str(verdict) for verdict in Verdict]


def test_every_check_is_in_the_table_in_order() -> None:
    assert first_column("A verdict rests on these checks") == [str(check) for check in Check]


def test_every_strength_is_named_as_policy_names_it() -> None:
    section = README.partition("### What counts as a commit")[2].partition("##")[0]
    assert [word for word in Strength if f"| `{word}` |" in section] == list(Strength)


def test_the_example_of_a_policy_can_be_read() -> None:
    example = README.partition("```toml\n")[2].partition("```")[0]
    policy = read_policy(example.encode())
    assert [worker.trigger for worker in policy.workers] == ["content-worker-main"]
    assert policy.routes


def test_the_searched_fields_are_those_of_the_code() -> None:
    section = " ".join(README.partition("Patterns are regular expressions")[2].partition("`evidence")[0].split())
    assert tuple(re2.findall(r"`([a-z_]+)`", section)) == TEXT_FIELDS


def test_the_roles_are_those_that_the_adapters_ask_for() -> None:
    named = set(first_column("### Permissions"))
    adapters = "".join(path.read_text() for path in (ROOT / "verifier" / "cloud").glob("*.py"))
    asked_for = set(re2.findall(r"roles/[A-Za-z.]+", adapters))
    assert asked_for <= named
    assert named - asked_for == {"roles/secretmanager.secretAccessor"}, "the platform itself reads the secret"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re2.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    named = set(re2.findall(r"make ([a-z]+)", README))
    assert named - {"and"} <= targets
    assert {"demo", "test"} <= named


def test_every_path_that_is_named_exists() -> None:
    for path in re2.findall(r"`((?:verifier|tests|main)[a-z_/.]*(?:\.py|\.toml|/))`", README):
        assert (ROOT / path).exists(), path


def test_the_text_that_it_shows_is_the_text_that_is_sent() -> None:
    """The example's fixed sentences are those of the code."""
    wording = (ROOT / "verifier" / "wording.py").read_text()
    for sentence in ("A git push does not change it.", "nothing proves that.", "no commit is recorded."):
        assert sentence in README
        assert sentence in wording
