"""The page about schemas names each schema, kind, command and column, and nothing else; what it shows works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import re2

from tests.frozen.compare import frozen
from tests.schemas.loading import ANY_ENTRY, ANY_MESSAGE, FOLDER, leaves, schemas
from verifier.cli import COMMANDS, main
from verifier.cli.status_csv import RAN_COLUMNS
from verifier.history.rows import CSV_COLUMNS

ROOT = Path(__file__).parents[2]
PAGE = (FOLDER / "README.md").read_text()


def table(beginning: str) -> list[list[str]]:
    """Return the rows of the first table after a sentence, each its cells."""
    rows = PAGE.partition(beginning)[2].partition("|---")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]


def quoted(cell: str) -> list[str]:
    found: list[str] = re2.findall(r"`([^`]+)`", cell)
    return found


def schema_in(cell: str) -> str:
    (name,) = set(re2.findall(r"[a-z-]+\.schema\.json", cell))
    return str(name)


def kinds_in(beginning: str) -> list[tuple[str, str]]:
    return [(kind, schema_in(row[1])) for row in table(beginning) for kind in quoted(row[0])]


def test_each_kind_of_entry_and_message_is_in_a_table_with_its_schema() -> None:
    for beginning, loose, place in (
        ("Of the audit trail", ANY_ENTRY, "labels"),
        ("Of the topic", ANY_MESSAGE, "attributes"),
    ):
        led_to = [(kind, target) for kinds, target in leaves(loose, place) for kind in kinds]
        assert sorted(kinds_in(beginning)) == sorted(led_to)


def json_commands() -> set[str]:
    """Return the commands that print JSON, with the option by which they do."""
    found = set[str]()
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        for parameter in command.params:
            if "--json" in parameter.opts:
                found.add(f"verifier {name} --json")
            elif isinstance(parameter.type, click.Choice) and "json" in parameter.type.choices and name == "audit":
                found.add(f"verifier {name} --format json")
    return found


def test_each_command_that_prints_json_is_in_a_table_with_its_schema() -> None:
    rows = table("Of the commands")
    assert {quoted(row[0])[0] for row in rows} == json_commands()
    for row in rows:
        assert quoted(row[0])[0] in schemas()[schema_in(row[1])]["title"]


def test_every_choice_of_a_format_is_json_csv_or_for_people() -> None:
    forms = {
        str(choice)
        for name in COMMANDS
        for parameter in getattr(main.get_command(click.Context(main), name), "params", [])
        if "--format" in parameter.opts
        for choice in parameter.type.choices
    }
    assert forms == {"table", "text", "html", "json", "csv"}


def test_each_schema_is_named() -> None:
    assert set(re2.findall(r"[a-z-]+\.schema\.json", PAGE)) == set(schemas())


def test_the_columns_are_those_of_the_code_in_their_order() -> None:
    assert [quoted(row[0])[0] for row in table("`verifier audit --format csv`")] == CSV_COLUMNS
    assert tuple(quoted(row[0])[0] for row in table("`verifier status --format csv`")) == RAN_COLUMNS


def test_the_lines_that_validate_find_what_is_wrong_and_nothing_else() -> None:
    script = PAGE.partition("```python\n")[2].partition("```")[0]
    (entry,) = frozen("said/verified.json")["audit"]
    wrong = {**entry, "insertId": "wrong", "jsonPayload": {**entry["jsonPayload"], "verdict": "GOOD"}}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps([entry, wrong]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = ran.stdout.splitlines()
    assert line.startswith("wrong $.jsonPayload.verdict 'GOOD' is not one of ")
