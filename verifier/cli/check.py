"""`verifier check`: judge one build of the cloud, by source and policy alone."""

from __future__ import annotations

from pathlib import Path

import click

from verifier.cli.build_text import chosen_policy, judge
from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.cli.terminal import ERROR, json_line
from verifier.cli.triggers import trigger_reader
from verifier.errors import VerifierError
from verifier.facts.build import Build, BuildKey, checked_key, parse_build_name

_TIMEOUT = 20.0


@click.command(short_help="Judge one build of the cloud.")
@click.argument("build")
@click.option("--project", default="", help="Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--region", default="global", show_default=True)
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(build: str, project: str, region: str, policy: Path | None, as_json: bool) -> None:
    """Judge the build BUILD (its id or its full name), fetched with application default credentials.

    Needs cloudbuild.builds.get. No worker is run. Exit code 2 where the build's status says nothing.
    """
    rules = chosen_policy(policy)
    try:
        found = _fetched(_key(build, project, region))
        judged = judge(found, rules, trigger_reader(rules)(found))
    except VerifierError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json_line({"file": None, **judged.document()}))
    else:
        click.echo("\n".join(judged.lines()))
    if judged.problem:
        raise SystemExit(ERROR)


def _key(build: str, project: str, region: str) -> BuildKey:
    if "/" in build:
        return checked_key(*parse_build_name(build))
    return checked_key(chosen_project(project), region, build)


def _fetched(key: BuildKey) -> Build:
    from verifier.adapters.cloud_build import CloudBuild

    return CloudBuild(stand_in_address()).fetch(key, timeout=_TIMEOUT)
