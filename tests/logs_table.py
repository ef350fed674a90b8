"""The tables of docs/logs.md: `python -m tests.logs_table` writes them as the code has them.

How well it does is measured by `python -m tests.logs_table --score`, which judges the whole corpus.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.corpus.logs.score import JudgedSequence, score
from tests.corpus.logs.sequences import sequences
from verifier.facts.logs import ERROR_FIELDS, LEVEL_FIELDS, MESSAGE_FIELDS, NOISE, ROWS, RuleRow
from verifier.facts.logs.rules import GO, JVM, NODE, OTHERS
from verifier.facts.logs.rules_python import PYTHON
from verifier.facts.logs.rules_tools import PROSE, TOOLS

PAGE = Path(__file__).parents[1] / "docs" / "logs.md"
GROUPS: tuple[tuple[str, Sequence[RuleRow]], ...] = (
    ("all, Python", PYTHON),
    ("Node", NODE),
    ("Java", JVM),
    ("Go", GO),
    ("others", OTHERS),
    ("tools", TOOLS),
    ("prose", PROSE),
)


def begin(name: str) -> str:
    """Return the line after which a table begins."""
    return f"<!-- {name}: python -m tests.logs_table writes it. -->\n"


def end(name: str) -> str:
    """Return the line before which it ends."""
    return f"<!-- End of {name}. -->\n"


def rules() -> str:
    """Return the crash words as a table, a row each, in the order in which they are looked for."""
    group_of = {row.name: group for group, rows in GROUPS for row in rows}
    head = ["| rule | of | finds | but not | at WARNING | known from |", "|---|---|---|---|---|---|"]
    rows = [
        f"| `{row.name}` | {group_of[row.name]} | {_code(row.example)} | {_code(row.counter)} | "
        f"{'too' if row.over_warning else 'no'} | {_plain(row.source)} |"
        for row in ROWS
    ]
    return "\n".join([*head, *rows]) + "\n"


def noise() -> str:
    """Return the known noise as a table, a row each."""
    head = ["| rule | ignores | but not | known from |", "|---|---|---|---|"]
    rows = [f"| `{row.name}` | {_code(row.example)} | {_code(row.counter)} | {_plain(row.source)} |" for row in NOISE]
    return "\n".join([*head, *rows]) + "\n"


def fields() -> str:
    """Return the fields of structured entries that are read: for a level, and for text."""
    levels = [f"| `{name}` | {_plain(logger)} |" for name, logger in LEVEL_FIELDS]
    said = (
        f"What happened: {_names(MESSAGE_FIELDS)}.\n\nWhat went wrong: {_names(ERROR_FIELDS)}.\n\n"
        "| field of a level | written by |\n|---|---|\n"
    )
    return said + "\n".join(levels) + "\n"


def figures(judged: Sequence[JudgedSequence]) -> str:
    """Return how the corpus is judged, a row a language: errors found of those that exit code 0 hides, and alarms."""
    by_language: dict[str, list[JudgedSequence]] = {}
    for one in judged:
        by_language.setdefault(one.sequence.language, []).append(one)
    head = [
        "| language | silent errors found, joined | split | false alarms, joined | split |",
        "|---|---|---|---|---|",
    ]
    rows = [_figures(name, by_language[name]) for name in sorted(by_language)]
    return "\n".join([*head, *rows, _figures("**all**", judged)]) + "\n"


TABLES: dict[str, Callable[[], str]] = {"The rules": rules, "The noise": noise, "The fields": fields}


def with_table(page: str, name: str, table: str) -> str:
    """Return the page with this table as it is now. Raises ValueError where the page has no place for it."""
    before, begins, rest = page.partition(begin(name))
    _, ends, after = rest.partition(end(name))
    if not (begins and ends):
        raise ValueError(f"expected {begin(name)!r} and {end(name)!r} in {PAGE}")
    return f"{before}{begins}\n{table}\n{ends}{after}"


def _figures(name: str, judged: Sequence[JudgedSequence]) -> str:
    silent = [one for one in judged if one.sequence.silent_error]
    benign = [one for one in judged if one.sequence.truth == "benign"]
    cells = [
        f"{sum(getattr(one, how) for one in group)} of {len(group)}"
        for group in (silent, benign)
        for how in ("joined", "split")
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _names(fields: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in fields)


def _code(text: str) -> str:
    if not text:
        return ""
    shown = _plain(text.replace("\n", "⏎").replace("\t", " "))
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the tables, and with `--score` the figures, too."""
    page = PAGE.read_text()
    for name, table in TABLES.items():
        page = with_table(page, name, table())
    if "--score" in sys.argv:
        page = with_table(page, "The figures", figures(score(sequences())))
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
