"""`verifier status`: what runs, from which builds and commits, as the ledger of the deployed function knows it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import NoReturn

import click

from verifier.cli.deployed_function import AskedFunction, asked_function, function_options, reading_the_ledger
from verifier.cli.job_ledger import JobStatus, UnreadJob, chosen_jobs, read_jobs, status_of
from verifier.cli.status_text import answer_of_all, status_document, status_lines, unwatched_line
from verifier.cli.surroundings import stand_in_address
from verifier.cli.terminal import ERROR, json_line, tell
from verifier.errors import ServiceError, VerifierError


@click.command("status", short_help="Say what runs, and from which builds.")
@function_options
@click.option("--job", default="", metavar="REGION/JOB", help="This job alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, a line for each job.")
def status(function: str, project: str, region: str, job: str, as_json: bool) -> None:
    """Say what each watched job runs now, from which build and commit, and since when.

    Read from the ledger of the deployed function, and nothing is changed. Needs run.services.get in the function's
    project, and datastore.entities.get and datastore.entities.list there. Exit code: 0 verified code runs and nothing
    else, 3 other code runs, 4 can't tell, 2 error.
    """
    try:
        asked = asked_function(function, project, region)
        jobs = _read(asked, job)
    except click.ClickException as error:
        _stop(error.format_message())
    except VerifierError as error:
        _stop(str(error))
    if as_json:
        _show_json(jobs)
    else:
        _show(jobs, _services(asked))
    sys.exit(answer_of_all(jobs))


def _read(asked: AskedFunction, job: str) -> list[JobStatus | UnreadJob]:
    with reading_the_ledger(asked.settings):
        store = asked.store()
        found = read_jobs(store)
        chosen = chosen_jobs(found, job) if found else []
        return [each if isinstance(each, UnreadJob) else status_of(store, each) for each in chosen]


def _show(jobs: list[JobStatus | UnreadJob], services: int | None) -> None:
    now = datetime.now(UTC)
    for job in jobs:
        click.echo("\n".join([*status_lines(job, now), ""]))
    if not jobs:
        tell(_nothing())
    click.echo(unwatched_line(services))


def _show_json(jobs: list[JobStatus | UnreadJob]) -> None:
    for job in jobs:
        click.echo(json_line(status_document(job)))
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
