"""How much an audit keeps while its builds go by, and what comes back of what it keeps on disk."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.fixtures.builds import document
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.cli.audit_input import Wanted
from verifier.cli.audit_output import CsvOutput, HtmlOutput, JsonOutput, Output, TableOutput
from verifier.cli.audit_run import AuditRun
from verifier.cli.spool import Spool
from verifier.facts.build import Build, BuildKey, Image, parse_build
from verifier.facts.submitter import Submitter
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FORMS = ("commit-resolved-git", "upload-builds-submit", "upload-claims-commit-sha", "failure")
FLAGGED = frozenset({Verdict.LOCAL_SOURCE})
BYTES_A_BUILD = 420
"""Less than anything that could be kept of a build takes."""


class Nowhere(io.StringIO):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


def builds(count: int) -> Iterator[Build]:
    """Yield so many builds of the usual forms, each with an id and a digest of its own."""
    forms = [parse_build(document(form)) for form in FORMS]
    for number in range(count):
        key = BuildKey("vividly-dev", "us-central1", f"00000000-0000-4000-8000-{number:012}")
        yield replace(forms[number % len(forms)], key=key, images=(Image("worker", f"sha256:{number:064}"),))


def judged(count: int) -> list[JudgedBuild]:
    return [judge_listed(build, Policy()) for build in builds(count)]


def audit_of(count: int) -> AuditRun:
    return AuditRun(builds(count), Policy(), Wanted(None, None), None, None, (), FLAGGED, NOW)


@pytest.mark.parametrize(
    ("output", "count"),
    [
        pytest.param(TableOutput(Nowhere(), FLAGGED), 3_000, id="table", marks=pytest.mark.soak),
        pytest.param(JsonOutput(Nowhere()), 1_500, id="json"),
        pytest.param(CsvOutput(Nowhere()), 3_000, id="csv", marks=pytest.mark.soak),
        pytest.param(HtmlOutput(Nowhere(), "Builds of vividly-dev"), 3_000, id="html", marks=pytest.mark.soak),
    ],
)
def test_memory_does_not_grow_with_the_builds_that_go_by(output: Output, count: int) -> None:
    held: list[int] = []
    tracemalloc.start()
    try:
        ending = audit_of(count).write(output, lambda _: held.append(tracemalloc.get_traced_memory()[0]))
    finally:
        tracemalloc.stop()
    assert ending.summary.builds == count
    assert held[-1] - held[500] < (count - 500) * BYTES_A_BUILD


def test_the_report_has_every_build_that_waited_on_disk() -> None:
    page = io.StringIO()
    audit_of(200).write(HtmlOutput(page, "Builds of vividly-dev"), lambda _: None)
    assert [build.key.id for build in builds(200) if build.key.id not in page.getvalue()] == []


def test_builds_come_back_from_disk_as_they_were_and_in_order() -> None:
    kept = judged(8)
    kept[1] = replace(kept[1], submitter=Submitter("ana@vividly.example", "gcloud\ud800"), trigger_name="\ud800é")
    spool = Spool(8)
    for build in kept:
        spool.add(build)
    assert list(spool.drain()) == kept


def test_builds_beyond_the_most_are_only_counted() -> None:
    spool, every = Spool(2), judged(5)
    for build in every:
        spool.add(build)
    drained = list(spool.drain())
    assert drained[:2] == every[:2]
    assert len(drained) == 5


def test_nothing_comes_back_where_nothing_was_added() -> None:
    assert list(Spool(2).drain()) == []
