"""An audit for machines: the JSON and CSV that docs/audit.md documents. Fields are only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from verifier.checks.commands import told
from verifier.checks.verdict import Finding, Outcome
from verifier.history.compared_upload import compared_document
from verifier.history.job_lines import JobLine, job_line_document
from verifier.history.judged_build import JudgedBuild, Run
from verifier.history.origin import Origin
from verifier.history.summary import BuildGroup, Problem, Summary
from verifier.redact import excerpt
from verifier.reporting.audit_entry import source_document
from verifier.times import show_time

CSV_COLUMNS = (
    "created finished project location build status verdict source commit repository trigger_id trigger_name images "
    "unbacked_claims submitter submitted_with reason remedy compared"
).split()
_FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001 - spreadsheets take the full-width signs, too
"""What spreadsheets take for the beginning of a formula, also after blanks."""
_MOST = 500


def build_document(build: JudgedBuild) -> dict[str, Any]:
    """Return one build of the audit's list."""
    submitter = build.submitter
    return {
        "build": _text(build.key.name),
        "status": _text(build.status),
        "created": _moment(build.created),
        "finished": _moment(build.finished),
        "verdict": build.verdict,
        "problem": build.problem or None,
        "source": source_document(build.source),
        "unbacked_claims": [dict(zip(("name", "value"), claim.split("=", 1), strict=True)) for claim in build.unbacked],
        "trigger_id": _text(build.trigger_id) or None,
        "trigger_name": _text(build.trigger_name) or None,
        "images": [{"name": _text(image.name), "digest": _text(image.digest)} for image in build.images],
        "submitter": (
            {
                "principal": _text(submitter.principal),
                "tool": _text(submitter.tool) or None,
                "user_agent": _text(submitter.user_agent) or None,
            }
            if submitter
            else None
        ),
        "compared": compared_document(build.compared),
        "findings": [
            {"check": f.check, "outcome": f.outcome, "seen": _text(f.seen), "remediation": _remedy(f)}
            for f in build.judgement.findings
        ],
    }


def run_document(run: Run) -> dict[str, Any]:
    """Return one execution of a job."""
    return {
        "execution": _text(run.name),
        "started": _moment(run.started),
        "ended": _moment(run.ended),
        "succeeded": run.succeeded,
        "digests": sorted(map(_text, run.digests)),
        "build": _text(run.build.name) if run.build else None,
        "verdict": run.verdict,
    }


def summary_document(
    summary: Summary,
    problems: Sequence[Problem],
    flagged: int,
    now: datetime,
    jobs: Sequence[JobLine] = (),
    origin: Origin | None = None,
) -> dict[str, Any]:
    """Return the summary, and whether it is that of everything that was asked for."""
    return {
        **(origin or Origin(now, "")).document(),
        "complete": not (problems or summary.unjudged),
        "problems": [{"place": _text(problem.place), "text": _text(problem.text)} for problem in problems],
        "builds": summary.builds,
        "flagged": flagged,
        "verdicts": dict(summary.verdicts),
        "not_successful": _counts(summary.not_successful),
        "could_not_be_judged": _counts(summary.unjudged),
        "first": _moment(summary.first),
        "last": _moment(summary.last),
        "submitters": list(map(_group, summary.submitters)),
        "triggers": list(map(_group, summary.triggers)),
        "images": list(map(_group, summary.images)),
        "longest_on_local_source": [
            {
                "image": _text(stretch.image),
                "start": _moment(stretch.start),
                "end": _moment(stretch.end),
                "seconds": round(stretch.seconds(now)),
            }
            for stretch in summary.stretches
        ],
        "out_of_order": summary.out_of_order,
        "builds_with_unbacked_claims": summary.unbacked,
        "unbacked_claims": _counts(summary.claims),
        "compared": {
            "uploads": summary.compared,
            "identical": summary.identical,
            "could_not_be_compared": summary.not_compared,
        },
        "jobs": list(map(job_line_document, jobs)),
    }


def csv_row(build: JudgedBuild) -> list[str]:
    """Return one build as the cells of `CSV_COLUMNS`; lists are joined by spaces, and what is absent is empty."""
    source = source_document(build.source)
    finding = worst_finding(build)
    submitter = build.submitter
    cells = (
        _moment(build.created),
        _moment(build.finished),
        build.key.project,
        build.key.location,
        build.key.id,
        build.status,
        build.verdict,
        source["fact"],
        source["commit"],
        source["repository"],
        build.trigger_id,
        build.trigger_name,
        " ".join(f"{image.name}@{image.digest}" for image in build.images),
        " ".join(build.unbacked),
        submitter.principal if submitter else "",
        submitter.tool if submitter else "",
        finding.seen if finding else build.problem,
        finding.remedy if finding else "",
        build.compared.text if build.compared else "",
    )
    return [csv_cell(cell or "") for cell in cells]


def worst_finding(build: JudgedBuild) -> Finding | None:
    """Return the first finding that fails, or else the first that could not be made."""
    for outcome in (Outcome.FAILS, Outcome.COULD_NOT_CHECK):
        for finding in build.judgement.findings:
            if finding.outcome is outcome:
                return finding
    return None


def _group(group: BuildGroup) -> dict[str, Any]:
    return {"name": _text(group.name), "builds": group.total, "verdicts": dict(group.verdicts)}


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {_text(name): count for name, count in counts.items()}


def csv_cell(text: str) -> str:
    """Return text as a cell that no spreadsheet takes for a formula, in one line, without what looks like a secret."""
    plain = _text(text).replace("\n", " ")
    return f"'{plain}" if plain.startswith(_FORMULA) or plain.lstrip().startswith(_FORMULA) else plain


def _text(text: str) -> str:
    return excerpt(text, _MOST)


def _moment(moment: datetime | None) -> str | None:
    return show_time(moment) if moment else None


def _remedy(finding: Finding) -> str:
    return told(finding.remedy, _MOST, excerpt)
