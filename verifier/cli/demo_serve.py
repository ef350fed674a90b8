"""The stage that stays up: what to paste, so that commands look at it instead of the cloud."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rich.text import Text

from verifier.cli.demo_theatre import Theatre
from verifier.demo.scenario import FIX, JOB, REGION
from verifier.demo.stage import Stage


def export_line(variables: Mapping[str, str]) -> str:
    """Return the line that a shell takes these variables from."""
    return " ".join(["export", *(f"{name}={shlex.quote(value)}" for name, value in variables.items())])


def commands_to_try(stage: Stage, clone: Path | None) -> list[str]:
    """Return commands about the story, as they can be pasted after the line of `export_line`."""
    return list(_commands(stage, clone))


def _commands(stage: Stage, clone: Path | None) -> Iterator[str]:
    job, policy = f"{REGION}/{JOB}", '--policy "$VERIFIER_POLICY"'
    decided = f" --function {stage.installed.function}" if stage.installed else ""
    yield "verifier status"
    yield f"verifier audit --region {REGION} --job {job}{decided} {policy}"
    if clone is not None:
        yield f"verifier where {FIX[:7]} --job {job} --repo {shlex.quote(str(clone))} {policy}"
    yield f"verifier check 4e841fcb {policy}"
    yield f"verifier logs --job {job} --since 1d {policy}"
    yield f"verifier doctor {policy}"


def stay_up(theatre: Theatre, commands: Sequence[str], *, serve: bool) -> None:
    """Stay until Ctrl-C where somebody looks on, or `serve` is asked for; then say what can be pasted."""
    stage, show = theatre.stage, theatre.console.print
    if not (serve or theatre.console.is_terminal):
        return
    show(f"\nSlack, as people see it: {stage.slack.inbox_url}  (Ctrl-C to end)")
    if serve:
        show("Until then commands can look at this stand-in. Paste into another terminal:")
        show(Text(export_line(stage.variables)), soft_wrap=True)
        if commands:
            show("And then, for example:")
        for command in commands:
            show(Text(command), soft_wrap=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
