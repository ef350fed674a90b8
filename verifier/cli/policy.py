"""`verifier policy`: can this policy be deployed, and what does it accept?"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from verifier.checks.policy import Policy
from verifier.cli.build_text import POLICY_FILE, chosen_policy


@click.command(short_help="Check a policy before it is deployed.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=POLICY_FILE)
def policy(file: Path) -> None:
    """Check a policy (default: ./policy.toml) as the function does when it starts, and say what it accepts.

    Exit 1 when it would stop the deployment, with every problem named.
    """
    rules = chosen_policy(file)
    if not _takes_an_exemption(file.read_text("utf-8-sig")):
        raise click.ClickException(
            f"{file}: write exemptions as [[exemption]] tables; the installation adds one of its own."
        )
    click.echo("\n".join([f"{file} can be deployed.", *_lines(rules)]))


def _takes_an_exemption(text: str) -> bool:
    """Return whether this TOML can be followed by the table that Terraform appends: an array written inline can't."""
    try:
        tomllib.loads(f"{text}\n[[exemption]]\n")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _lines(rules: Policy) -> Iterator[str]:
    refs = [*(f"branch {name}" for name in rules.branches), *(f"tag {name}" for name in rules.tags)]
    any_repository = "any, where a trigger builds it"
    yield f"  repositories  {_listed(map(str, rules.repositories), any_repository)}"
    yield f"  branches      {_listed(refs, 'any')}"
    yield f"  workers       {_listed((f'{one.job.job} for {one.trigger}' for one in rules.workers), 'none')}"
    yield f"  exemptions    {_listed((one.reason for one in rules.exemptions), 'none')}"
    yield f"  Slack         {_listed(rules.posts, 'nothing')}; routes: {len(rules.routes)}"


def _listed(items: Iterable[str], otherwise: str) -> str:
    return ", ".join(sorted(items)) or otherwise
