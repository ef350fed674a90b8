"""`verifier audit`: judge the builds of the past, and sum them up."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from verifier.checks.verdict import Verdict
from verifier.cli.audit_input import Wanted, from_files
from verifier.cli.audit_output import (
    CsvOutput,
    Ending,
    HtmlOutput,
    JsonOutput,
    Output,
    TableOutput,
    whole_file,
)
from verifier.cli.audit_place import AuditScope, job_name
from verifier.cli.audit_run import AuditRun
from verifier.cli.build_text import chosen_policy
from verifier.cli.moments import moment
from verifier.cli.progress import progress
from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.errors import Denied, Malformed, ServiceError, SettingsError
from verifier.facts.execution import JobName

FLAGGED = 3
ERROR = 2
_FAIL_ON = f"{Verdict.LOCAL_SOURCE},{Verdict.FAILED},{Verdict.INCONCLUSIVE}"
_DEFAULT_SPAN = timedelta(days=90)


def _verdicts(text: str) -> frozenset[Verdict]:
    """Verdicts with commas between them, or `none`. Raises BadParameter with those that there are."""
    words = [word.strip().upper() for word in text.split(",")]
    if words == ["NONE"]:
        return frozenset()
    unknown = [word for word in words if word not in Verdict.__members__]
    if unknown:
        expected = f"none, or some of {', '.join(Verdict)} with commas"
        raise click.BadParameter(f"expected {expected}, got {', '.join(unknown)!r}")
    return frozenset(map(Verdict, words))


@click.command("audit", short_help="Judge the builds of the past, and sum them up.")
@click.option("--project", default="", help="Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--region", "regions", multiple=True, default=("all",), show_default=True, help="Repeatable.")
@click.option("--since", type=moment, metavar="90d|DATE", help="Default: 90d.")
@click.option("--until", type=moment, metavar="DATE", help="Default: now.")
@click.option("--trigger", default="", help="Only builds of this trigger, by its id or name.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "html"]), default="table", show_default=True
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output.")
@click.option("--builds", "files", multiple=True, metavar="FILE", help="Read these instead of the cloud. Repeatable.")
@click.option("--job", "jobs", multiple=True, metavar="REGION/JOB", help="Say what this job ran when. Repeatable.")
@click.option(
    "--who/--no-who", default=None, help="Who submitted uploads, from Cloud Audit Logs. Default: if permitted."
)
@click.option(
    "--fail-on",
    type=_verdicts,
    metavar="VERDICTS",
    default=_FAIL_ON,
    show_default=True,
    help="What exit code 3 is for.",
)
def audit(
    project: str,
    regions: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    trigger: str,
    policy: Path | None,
    form: str,
    output: Path | None,
    files: tuple[str, ...],
    jobs: tuple[str, ...],
    who: bool | None,
    fail_on: frozenset[Verdict],
) -> None:
    """Judge the builds of the past by source and policy, and sum them up. No worker is run.

    --builds reads what `gcloud builds list --format=json` prints; `-` is standard input. Needs cloudbuild.builds.list,
    and logging.logEntries.list to say who. Exit code: 0 nothing is flagged, 3 something is, 2 not everything could be
    read.
    """
    if files and who:
        raise click.UsageError("--who reads the cloud's audit logs, which --builds does not")
    if form == "html" and output is None:
        raise click.UsageError("--format html needs --output FILE")
    now, place = datetime.now(UTC), None
    if jobs or not files:
        place = _place(project, regions, since or datetime.now(UTC) - _DEFAULT_SPAN, until or now)
    rules = chosen_policy(policy)
    try:
        items = from_files(files) if files or place is None else place.builds()
        log = place.submitters() if place and not files and who is not False else None
    except ServiceError as error:
        raise _Stop(str(error)) from error
    run = AuditRun(
        items=items,
        policy=rules,
        wanted=Wanted(since, until, trigger),
        who=log,
        place=place,
        jobs=[_job(job, place) for job in jobs] if place else [],
        fail_on=fail_on,
        now=now,
    )
    subject = place.project if place else ", ".join(files)
    span = (place.since, place.until) if place and not files else None
    try:
        with whole_file(output) as stream, progress(span, shown=output is not None or form == "table") as seen:
            ending = run.write(_output(form, stream, fail_on, subject), seen)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _Stop(f"expected to write {output or 'standard output'}, got: {error.strerror or error}") from error
    if run.who and isinstance(run.who.trouble, Denied):
        click.echo(f"who submitted the builds is left out: {run.who.trouble}", err=True)
    _tell(ending)
    sys.exit(ERROR if ending.problems else FLAGGED if ending.flagged else 0)


class _Stop(click.ClickException):
    """An error that leaves nothing to report."""

    exit_code = ERROR


def _place(project: str, regions: tuple[str, ...], since: datetime, until: datetime) -> AuditScope:
    try:
        return AuditScope.checked(chosen_project(project), regions, since, until, stand_in_address())
    except (Malformed, SettingsError) as error:
        raise _Stop(str(error)) from error


def _job(text: str, place: AuditScope) -> JobName:
    try:
        return job_name(text, place.project)
    except Malformed as error:
        raise _Stop(str(error)) from error


def _output(form: str, stream: TextIO, fail_on: frozenset[Verdict], subject: str) -> Output:
    match form:
        case "json":
            return JsonOutput(stream)
        case "csv":
            return CsvOutput(stream)
        case "html":
            return HtmlOutput(stream, f"Builds of {subject}")
        case _:
            return TableOutput(stream, fail_on)


def _tell(ending: Ending) -> None:
    for problem in ending.problems:
        click.echo(f"could not read {problem}", err=True)
    if ending.problems:
        click.echo(f"This is not the whole: {ending.summary.builds} builds could be read.", err=True)
