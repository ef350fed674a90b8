"""`verifier audit`: judge the builds of the past, and sum them up."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from verifier.checks.verdict import Verdict
from verifier.cli.audit_input import from_files
from verifier.cli.audit_options import AuditOptions
from verifier.cli.audit_output import AuditEnding, CsvOutput, HtmlOutput, JsonOutput, Output, TableOutput
from verifier.cli.audit_place import AuditScope
from verifier.cli.audit_run import AuditRun
from verifier.cli.build_text import chosen_policy
from verifier.cli.fail_on import FLAGGED, verdicts
from verifier.cli.moments import moment
from verifier.cli.progress import EVERY, progress
from verifier.cli.terminal import ERROR, Stop, tell
from verifier.cli.whole_file import STANDARD_OUTPUT, whole_file
from verifier.errors import Denied, ServiceError
from verifier.history.judged_build import status_problem
from verifier.history.origin import Origin

_FAIL_ON = f"{Verdict.LOCAL_SOURCE},{Verdict.FAILED},{Verdict.INCONCLUSIVE}"


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
@click.option(
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Default: standard output, which is also called -.",
)
@click.option(
    "--builds", "files", multiple=True, metavar="FILE", help="Read these files or folders instead. Repeatable."
)
@click.option("--job", "jobs", multiple=True, metavar="REGION/JOB", help="Say what this job ran when. Repeatable.")
@click.option(
    "--who/--no-who", default=None, help="Who submitted uploads, from Cloud Audit Logs. Default: if permitted."
)
@click.option("--compare", is_flag=True, help="Compare each upload that still exists with the commits of a clone.")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="With --compare: the clone. Default: the current folder.",
)
@click.option("--suggest-policy", is_flag=True, help="Write a policy that is made of these builds instead.")
@click.option(
    "--function",
    default="",
    metavar="projects/P/locations/R/functions/F",
    help="Take what this function decided of builds that a trigger ran, from its ledger: it ran the worker.",
)
@click.option(
    "--fail-on",
    type=verdicts,
    metavar="VERDICTS",
    default=_FAIL_ON,
    show_default=True,
    help="What exit code 3 is for.",
)
def audit(**given: Any) -> None:
    """Judge the builds of the past by source and policy, and sum them up. No worker is run.

    --builds reads what `gcloud builds list --format=json` prints; `-` is standard input. --project, --region, --since,
    --until and --trigger then choose among its builds. The cloud needs cloudbuild.builds.list, and
    logging.logEntries.list to say who. --compare reads the archives of uploads, which needs storage.objects.get.

    Exit code: 0 nothing is flagged, 3 something is, 2 not everything could be read or judged, or nothing was found.
    """
    options = AuditOptions(**given)
    options.check()
    if options.suggest_policy:
        from verifier.cli.suggest_policy import suggest_policy

        sys.exit(suggest_policy(options, datetime.now(UTC)))
    run, place = _prepared(options, datetime.now(UTC))
    ending = _written(run, options, place)
    if run.who and isinstance(run.who.trouble, Denied):
        tell(f"who submitted the builds is left out: {run.who.trouble}")
    _tell(ending)
    sys.exit((FLAGGED if ending.flagged else 0) if ending.complete else ERROR)


def _prepared(options: AuditOptions, now: datetime) -> tuple[AuditRun, AuditScope | None]:
    """Return the audit that was asked for, and where the cloud is asked for it. Raise Stop."""
    place = options.scope(now)
    try:
        rules = chosen_policy(options.policy)
        items = from_files(options.files) if options.files or place is None else place.builds()
        log = place.submitters() if place and not options.files and options.who is not False else None
    except (ServiceError, click.ClickException) as error:
        raise Stop(str(error)) from error
    run = AuditRun(
        items=items,
        policy=rules,
        wanted=options.wanted,
        who=log,
        place=place,
        jobs=options.job_names(place),
        fail_on=options.fail_on,
        now=now,
        comparisons=options.comparisons(place),
        decisions=options.decisions(),
        origin=Origin(now, options.scope_words(place), rules.digest),
        expected_in=options.expected_in(place),
    )
    return run, place


def _written(run: AuditRun, options: AuditOptions, place: AuditScope | None) -> AuditEnding:
    """Write the audit to where it was asked for. Raise Stop where that can't be written to."""
    to_file = options.output is not None and options.output != STANDARD_OUTPUT
    span = (place.since, place.until) if place and not options.files else None
    title = f"Builds of {place.project if place else ', '.join(options.files)}"
    try:
        with (
            whole_file(options.output) as stream,
            progress(span, shown=to_file or options.form == "table", every=1 if options.compare else EVERY) as bar,
        ):
            return run.write(_output(options, stream, title), bar.seen, bar.done)
    except BrokenPipeError:
        raise
    except OSError as error:
        where = options.output if to_file else "standard output"
        raise Stop(f"expected to write {where}, got: {error.strerror or error}") from error


def _output(options: AuditOptions, stream: TextIO, title: str) -> Output:
    match options.form:
        case "json":
            return JsonOutput(stream)
        case "csv":
            return CsvOutput(stream)
        case "html":
            return HtmlOutput(stream, title, decided=bool(options.function))
        case _:
            return TableOutput(stream, options.fail_on)


def _tell(ending: AuditEnding) -> None:
    """Say on standard error what the output alone would hide."""
    if ending.repeated:
        tell(f"note: {ending.repeated} builds stood in what was read once more; each is counted once")
    for problem in ending.problems:
        tell(f"could not read {problem}")
    for status, count in ending.summary.unjudged.items():
        tell(f"could not judge {count} build{'s' if count > 1 else ''}: {status_problem(status)}")
    if not ending.complete:
        tell(f"This is not the whole: {ending.summary.builds} builds could be read.")
    elif not ending.summary.builds:
        tell("note: no builds were found, so nothing was judged")
