"""`verifier status`: what runs, from which builds and commits, as the ledger of the deployed function knows it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import click

from verifier.checks.job_runs import JobRuns
from verifier.cli.audit_place import job_name
from verifier.cli.deployed_function import AskedFunction, asked_function, function_options, reading_the_ledger
from verifier.cli.job_ledger import JobStatus, UnreadJob, chosen_jobs, read_jobs, status_of
from verifier.cli.moments import moment
from verifier.cli.screen import show
from verifier.cli.status_text import (
    RunsAnswer,
    answer_of,
    status_document,
    status_lines,
    unwatched_line,
    worst_answer,
)
from verifier.cli.surroundings import stand_in_address
from verifier.cli.terminal import ERROR, json_line, tell
from verifier.errors import Malformed, ServiceError, VerifierError
from verifier.facts.execution import JobName
from verifier.history.origin import Origin

if TYPE_CHECKING:
    from verifier.services import Store


@click.command("status", short_help="Say what runs, and from which builds.")
@function_options
@click.option("--job", default="", metavar="REGION/JOB", help="This job alone.")
@click.option("--since", default="", help="With --format csv: since when. Default: 90d; so are 36h, 2w, or a date.")
@click.option("--until", default="", help="With --format csv: until when. Default: now.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="csv: every digest that ran, with its build, from the entries that Cloud Run wrote.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json: an object a line, for each job.")
def status(
    function: str, project: str, region: str, job: str, since: str, until: str, form: str, as_json: bool
) -> None:
    """Say what each watched job runs now, from which build and commit, and since when.

    Read from the ledger of the deployed function, and nothing is changed. Needs run.services.get in the function's
    project, and datastore.entities.get and datastore.entities.list there; --format csv also logging.logEntries.list in
    the jobs' projects, where entries are kept for 400 days. Exit code: 0 verified code runs and nothing else, 3 other
    code runs or it got worse, 4 can't tell, 2 error.
    """
    try:
        if form != "csv":
            _refuse(since=since, until=until)
        asked = asked_function(function, project, region)
        if form == "csv":
            _show_ran(asked, job, since, until)
        jobs = _read(asked, job)
    except click.ClickException as error:
        _stop(error.format_message())
    except VerifierError as error:
        _stop(str(error))
    if as_json or form == "json":
        _show_json(jobs, Origin(datetime.now(UTC), f"the ledger of {asked.called}{f', job {job}' if job else ''}"))
    else:
        _show(jobs, _services(asked))
    sys.exit(worst_answer(map(answer_of, jobs)))


def _refuse(**options: str) -> None:
    """Raise Malformed for an option that says something about nothing."""
    for name, value in options.items():
        if value:
            raise Malformed(f"--{name}: expected it with --format csv, which says what ran when, got it without")


def _show_ran(asked: AskedFunction, job: str, since: str, until: str) -> NoReturn:
    """Write every digest that ran, as CSV."""
    from verifier.adapters.completions import CompletionLog
    from verifier.adapters.patience import Patience
    from verifier.cli.progress import counted
    from verifier.cli.status_csv import RanRequest, write_ran

    now = datetime.now(UTC)
    with reading_the_ledger(asked.settings):
        store = asked.store()
        jobs = _jobs_that_ran(asked, store, job)
    if not jobs:
        tell(_nothing())
        sys.exit(RunsAnswer.UNKNOWN)
    span = moment(since or "90d"), moment(until) if until else now
    if span[0] >= span[1]:
        raise Malformed(f"--since: expected a moment before --until, got {span[0]:%Y-%m-%d %H:%M} UTC")
    log = CompletionLog(Patience(tell), stand_in_address())
    with counted("entries") as seen, reading_the_ledger(asked.settings):
        answer = write_ran(RanRequest(store, jobs, *span, now), log, sys.stdout, seen)
    for trouble in answer.troubles:
        tell(f"Error: {trouble}")
    sys.exit(ERROR if answer.troubles else answer.answer)


def _jobs_that_ran(asked: AskedFunction, store: Store, place: str) -> dict[JobName, JobRuns | None]:
    """Return the jobs whose entries are read. One that was named may be one that the ledger does not know."""
    found = read_jobs(store)
    for each in found:
        if isinstance(each, UnreadJob):
            tell(f"{each.name}: {each.why}")
    known = {each.job: each for each in found if not isinstance(each, UnreadJob)}
    if not place:
        return dict(known)
    named = [job_name(place, project) for project in sorted(asked.settings.watched.projects)]
    of_others = [job for job in known if job not in named and job_name(place, job.project) == job]
    return {job: known.get(job) for job in [*named, *of_others]}


def _read(asked: AskedFunction, job: str) -> list[JobStatus | UnreadJob]:
    with reading_the_ledger(asked.settings):
        store = asked.store()
        found = read_jobs(store)
        chosen = chosen_jobs(found, job) if found else []
        return [each if isinstance(each, UnreadJob) else status_of(store, each) for each in chosen]


def _show(jobs: list[JobStatus | UnreadJob], services: int | None) -> None:
    now = datetime.now(UTC)
    for job in jobs:
        show([*status_lines(job, now), ""])
    if not jobs:
        tell(_nothing())
    show([unwatched_line(services)])


def _show_json(jobs: list[JobStatus | UnreadJob], origin: Origin) -> None:
    for job in jobs:
        problems = [job.why] if isinstance(job, UnreadJob) else []
        click.echo(json_line(status_document(job) | origin.field(problems)))
        if isinstance(job, UnreadJob):
            tell(f"{job.name}: {job.why}")
    if not jobs:
        tell(_nothing())


def _nothing() -> str:
    return (
        "? expected watched jobs in the ledger, found none yet: a job is there once it is watched (a worker's job, or "
        "jobs under [watch] in the policy) and a sweep has looked at it"
    )


def _services(asked: AskedFunction) -> int | None:
    """Return how many services there are; None where whoever asks may not see that, or they are too many to ask."""
    from verifier.adapters.service_count import count_services

    watched = asked.settings.watched
    try:
        return count_services(sorted(watched.projects), sorted(watched.locations), stand_in_address())
    except ServiceError:
        return None


def _stop(text: str) -> NoReturn:
    tell(f"Error: {text}")
    sys.exit(ERROR)
