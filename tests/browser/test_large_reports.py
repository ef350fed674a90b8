"""Reports of many builds: small enough to send to somebody, and bounded."""

from __future__ import annotations

import io
from collections.abc import Iterator

from tests.browser.sample import NOW, build, executions, quarter, report
from tests.unit.history.test_html_report import data_of
from verifier.history.html_report import MOST_BUILDS, write_report
from verifier.history.judged_build import JudgedBuild
from verifier.history.summary import SummaryBuilder


def test_5000_builds_and_their_executions_stay_under_2_mb() -> None:
    builds = quarter(5_000)
    uploads = [build(number, NOW, "content-worker", "upload") for number in range(5_000)]
    assert len(report(builds, executions(builds)).encode()) < 2_000_000
    assert len(report(uploads).encode()) < 2_000_000


def test_builds_that_are_too_many_for_a_page_are_counted_and_said_to_be_left_out() -> None:
    one, tally, out = build(1, NOW, "mailer"), SummaryBuilder(), io.StringIO()

    def many() -> Iterator[JudgedBuild]:
        for _ in range(MOST_BUILDS + 7):
            tally.add(one)
            yield one

    write_report(out, many(), [], lambda: tally.summary(NOW), title="Audit", complete=True)
    data = data_of(out.getvalue())
    assert (len(data["rows"]), data["summary"]["builds"]) == (MOST_BUILDS, MOST_BUILDS + 7)
    assert "show the first 20,000 builds; 7 more are in the numbers" in out.getvalue()
