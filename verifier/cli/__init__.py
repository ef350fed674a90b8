"""The command line: one file a command."""

from __future__ import annotations

import click

from verifier import __version__
from verifier.cli.audit import audit
from verifier.cli.check import check
from verifier.cli.compare import compare
from verifier.cli.demo import demo
from verifier.cli.doctor import doctor
from verifier.cli.explain import explain
from verifier.cli.logs import logs
from verifier.cli.policy import policy
from verifier.cli.terminal import SafeGroup
from verifier.cli.where import where


@click.group(cls=SafeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="verifier")
def main() -> None:
    """For every build: is it really the commit that was pushed, and does it work?"""


main.add_command(audit)
main.add_command(check)
main.add_command(compare)
main.add_command(demo)
main.add_command(doctor)
main.add_command(explain)
main.add_command(logs)
main.add_command(policy)
main.add_command(where)
