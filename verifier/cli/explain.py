"""`verifier explain`: judge build documents offline, by source and policy alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.cli.build_text import Judged, chosen_policy, judge
from verifier.cli.fail_on import FLAGGED, NOTHING, verdicts
from verifier.cli.terminal import ERROR, Stop, json_line, tell
from verifier.errors import Malformed
from verifier.history.export_files import read_places
from verifier.history.gcloud_export import Document
from verifier.history.recognize import build_of
from verifier.history.summary import Notice


@click.command(short_help="Judge build documents from files, offline.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--fail-on", type=verdicts, metavar="VERDICTS", default=NOTHING, show_default=True, help="What exit code 3 is for."
)
def explain(files: tuple[str, ...], policy: Path | None, as_json: bool, fail_on: frozenset[Verdict]) -> None:
    """Judge build documents offline, as `gcloud builds list --format=json` prints them; `-` is standard input.

    Nothing is fetched and no worker is run.

    Exit code: 0 no verdict of --fail-on, 3 one of them, 2 something could not be read or judged, or nothing was found;
    the rest is judged all the same.
    """
    try:
        rules = chosen_policy(policy)
    except click.ClickException as error:
        raise Stop(error.message) from error
    count = wrong = flagged = 0
    for item in read_places(files, sys.stdin.buffer):
        if isinstance(item, Document):
            count += 1
            judged = _explain(item, rules, as_json=as_json)
            wrong += judged is None or bool(judged.problem)
            flagged += judged is not None and judged.judgement.verdict in fail_on
        else:
            tell(f"note: {item}" if isinstance(item, Notice) else str(item))
            wrong += not isinstance(item, Notice)
    if not (count or wrong):
        tell("expected build documents, found none")
    if wrong or not count:
        raise SystemExit(ERROR)
    if flagged:
        raise SystemExit(FLAGGED)


def _explain(document: Document, rules: Policy, *, as_json: bool) -> Judged | None:
    """Print what is made of one document, and return it; None where it could not be read."""
    try:
        judged = judge(build_of(document.value), rules)
    except Malformed as error:
        tell(f"{document.file}: build {document.number}: {error}")
        return None
    if as_json:
        click.echo(json_line({"file": document.file, **judged.document()}))
    else:
        click.echo("\n".join([*judged.lines(), ""]))
    if judged.problem:
        tell(f"{document.file}: build {document.number}: {judged.problem}")
    return judged
