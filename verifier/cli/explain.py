"""`verifier explain`: judge build documents offline, by source and policy alone."""

from __future__ import annotations

import json
from pathlib import Path

import click

from verifier.build import parse_build
from verifier.cli.documents import read_documents
from verifier.cli.judged import chosen_policy, judge
from verifier.errors import Malformed


@click.command()
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
    unreadable = False
    for file in files:
        try:
            for number, document in enumerate(read_documents(file)):
                judged = judge(parse_build(document), rules)
                if as_json:
                    click.echo(json.dumps({"file": file, **judged.document()}, ensure_ascii=False))
                else:
                    click.echo("\n".join([*([""] if number else []), *judged.lines()]))
        except Malformed as error:
            unreadable = True
            click.echo(f"{file}: {error}", err=True)
    if unreadable:
        raise SystemExit(1)
