"""What scripts read of an audit is what docs/audit.md documents, and nothing from a build gets out of its place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import re2

from tests.unit.builders import EXECUTION, SHA, pushed, uploaded
from verifier.checks.policy import Policy
from verifier.checks.verdict import Check, Verdict
from verifier.facts.submitter import Submitter
from verifier.history.judge import judge_listed
from verifier.history.judged_build import Run
from verifier.history.rows import (
    CSV_COLUMNS,
    build_document,
    csv_row,
    run_document,
    summary_document,
    worst_finding,
)
from verifier.history.summary import Problem, SummaryBuilder
from verifier.reporting.audit_entry import source_document

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ANA = Submitter("ana@vividly.example", "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit")
UPLOAD = replace(judge_listed(uploaded(createTime="2026-11-23T01:58:00Z"), Policy()), submitter=ANA)
RUN = Run(EXECUTION, NOW, None, None, frozenset({"sha256:b", "sha256:a"}), UPLOAD.key, Verdict.LOCAL_SOURCE)


def summary(*problems: Problem) -> dict[str, Any]:
    tally = SummaryBuilder()
    tally.add(UPLOAD)
    return summary_document(tally.summary(NOW), problems, 1, NOW)


def documented(row: str) -> list[str]:
    """Return the names in a row of the page's table of fields."""
    return list(re2.findall(r"`([a-z_]+)`", PAGE.partition(f"\n| `{row}` |")[2].partition("\n")[0]))


def test_the_fields_of_the_json_are_those_of_the_page() -> None:
    assert list(build_document(UPLOAD)) == documented("builds")
    assert list(run_document(RUN)) == documented("runs")
    assert sorted(summary()) == sorted(documented("summary"))


def test_the_columns_of_the_csv_are_those_of_the_page() -> None:
    assert re2.findall(r"`([a-z_]+)`", PAGE.partition("Its columns:")[2].partition("\n\n")[0]) == CSV_COLUMNS
    assert len(csv_row(UPLOAD)) == len(CSV_COLUMNS)


def test_an_upload_reads_whole() -> None:
    document = build_document(UPLOAD)
    findings = document.pop("findings")
    assert document == {
        "build": UPLOAD.key.name,
        "status": "SUCCESS",
        "created": "2026-11-23T01:58:00.000000Z",
        "finished": "2026-11-23T02:00:12.000000Z",
        "verdict": "LOCAL_SOURCE",
        "problem": None,
        "source": source_document(UPLOAD.source),
        "unbacked_claims": [{"name": "COMMIT_SHA", "value": SHA}],
        "trigger_id": None,
        "trigger_name": None,
        "images": [{"name": image.name, "digest": image.digest} for image in UPLOAD.images],
        "submitter": {"principal": ANA.principal, "tool": "gcloud builds submit", "user_agent": ANA.user_agent},
        "compared": None,
    }
    assert [finding["check"] for finding in findings][:1] == ["source_is_a_commit"]


def test_a_run_reads_whole() -> None:
    assert run_document(RUN) == {
        "execution": EXECUTION,
        "started": "2026-11-23T02:00:00.000000Z",
        "ended": None,
        "succeeded": None,
        "digests": ["sha256:a", "sha256:b"],
        "build": UPLOAD.key.name,
        "verdict": "LOCAL_SOURCE",
    }


def test_a_summary_is_whole_only_without_problems() -> None:
    assert summary()["complete"] is True
    assert summary(Problem("acme/global", "no"))["complete"] is False
    assert summary(Problem("acme/global", "no"))["problems"] == [{"place": "acme/global", "text": "no"}]


def test_a_stretch_that_goes_on_has_no_end_but_its_seconds_so_far() -> None:
    (stretch,) = summary()["longest_on_local_source"]
    assert (stretch["end"], stretch["seconds"]) == (None, timedelta(minutes=2).total_seconds())


def test_all_of_it_is_json() -> None:
    for document in (build_document(UPLOAD), run_document(RUN), summary()):
        assert json.loads(json.dumps(document)) == document


def test_the_reason_is_the_first_that_fails_or_else_the_first_that_is_open() -> None:
    assert worst_finding(UPLOAD) == UPLOAD.judgement.finding(Check.SOURCE_IS_A_COMMIT)
    pull = judge_listed(pushed(substitutions={"_PR_NUMBER": "7", "COMMIT_SHA": SHA}), Policy())
    assert worst_finding(pull) == pull.judgement.finding(Check.BRANCH_IS_ALLOWED)
    assert worst_finding(judge_listed(pushed(), Policy())) is None


def test_hostile_text_stays_in_its_cell_and_secrets_stay_out() -> None:
    token = "ghp_" + "a1B2" * 9
    build = judge_listed(
        uploaded(status="SUCCESS", id=f"-1+{token}", substitutions={"BRANCH_NAME": "a\nb\u202e"}), Policy()
    )
    row = csv_row(build)
    assert not any(sign in cell for cell in row for sign in "\n\u202e")
    assert token not in str(row) + str(build_document(build))
    assert row[CSV_COLUMNS.index("build")].startswith("'-1+")


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")  # noqa: RUF001 - the full-width signs are meant
@pytest.mark.parametrize("blanks", ["", " ", "\u00a0", "\u3000 ", "\n", "\r"])
def test_no_cell_begins_like_a_formula(blanks: str, sign: str) -> None:
    build = judge_listed(uploaded(buildTriggerId=f"{blanks}{sign}1+1"), Policy())
    cell = csv_row(build)[CSV_COLUMNS.index("trigger_id")]
    assert cell.startswith("'")


def test_a_tab_begins_no_cell() -> None:
    build = judge_listed(uploaded(buildTriggerId="\t1+1"), Policy())
    assert csv_row(build)[CSV_COLUMNS.index("trigger_id")] == "'\t1+1"


def test_an_ordinary_cell_stays_as_it_is() -> None:
    build = judge_listed(uploaded(buildTriggerId="a=b - c@d"), Policy())
    assert csv_row(build)[CSV_COLUMNS.index("trigger_id")] == "a=b - c@d"


@pytest.mark.parametrize("status", ["", "STATUS_UNKNOWN", "success", "DONE"])
def test_a_build_whose_status_says_nothing_could_not_be_judged(status: str) -> None:
    build = judge_listed(pushed(status=status), Policy())
    assert build_document(build)["verdict"] is None
    assert build_document(build)["problem"].startswith("could not be judged: expected a status of Cloud Build's, got ")
    assert csv_row(build)[CSV_COLUMNS.index("reason")] == build.problem
    tally = SummaryBuilder()
    tally.add(build)
    document = summary_document(tally.summary(NOW), [], 0, NOW)
    assert document["could_not_be_judged"] == {status: 1}
    assert (document["complete"], document["not_successful"], document["builds"]) == (False, {}, 1)


@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "CANCELLED", "WORKING", "QUEUED", "PENDING"])
def test_a_build_of_a_known_status_is_no_problem(status: str) -> None:
    assert build_document(judge_listed(pushed(status=status), Policy()))["problem"] is None
