"""`verifier explain`: judge build documents offline, by source and policy alone."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import click

from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.cli.build_text import Judged, chosen_policy, judge
from verifier.cli.fail_on import FLAGGED, NOTHING, verdicts
from verifier.cli.screen import show
from verifier.cli.terminal import ERROR, Stop, json_line, tell
from verifier.errors import Malformed
from verifier.history.export_files import read_places
from verifier.history.gcloud_export import Document
from verifier.history.origin import Origin
from verifier.history.recognize import build_of
from verifier.history.summary import Notice

_IN_MEMORY = 1 << 20
"""Bytes of text that wait in memory until the summary is known; more wait on disk."""


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
    counts, wrong, flagged = Counter[str](), 0, 0
    with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="\n") as kept:
        for item in read_places(files, sys.stdin.buffer):
            if isinstance(item, Document):
                judged = _judged(item, rules)
                wrong += judged is None or bool(judged.problem)
                counts[_counted_as(judged)] += 1
                flagged += judged is not None and judged.judgement.verdict in fail_on
                if judged is not None:
                    _write(item, judged, rules, kept, as_json=as_json)
            else:
                tell(f"note: {item}" if isinstance(item, Notice) else str(item))
                wrong += not isinstance(item, Notice)
        kept.seek(0)
        if counts.total() > 1 and not as_json:
            show([_summary(counts), ""])
        show(line.removesuffix("\n") for line in kept)
    if not (counts or wrong):
        tell("expected build documents, found none")
    if wrong or not counts:
        raise SystemExit(ERROR)
    if flagged:
        raise SystemExit(FLAGGED)


def _judged(document: Document, rules: Policy) -> Judged | None:
    """Return what is made of one document, and tell what is wrong with it; None where it could not be read."""
    try:
        judged = judge(build_of(document.value), rules)
    except Malformed as error:
        tell(f"{document.file}: build {document.number}: {error}")
        return None
    if judged.problem:
        tell(f"{document.file}: build {document.number}: {judged.problem}")
    return judged


def _write(document: Document, judged: Judged, rules: Policy, kept: IO[str], *, as_json: bool) -> None:
    """Write it as JSON at once, for whoever reads as it comes; keep it as text, since the summary comes first."""
    if as_json:
        origin = Origin(judged.judgement.decided, document.file, rules.digest)
        problems = [judged.problem] if judged.problem else []
        click.echo(json_line({"file": document.file, **judged.document(), **origin.field(problems)}))
    else:
        kept.writelines(f"{line}\n" for line in [*judged.lines(), ""])


def _counted_as(judged: Judged | None) -> str:
    if judged is None:
        return "could not be read"
    if judged.problem:
        return "could not be judged"
    return str(judged.judgement.verdict or "not judged")


def _summary(counts: Counter[str]) -> str:
    words = [*Verdict, "not judged", "could not be judged", "could not be read"]
    parts = ", ".join(f"{counts[word]:,} {word}" for word in words if counts[word])
    return f"{counts.total():,} builds: {parts}"
