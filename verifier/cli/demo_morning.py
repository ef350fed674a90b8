"""The morning of the story: hours of the job's runs, what the watch says of them, and the thread that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.markup import escape
from rich.padding import Padding

from verifier.cli.demo_theatre import Theatre
from verifier.cli.status_text import RunsAnswer
from verifier.demo.morning import (
    WORSE,
    Chapter,
    differences_of_others,
    differences_of_replies,
    differences_of_watches,
    morning,
)
from verifier.demo.scenario import JOB, PROJECT, REGION, Episode
from verifier.demo.threads import thread_lines
from verifier.facts.execution import JobName

_TOLD_ELSEWHERE = ("verdict", "running", "checkpoint", "regressed", "watch-ended")
"""Kinds of entries of the audit trail that are compared one by one."""
_STATUS_ROWS = ("code", "watch", "new")
_LABEL = 9
"""Columns before the text of a row of `verifier status`."""


def play_morning(theatre: Theatre, beginning: datetime) -> list[str]:
    """Play the morning after the night that began then, and return what was not as it should be."""
    stage, wrong, deployed = theatre.stage, list[str](), None
    chapters = morning(beginning)
    theatre.console.print("\nThe morning: hours of runs by schedule, and the watch's checkpoints, in seconds.\n")
    for number, planned in enumerate(chapters):
        with theatre.progress(planned.title):
            stage.move_to(beginning + planned.until)
        if planned.build is None:
            theatre.console.print(f"[bold]{beginning + planned.until:%H:%M}[/]  {escape(planned.title)}")
            wrong += theatre.expect_words(planned.words)
        else:
            deployed = morning(stage.cloud.clock())[number].build
            assert deployed is not None  # as it was planned
            stage.play(deployed.document, (JobName(PROJECT, REGION, JOB), deployed.script), announced=True)
            theatre.expect(deployed.build_id, deployed.title)
        if planned.later is not None and deployed is not None:
            stage.change_image(deployed.document, planned.later)
        if planned.status:
            wrong += _ask_status(theatre, planned.status)
    return wrong


def builds_of(chapters: Sequence[Chapter]) -> list[Episode]:
    """Return the morning's builds, in order."""
    return [chapter.build for chapter in chapters if chapter.build is not None]


def differences_of_morning(theatre: Theatre, beginning: datetime) -> list[str]:
    """Return what Slack and the audit trail say otherwise than the morning has it."""
    stage = theatre.stage
    others = [kind for kind in stage.kinds() if kind not in _TOLD_ELSEWHERE]
    return [
        *differences_of_replies(stage.replies(), morning(beginning)),
        *differences_of_watches(stage.watched()),
        *differences_of_others(stage.others(), others),
    ]


def show_thread(theatre: Theatre) -> None:
    """Print the thread of the build that made it worse, as Slack has it."""
    theatre.console.print(f"\n[bold]The thread of build {WORSE}, as Slack has it by now[/]")
    for depth, line in thread_lines(theatre.stage.slack.messages, WORSE):
        theatre.console.print(Padding(escape(line), (0, 0, 0, 3 * depth)))


def _ask_status(theatre: Theatre, says: Sequence[str]) -> list[str]:
    with theatre.progress("what runs"):
        code, told = theatre.stage.ask("status")
    shown = "\n".join(_rows(told))
    theatre.asked("status", f"{shown}\n(exit code {code})", indent=0)
    said = " ".join(told.split())
    if code == RunsAnswer.OTHER and all(part in said for part in says):
        return []
    return [f"status: expected {list(says)} (exit code {int(RunsAnswer.OTHER)}), got {code}: {told}"]


def _rows(told: str) -> Iterator[str]:
    """Yield the heading and the rows that say how it goes: how long ago something was is left out here."""
    shown = True
    for line in told.split("\n"):
        label = line[:_LABEL].strip()
        if label:
            shown = label in _STATUS_ROWS or not line.startswith(" ")
        if not line:
            return
        if shown:
            yield line
