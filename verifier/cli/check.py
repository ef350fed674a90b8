"""`verifier check`: judge one build of the cloud, by source and policy alone."""

from __future__ import annotations

from pathlib import Path

import click

from verifier.cli.build_text import chosen_policy, judge
from verifier.cli.named_build import named_build
from verifier.cli.terminal import ERROR, json_line
from verifier.cli.triggers import trigger_reader
from verifier.errors import VerifierError


@click.command(short_help="Judge one build of the cloud.")
@click.argument("build")
@click.option("--project", default="", help="Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--region", default="", help="Default: global, then every other one.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(build: str, project: str, region: str, policy: Path | None, as_json: bool) -> None:
    """Judge the build BUILD, fetched with application default credentials.

    BUILD is its id or the beginning of it (looked for among the builds of 30 days), its full name, its address in the
    console, a file with its document, or - for standard input. Needs cloudbuild.builds.get, and for the beginning of an
    id cloudbuild.builds.list. No worker is run. Exit code 2 where the build's status says nothing.
    """
    rules = chosen_policy(policy)
    try:
        found = named_build(build, project, region)
        judged = judge(found.build, rules, trigger_reader(rules)(found.build))
    except VerifierError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json_line({"file": found.file or None, **judged.document()}))
    else:
        click.echo("\n".join(judged.lines()))
    if judged.problem:
        raise SystemExit(ERROR)
