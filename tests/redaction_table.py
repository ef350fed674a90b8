"""The table of the rules in docs/redaction.md: `python -m tests.redaction_table` writes it anew."""

from __future__ import annotations

from pathlib import Path

from verifier.redact.rules import RULES

PAGE = Path(__file__).parents[1] / "docs" / "redaction.md"
BEGIN, END = "<!-- The rules: python -m tests.redaction_table writes them. -->\n", "<!-- End of the rules. -->\n"


def table() -> str:
    """Return the rules as a table in Markdown, a row each, in the order in which they are tried."""
    rows = [
        f"| {rule.name} | {rule.group} | {_code(rule.example)} | {rule.judge} | {_plain(rule.source)} |"
        for rule in RULES
    ]
    return "\n".join(["| rule | group | example | a secret is | source |", "|---|---|---|---|---|", *rows]) + "\n"


def with_table(page: str) -> str:
    """Return the page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def _code(text: str) -> str:
    """Return the text as code in a cell: a sign of two backticks where it has one itself."""
    shown = _plain(text.replace("\n", "⏎"))
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
