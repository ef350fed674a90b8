"""`verifier check`: judge one build of the cloud, by source and policy alone."""

from __future__ import annotations

from pathlib import Path

import click

from verifier.checks.verdict import Verdict
from verifier.cli.build_text import chosen_policy, judge
from verifier.cli.fail_on import FLAGGED, NOTHING, verdicts
from verifier.cli.named_build import named_build
from verifier.cli.screen import show
from verifier.cli.terminal import ERROR, Stop, json_line, tell
from verifier.cli.triggers import trigger_reader
from verifier.errors import VerifierError
from verifier.history.origin import Origin


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
@click.option("--running", is_flag=True, help="Judge the source of a build that is not over yet.")
@click.option(
    "--fail-on", type=verdicts, metavar="VERDICTS", default=NOTHING, show_default=True, help="What exit code 3 is for."
)
def check(
    build: str,
    project: str,
    region: str,
    policy: Path | None,
    as_json: bool,
    running: bool,
    fail_on: frozenset[Verdict],
) -> None:
    """Judge the build BUILD, fetched with application default credentials.

    BUILD is its id or the beginning of it (looked for among the builds of 30 days), its full name, its address in the
    console, a file with its document, or - for standard input. Needs cloudbuild.builds.get, and for the beginning of an
    id cloudbuild.builds.list. No worker is run. A build that is not over has no verdict; with --running it has one by
    its source alone, which its end may still change.

    Exit code: 0 no verdict of --fail-on, 3 one of them, 2 it could not be read or judged, or is not over while
    --fail-on asks.
    """
    try:
        rules = chosen_policy(policy)
        found = named_build(build, project, region)
        judged = judge(found.build, rules, trigger_reader(rules)(found.build), running=running)
    except (VerifierError, click.ClickException) as error:
        raise Stop(str(error)) from error
    if as_json:
        origin = Origin(judged.judgement.decided, found.file or found.build.key.name, rules.digest)
        problems = [judged.problem] if judged.problem else []
        click.echo(json_line({"file": found.file or None, **judged.document(), **origin.field(problems)}))
    else:
        show(judged.lines())
    if fail_on and judged.is_waited_for:
        tell(f"build {found.build.key.id} is not over, so nothing is decided: wait for it, or add --running")
        raise SystemExit(ERROR)
    if judged.problem:
        raise SystemExit(ERROR)
    if judged.judgement.verdict in fail_on:
        raise SystemExit(FLAGGED)
