"""A row of a table of rules: what is looked for in a line, under a name, with its source and examples on both sides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule. It is RE2's syntax, and `^` and `$` stand at every line's ends."""

    name: str
    """What people call it, and switch it off by."""
    expression: str
    """What a line has that means this."""
    source: str
    """Where it is known from: a runtime, a library's source, a tool."""
    example: str
    """A line that it finds."""
    counter: str = ""
    """A line that looks like it and means nothing."""
    unless: str = ""
    """What the same line must not have."""
    over_warning: bool = True
    """Whether it counts in a line whose level is WARNING, too."""
