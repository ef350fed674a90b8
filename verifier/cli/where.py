"""`verifier where`: is this commit in production?"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import NoReturn

import click

from verifier.checks.policy import Policy
from verifier.cli.audit_place import AuditScope, job_name
from verifier.cli.build_text import chosen_policy
from verifier.cli.containment import contains, named_commit
from verifier.cli.deployed_function import (
    AskedFunction,
    asked_function,
    function_place_options,
    reading_the_ledger,
)
from verifier.cli.job_ledger import UnreadJob, chosen_jobs, job_of, made_by, read_jobs
from verifier.cli.moments import moment
from verifier.cli.screen import show
from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.cli.terminal import tell
from verifier.cli.where_ledger import deployed_by_ledger
from verifier.errors import Malformed, VerifierError
from verifier.facts.build import BuildKey
from verifier.facts.execution import JobName
from verifier.history.deployed import Answer, Contains, Deployed, deployed, makers
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.history.origin import Origin
from verifier.history.summary import Problem
from verifier.times import show_time

EXIT_CODES = {Answer.YES: 0, Answer.NO: 3, Answer.UNKNOWN: 4}
_ERROR = 2


@click.command("where", short_help="Say whether a job runs a commit, or a later one.")
@click.argument("commit")
@click.option("--job", required=True, metavar="REGION/JOB", help="The Cloud Run job that is production.")
@click.option("--project", default="", help="Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="A clone of the repository. Default: the current folder.",
)
@click.option("--since", default="90d", show_default=True, help="How far to look back: 90d, 36h, 2w, or a date.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@function_place_options
def where(
    commit: str,
    job: str,
    project: str,
    repo: Path,
    since: str,
    policy: Path | None,
    as_json: bool,
    function: str,
    function_project: str,
    function_region: str,
) -> None:
    """Say whether the job runs COMMIT or a later one. Git in a clone decides what contains what.

    Needs run.executions.list, run.jobs.get and cloudbuild.builds.list. With --function the ledger of a deployed
    function is asked instead, which needs run.services.get, datastore.entities.get and datastore.entities.list. Exit
    code: 0 yes, 3 no, 4 can't tell, 2 error.
    """
    try:
        sha = named_commit(repo, commit)
        if function:
            asked = asked_function(function, function_project or project, function_region)
            name, found = _by_ledger(asked, job, project, sha, cache(partial(contains, repo)))
            problems, scope, rules = list[Problem](), f"the ledger of {asked.called}", Policy()
        else:
            place, name = _place(project, job, since)
            rules, scope = chosen_policy(policy), f"{name.resource}, since {place.since:%Y-%m-%d %H:%M} UTC"
            builds, problems = _judged(place, rules)
            runs = place.runs(name, makers(builds.values()))
            found = deployed(sha, runs, builds, cache(partial(contains, repo)))
    except click.ClickException as error:
        _stop(error.format_message())
    except VerifierError as error:
        _stop(str(error))
    for problem in problems:
        tell(f"could not read {problem}")
    if as_json:
        origin = Origin(datetime.now(UTC), scope, rules.digest).field(problems)
        click.echo(json.dumps(_document(sha, name, found, problems) | origin))
    else:
        show(_lines(found))
    sys.exit(_ERROR if found.answer is Answer.UNKNOWN and problems else EXIT_CODES[found.answer])


def _by_ledger(asked: AskedFunction, job: str, project: str, sha: str, contained: Contains) -> tuple[JobName, Deployed]:
    """Return the job that the ledger knows, and what it says of the commit. Raise Malformed, and ServiceError."""
    with reading_the_ledger(asked.settings):
        store = asked.store()
        known = read_jobs(store)
        place = job_name(job, project or "any")
        chosen = chosen_jobs(known, job) if not project else [job_of(known, place)]
        if len(chosen) != 1:
            raise Malformed(f"--project: expected the project of the job {job}, which {len(chosen)} projects have")
        (runs,) = chosen
        if isinstance(runs, UnreadJob):
            raise Malformed(f"{runs.name}: {runs.why}")
        made = {each.digest: made_by(store, each) for each in runs.digests}
    return runs.job, deployed_by_ledger(sha, runs, made, contained)


def _place(project: str, job: str, since: str) -> tuple[AuditScope, JobName]:
    named = chosen_project(project)
    name = job_name(job, named)
    place = AuditScope.checked(named, ["global", name.location], moment(since), datetime.now(UTC), stand_in_address())
    return place, name


def _judged(place: AuditScope, policy: Policy) -> tuple[dict[BuildKey, JudgedBuild], list[Problem]]:
    """Return the builds that may have made the job's images, and what could not be read."""
    builds: dict[BuildKey, JudgedBuild] = {}
    problems: list[Problem] = []
    for item in place.builds():
        if isinstance(item, Problem):
            problems.append(item)
        else:
            builds[item.key] = judge_listed(item, policy)
    return builds, problems


def _lines(found: Deployed) -> list[str]:
    return [found.text, *(f"  {line}" for line in found.evidence)]


def _document(sha: str, job: JobName, found: Deployed, problems: list[Problem]) -> dict[str, object]:
    return {
        "commit": sha,
        "job": job.resource,
        "answer": found.answer,
        "text": found.text,
        "since": show_time(found.since) if found.since else None,
        "since_is_exact": found.since_is_exact,
        "build": found.build.name if found.build else None,
        "execution": found.execution or None,
        "evidence": list(found.evidence),
        "problems": [str(problem) for problem in problems],
    }


def _stop(text: str) -> NoReturn:
    tell(f"Error: {text}")
    sys.exit(_ERROR)
