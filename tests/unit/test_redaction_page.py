"""docs/redaction.md says what the rules are."""

from __future__ import annotations

import re

from tests.redaction_table import PAGE, with_table
from verifier.redact.rules import RULES


def test_the_page_has_each_rule_as_it_is() -> None:
    page = PAGE.read_text()

    assert with_table(page) == page, "python -m tests.redaction_table writes the table anew"
    assert page.count("\n| ") > len(RULES)


def test_the_page_explains_each_way_to_judge_that_a_rule_has() -> None:
    explained = set(re.findall(r"^\| ([a-z ]+) \| (?!rule)", PAGE.read_text(), re.MULTILINE))

    assert {str(rule.judge) for rule in RULES} <= explained
