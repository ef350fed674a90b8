"""`verifier where`: is this commit in production?"""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import NoReturn

import click

from verifier.audit import Problem
from verifier.build import BuildKey
from verifier.cli.containment import checked_sha, contains
from verifier.cli.judged import chosen_policy
from verifier.config import loopback_address
from verifier.errors import Malformed, VerifierError
from verifier.execution import JobName
from verifier.history import JudgedBuild, Run
from verifier.judging import judge_listed
from verifier.policy import Policy
from verifier.times import parse_time, show_time
from verifier.whereabouts import Answer, Whereabouts, makers, whereabouts

EXIT_CODES = {Answer.YES: 0, Answer.NO: 3, Answer.UNKNOWN: 4}
_ERROR = 2
_SECONDS = 120.0
_JOB = re.compile(r"(?P<location>[a-z][a-z0-9-]{1,40})/(?P<job>[a-z][a-z0-9-]{0,62})")
_DAYS = re.compile(r"([1-9][0-9]{0,3})d")
_PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")


@click.command("where")
@click.argument("commit")
@click.option("--job", required=True, metavar="REGION/JOB", help="The Cloud Run job that is production.")
@click.option("--project", default="", help="Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="A clone of the repository. Default: the current folder.",
)
@click.option("--since", default="90d", show_default=True, help="How far to look back: days, or a date (2026-08-01).")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def where(commit: str, job: str, project: str, repo: Path, since: str, policy: Path | None, as_json: bool) -> None:
    """Say whether the job runs COMMIT or a later one. Git in a clone decides what contains what.

    Needs run.executions.list, run.jobs.get and cloudbuild.builds.list. Exit code: 0 yes, 3 no, 4 can't tell, 2 error.
    """
    until = datetime.now(UTC)
    try:
        sha, name, start = checked_sha(commit), _job(job, project), _since(since, until)
        builds, problems = _builds(name, start, until, chosen_policy(policy))
        runs = _runs(name, start, until, builds)
    except (VerifierError, click.ClickException) as error:
        _stop(str(error))
    found = whereabouts(sha, runs, builds, cache(partial(contains, repo)))
    for problem in problems:
        click.echo(f"could not read {problem}", err=True)
    click.echo(json.dumps(_document(sha, name, found, problems)) if as_json else "\n".join(_lines(found)))
    sys.exit(_ERROR if found.answer is Answer.UNKNOWN and problems else EXIT_CODES[found.answer])


def _builds(
    job: JobName, since: datetime, until: datetime, policy: Policy
) -> tuple[dict[BuildKey, JudgedBuild], list[Problem]]:
    """Builds of the job's project that may have made its images, and what could not be read."""
    from verifier.cloud.build_history import BuildHistory
    from verifier.cloud.patience import Patience

    history = BuildHistory(Patience(partial(click.echo, err=True)), _endpoint())
    listed = list(history.builds(job.project, [*dict.fromkeys(("global", job.location))], since, until))
    judged = [judge_listed(item, policy) for item in listed if not isinstance(item, Problem)]
    return {build.key: build for build in judged}, [item for item in listed if isinstance(item, Problem)]


def _runs(job: JobName, since: datetime, until: datetime, builds: dict[BuildKey, JudgedBuild]) -> list[Run]:
    from verifier.cloud.job_history import list_runs

    return list_runs(job, since, until, makers(builds.values()), endpoint=_endpoint(), timeout=_SECONDS)


def _endpoint() -> str:
    # VERIFIER_GOOGLE_ENDPOINT points at a stand-in on this machine; it takes loopback addresses only.
    return loopback_address("VERIFIER_GOOGLE_ENDPOINT", os.environ)


def _job(text: str, project: str) -> JobName:
    match = _JOB.fullmatch(text)
    if not match:
        raise Malformed(f"--job: expected REGION/JOB as in us-central1/content-worker, got {text[:120]!r}")
    named = project or next(filter(None, map(os.environ.get, _PROJECT_VARIABLES)), "")
    if not named:
        raise Malformed("project: expected --project, or GOOGLE_CLOUD_PROJECT in the environment, got neither")
    return JobName(named, match["location"], match["job"])


def _since(text: str, until: datetime) -> datetime:
    days = _DAYS.fullmatch(text)
    if days:
        return until - timedelta(days=int(days[1]))
    try:
        return parse_time(text if "T" in text else f"{text}T00:00:00Z")
    except ValueError as error:
        raise Malformed(f"--since: expected days as in 90d, or a date as in 2026-08-01, got {text[:60]!r}") from error


def _lines(found: Whereabouts) -> list[str]:
    return [found.text, *(f"  {line}" for line in found.evidence)]


def _document(sha: str, job: JobName, found: Whereabouts, problems: list[Problem]) -> dict[str, object]:
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
    click.echo(f"Error: {text}", err=True)
    sys.exit(_ERROR)
