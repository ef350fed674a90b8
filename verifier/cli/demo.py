"""`verifier demo`: the story, or builds of your own, through the real function on an embedded stand-in of the cloud."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from verifier.cli.build_text import chosen_policy
from verifier.cli.terminal import tell
from verifier.errors import VerifierError


@click.command(short_help="Play the story on this machine, or builds of your own.")
@click.option("--builds", metavar="FILE_OR_FOLDER", help="Play these build documents instead of the story.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --builds: judge by this policy.",
)
@click.option("--serve", is_flag=True, help="Stay up afterwards, for commands to be tried on the stand-in.")
def demo(builds: str | None, policy: Path | None, *, serve: bool) -> None:
    """Play the story on this machine: the real function, on a stand-in of Google Cloud and Slack.

    On a terminal, the inbox page stays up afterwards until Ctrl-C. Exit 0 only if every build got the verdict that it
    should. --serve stays up on no terminal, too, and says what to paste into another one, so that audit, where, check,
    status, logs and doctor look at the stand-in. With FIRESTORE_EMULATOR_HOST the ledger is on that emulator, else in
    a SQLite file.
    """
    if policy and builds is None:
        raise click.UsageError("--policy goes with --builds: the story has a policy of its own")
    if policy:
        chosen_policy(policy)
    from verifier.cli.demo_play import play

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    try:
        wrong = play(builds, policy, serve=serve)
    except VerifierError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if wrong:
        for line in wrong:
            tell(f"not as it should be: {line}")
        raise SystemExit(1)


def _end(number: int, _: object) -> None:
    """Leave in order when asked to end: the function is a process of its own, and must not stay behind."""
    raise SystemExit(128 + number)
