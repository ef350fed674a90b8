"""The command line: one file a command."""

from __future__ import annotations

from importlib import import_module

import click

from verifier import __version__
from verifier.cli.terminal import SafeGroup

COMMANDS = ("again", "audit", "check", "compare", "demo", "doctor", "explain", "logs", "policy", "status", "where")
"""Each is a file of this package, and the command's function in it."""


class OneFileEach(SafeGroup):
    """Commands of which only the one that is asked for is loaded, when it is."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the base's
        """Return the commands' names, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the base's
        """Return the command of this name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command


@click.group(cls=OneFileEach, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="verifier")
def main() -> None:
    """For every build: is it really the commit that was pushed, and does it work?"""
