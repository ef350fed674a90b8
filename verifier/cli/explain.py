"""`verifier explain`: judge build documents offline, by source and policy alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from verifier.checks.policy import Policy
from verifier.cli.build_text import chosen_policy, judge
from verifier.cli.documents import checked_build, files_in, read_documents
from verifier.errors import Malformed


@click.command(short_help="Judge build documents from files, offline.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def explain(files: tuple[str, ...], policy: Path | None, as_json: bool) -> None:
    """Judge build documents offline, as `gcloud builds list --format=json` prints them; `-` is standard input.

    Nothing is fetched and no worker is run. Exit 1 when a file could not be read; the rest is judged all the same.
    """
    rules = chosen_policy(policy)
    every = [file for place in files for file in files_in(place)]
    unreadable = [problem for file in every for problem in _explain_file(file, rules, as_json=as_json)]
    if unreadable:
        raise SystemExit(1)


def _explain_file(file: str, rules: Policy, *, as_json: bool) -> Iterator[Malformed]:
    """Print what is judged, tell what can't be read, and give the problems back."""
    try:
        for number, document in enumerate(read_documents(file), start=1):
            try:
                judged = judge(checked_build(document), rules)
            except Malformed as error:
                click.echo(f"{file}: build {number}: {error}", err=True)
                yield error
                continue
            if as_json:
                click.echo(json.dumps({"file": file, **judged.document()}, ensure_ascii=False))
            else:
                click.echo("\n".join([*judged.lines(), ""]))
    except Malformed as error:
        click.echo(f"{file}: {error}", err=True)
        yield error
