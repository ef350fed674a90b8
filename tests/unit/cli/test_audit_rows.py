"""The rows of an audit as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from tests.unit.builders import uploaded
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.cli.audit_output import AuditEnding, TableOutput
from verifier.history.judge import judge_listed
from verifier.history.summary import SummaryBuilder

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


def rows(*moments: str) -> list[str]:
    builds = [replace(judge_listed(uploaded(createTime=moment), Policy())) for moment in moments]
    stream, summary = StringIO(), SummaryBuilder()
    output = TableOutput(stream, frozenset({Verdict.LOCAL_SOURCE}))
    for build in builds:
        summary.add(build)
        output.add(build)
    output.end(AuditEnding(summary.summary(NOW), [], [], len(builds), NOW))
    return stream.getvalue().splitlines()


def test_the_rows_have_a_header_and_the_location() -> None:
    assert rows("2026-11-28T08:57:00Z")[:2] == [
        "created (UTC)  verdict       build     location     made by",
        "28 Nov 08:57   LOCAL_SOURCE  4e841fcb  us-central1  vividly/content-worker",
    ]


def test_the_year_is_told_where_there_are_several() -> None:
    assert [row[:16] for row in rows("2026-01-02T08:57:00Z", "2025-12-31T08:57:00Z")[1:3]] == [
        "2026-01-02 08:57",
        "2025-12-31 08:57",
    ]
