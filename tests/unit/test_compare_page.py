"""docs/compare.md beside the code: the states, the fields of the JSON, the exit codes, and what is asked of git."""

from __future__ import annotations

import re
from pathlib import Path

from verifier.cli.compare import EXIT_CODES
from verifier.cli.compare_json import answer_document
from verifier.cli.named_build import DAYS
from verifier.cli.terminal import ERROR
from verifier.facts.comparison.answer import UploadAnswer
from verifier.facts.comparison.fix import FixState
from verifier.facts.comparison.steps import FILES, StepsAnswer
from verifier.facts.upload import UploadListing

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "compare.md").read_text()
NOTHING = UploadListing({}, frozenset(), (), (), 0, "tgz", 0, {})


def named(title: str) -> list[str]:
    """Return what stands as code in the first column of a section's table."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [name for row in re.findall(r"(?m)^\| (`.*?) \|", section) for name in re.findall(r"`([^`]+)`", row)]


def test_every_state_of_a_file_is_in_the_table_in_the_order_in_which_they_are_tried() -> None:
    assert named("Was the fix in it?") == [str(state) for state in FixState]


def test_every_field_of_the_json_is_in_the_table_and_nothing_else() -> None:
    document = answer_document("b", "u", NOTHING, UploadAnswer(0, None), "t", recorded=False)
    assert sorted(named("JSON")) == sorted(document)


def test_every_exit_code_is_in_the_table() -> None:
    assert {int(code) for code in named("Exit codes")} == {*EXIT_CODES.values(), ERROR}


def test_the_answers_about_the_steps_and_the_names_of_the_files_are_those_of_the_code() -> None:
    for answer in StepsAnswer:
        assert f"`{answer}`" in PAGE
    section = PAGE.partition("## The steps\n")[2].partition("\n## ")[0]
    assert [f"cloudbuild{ending}" for ending in re.findall(r"`(?:cloudbuild)?(\.[a-z]+)`", section)] == list(FILES)


def test_git_is_asked_what_the_page_says_and_nothing_else() -> None:
    code = (ROOT / "verifier" / "adapters" / "git_clone.py").read_text()
    commands = set(re.findall(r'git\.(?:run|output|stream)\(\s*"([a-z-]+)"', code))
    listed = PAGE.partition("Only plumbing runs (")[2].partition(")")[0]
    assert set(re.findall(r"`([a-z-]+)[ a-z-]*`", listed)) == commands


def test_the_days_of_the_search_are_those_of_the_code() -> None:
    assert f"the last {DAYS} days" in " ".join(PAGE.split())
