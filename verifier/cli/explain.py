"""`verifier explain`: builds judged where no cloud can be reached, and how a judgement reads at a terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from verifier.admission import source_findings
from verifier.build import SUCCESS, Build
from verifier.cli.documents import STANDARD_INPUT, Unreadable, given_builds, policy_from
from verifier.errors import SettingsError
from verifier.judgement import Judgement
from verifier.naming import commit, subject
from verifier.operation import not_run
from verifier.policy import Policy
from verifier.record import explanation
from verifier.redact import excerpt
from verifier.source import Source, source_of
from verifier.verdict import SOURCE_CHECKS, WORKER_CHECKS, Check, Outcome, Verdict, decide
from verifier.wording import Told, headline, reasons, remedies

COLOURS = {
    Verdict.LOCAL_SOURCE: "red",
    Verdict.FAILED: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.EXEMPT: None,
    Verdict.VERIFIED: "green",
}
_OUTCOMES = {
    Outcome.HOLDS: "holds",
    Outcome.FAILS: "FAILS",
    Outcome.COULD_NOT_CHECK: "UNKNOWN",
    Outcome.NOT_APPLICABLE: "n/a",
}
_MOST_LINE = 600
_INDENT = "   "


def explain_files(files: Sequence[str], policy_file: str | None, *, as_json: bool) -> int:
    """Judge every build in these files and print what comes of it. The exit status: 1 when something was unreadable."""
    try:
        policy = policy_from(policy_file)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    status = judged = 0
    for file in files:
        for given in given_builds(file):
            if isinstance(given, Unreadable):
                click.echo(f"Error: {plain_line(str(given))}", err=True)
                status = 1
                continue
            if judged and not as_json:
                click.echo()
            show(given.build, policy, as_json=as_json, file=given.file)
            judged += 1
    if not judged and not status:
        click.echo("There are no builds in what was given.", err=True)
    return status


def show(build: Build, policy: Policy, *, as_json: bool, file: str | None = None) -> None:
    """Judge a build by its source and print what comes of it."""
    source = source_of(build)
    judgement = judge(build, source, policy, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps({"file": file, **explanation(build, source, judgement)}))
        return
    first, *rest = readable(build, source, judgement, file)
    colour = COLOURS[judgement.verdict] if judgement.verdict else None
    plain = False if os.environ.get("NO_COLOR") else None
    click.echo("\n".join([click.style(first, bold=True, fg=colour), *rest]), color=plain)


def judge(build: Build, source: Source, policy: Policy, now: datetime) -> Judgement:
    """The judgement by source and policy alone. No worker can be run, and nobody knows what was announced."""
    if build.status != SUCCESS:
        return Judgement(None, (), now)
    answers = source_findings(build, source, policy, announced=True)
    admission = [finding for finding in answers if finding.check is not Check.BUILD_WAS_ANNOUNCED]
    findings = (*admission, *not_run(_why_not_run(build, policy)))
    return Judgement(decide(findings, SOURCE_CHECKS | WORKER_CHECKS), findings, now)


def readable(build: Build, source: Source, judgement: Judgement, file: str | None) -> list[str]:
    """The judgement as lines: what it is, why, what to do, and every check with what was seen."""
    verdict = judgement.verdict
    if verdict is None:
        said = build.status or "no status"
        first, *body = [f"⚪ not judged: {said} · {subject(build)} · {commit(build, source)}"]
    else:
        told = Told(build, source, judgement)
        first = headline(told, verdict)
        body = [*reasons(told, verdict), *remedies(told, verdict), "", *_checks(judgement), ""]
    return [plain_line(first), *(f"{_INDENT}{plain_line(line)}".rstrip() for line in [*body, _place(build, file)])]


def plain_line(text: str) -> str:
    """Text from outside as it may be shown at a terminal: without secrets, control characters or excess."""
    kept = text.lstrip(" ")
    return " " * (len(text) - len(kept)) + excerpt(kept, _MOST_LINE)


def _why_not_run(build: Build, policy: Policy) -> str:
    worker = policy.worker_for(build)
    if worker is None:
        return "no worker is configured for what built it"
    return f"{worker.job.job} can't be run here: this verdict is by source alone"


def _checks(judgement: Judgement) -> Iterator[str]:
    width = max(len(check) for check in SOURCE_CHECKS)
    for finding in judgement.findings:
        if finding.check in SOURCE_CHECKS:
            yield f"{_OUTCOMES[finding.outcome]:<7}  {finding.check:<{width}}  {finding.seen}"
    worker = next(finding for finding in judgement.findings if finding.check in WORKER_CHECKS)
    yield f"{_OUTCOMES[worker.outcome]:<7}  {"the worker's checks":<{width}}  {worker.seen}"


def _place(build: Build, file: str | None) -> str:
    key = build.key
    trigger = build.trigger_name or build.trigger_id
    parts = [
        f"build {key.id or 'without id'} in {key.project or 'an unknown project'}, {key.location}",
        f"run by trigger {trigger}" if trigger else "submitted by hand",
        "standard input" if file == STANDARD_INPUT else click.format_filename(file or ""),
    ]
    return " · ".join(part for part in parts if part)
