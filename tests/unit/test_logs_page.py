"""docs/logs.md says what the rules are, which keys and words there are, and on how much it was measured."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from click.testing import CliRunner

from tests.corpus.logs.sequences import sequences
from tests.logs_table import GROUPS, PAGE, TABLES, with_table
from verifier.cli import main
from verifier.cli.logs import TEXT_ENDINGS
from verifier.cli.logs_text import logs_document
from verifier.facts.logs import NOISE, ROWS
from verifier.facts.logs.folding import _LEAST_WORDS, _QUOTED
from verifier.facts.logs.reading import ANNOUNCED
from verifier.facts.logs.streams import RIGHT_BEFORE
from verifier.history.logs_judged import MOST_ERRORS, JudgedLogs

TEXT = PAGE.read_text()
FLAT = " ".join(TEXT.split())


@pytest.mark.parametrize("name", TABLES)
def test_the_page_has_each_table_as_the_code_has_it(name: str) -> None:
    assert with_table(TEXT, name, TABLES[name]()) == TEXT, "python -m tests.logs_table writes the tables"


def test_each_row_is_in_one_group_and_on_the_page_once() -> None:
    assert [row for _, rows in GROUPS for row in rows] == list(ROWS)
    names = re.findall(r"^\| `([\w-]+)` \| .* \| .* \| ", TEXT, re.MULTILINE)
    assert [name for name in names if name in {row.name for row in (*ROWS, *NOISE)}] == [
        row.name for row in (*ROWS, *NOISE)
    ]


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="expected '<!-- The rules"):
        with_table("nothing", "The rules", "")


def test_the_figures_are_of_the_whole_corpus() -> None:
    silent = Counter(one.language for one in sequences() if one.silent_error)
    benign = Counter(one.language for one in sequences() if one.truth == "benign")
    row = r"^\| (\S+) \| \d+ of (\d+) \| \d+ of \d+ \| \d+ of (\d+) \| \d+ of \d+ \|$"
    rows = re.findall(row, TEXT, re.MULTILINE)
    said = {name: (int(errors), int(others)) for name, errors, others in rows}
    languages = {name: (silent[name], benign[name]) for name in {*silent, *benign}}
    assert said == languages | {"**all**": (silent.total(), benign.total())}


def test_each_option_that_it_shows_exists() -> None:
    helped = CliRunner().invoke(main, ["logs", "--help"]).stdout
    lines = "\n".join(line for line in TEXT.splitlines() if line.startswith("verifier logs ")).split()
    options = {word for word in [*lines, *re.findall(r"`(--[a-z][a-z-]+)", TEXT)] if word.startswith("--")}
    assert options >= {"--text", "--baseline", "--job", "--since", "--policy", "--worker", "--json", "--fail-on"}
    assert options - set(re.findall(r"--[a-z-]+", helped)) == set()


def test_the_shape_of_the_json_is_the_shape() -> None:
    document = logs_document("f", JudgedLogs(0, (), 0, {}, (), (), cut=False, endings=()), None, text=False)
    assert [name for name in document if f'"{name}"' not in FLAT] == []


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"Up to {MOST_ERRORS} errors are named" in FLAT
    assert f"within {RIGHT_BEFORE.total_seconds() * 1000:.0f} ms before" in FLAT
    assert f"({_QUOTED} characters, four words at least)" in FLAT
    assert _LEAST_WORDS == 4
    assert f"*{ANNOUNCED}*" in FLAT
    assert [ending for ending in TEXT_ENDINGS if f"`{ending.removesuffix('.gz')}`" not in FLAT] == []
