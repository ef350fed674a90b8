"""A stage with an audience: what happens on it is shown as it happens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from verifier.checks.verdict import Verdict
from verifier.demo.morning import ThreadWord
from verifier.demo.opening import a_stage
from verifier.demo.scenario import FORGED, Edit
from verifier.demo.stage import Stage
from verifier.demo.threads import as_read
from verifier.reporting.wording import MARKS

MOST_SECONDS = 60.0
"""The longest that anything is waited for."""
_TICK_SECONDS = 0.05
_STYLES = {
    Verdict.LOCAL_SOURCE: "bold red",
    Verdict.FAILED: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.EXEMPT: "dim",
    Verdict.VERIFIED: "bold green",
}


@dataclass
class Theatre:
    """A stage, and the terminal on which it is shown."""

    console: Console
    stage: Stage
    titles: dict[str, str] = field(default_factory=dict)
    shown: int = 0
    read: dict[str, str] = field(default_factory=dict)
    """What the message about a build said when it was last looked at."""
    replied: int = 0
    """How many replies were shown."""
    patience: float = MOST_SECONDS
    """For how many seconds something is waited for."""

    def expect(self, build_id: str, title: str) -> None:
        """Wait for the verdict on a build and the message about it. Goes on without them after a minute."""
        self.titles[build_id] = title
        self.wait(title, lambda: build_id in self.decided() and build_id in self.stage.told())
        self.show_edits()

    def expect_all(self, build_ids: set[str]) -> None:
        """Wait for the verdicts on these builds, as long as one falls now and then."""
        decided = -1
        while decided < len(self.stage.decided()) and build_ids - self.decided():
            decided = len(self.stage.decided())
            self.wait("more verdicts", partial(self.grown, decided))
        self.show()

    def decided(self) -> set[str]:
        """Return the builds that have a verdict."""
        return {outcome.build_id for outcome in self.stage.decided()}

    def grown(self, count: int) -> bool:
        """Return whether more than so many verdicts have fallen."""
        return len(self.stage.decided()) > count

    def wait(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait until it happened, as long as there is patience, with a progress line on a terminal."""
        until = time.monotonic() + self.patience
        with self.progress(what):
            while not happened() and time.monotonic() < until:
                time.sleep(_TICK_SECONDS)
                self.stage.hasten()
        self.show()

    @contextmanager
    def progress(self, what: str) -> Iterator[None]:
        """Show a moving line that is gone afterwards; none where the output is no terminal."""
        if self.console.is_terminal:
            with self.console.status(escape(what)):
                yield
        else:
            yield

    def show(self) -> None:
        """Print the verdicts that fell since the last time."""
        outcomes = self.stage.decided()
        for outcome in outcomes[self.shown :]:
            title = escape(self.titles.get(outcome.build_id, "a build"))
            if outcome.verdict:
                verdict = Verdict(outcome.verdict)
                said = f"{MARKS[verdict]} [{_STYLES[verdict]}]{verdict}[/]"
            else:
                said = "⚪ [dim]not judged[/]"
            self.console.print(f"{said}  {escape(outcome.build_id[:8])}  {title}")
            for line in outcome.reasons:
                self.console.print(Padding(f"[dim]{escape(line)}[/]", (0, 0, 0, 3)))
        self.shown = len(outcomes)

    def show_edits(self) -> None:
        """Print what messages say that they did not say the last time."""
        for build, text in self.stage.messages():
            before = self.read.setdefault(build, text).split("\n")
            for line in text.split("\n"):
                if line not in before:
                    said = f"✎ {escape(build[:8])}  {escape(line)}"
                    self.console.print(Padding(said, (0, 0, 0, 3)))
            self.read[build] = text

    def expect_edit(self, edit: Edit, run: datetime) -> list[str]:
        """Wait until a message says what this run makes of it, and return what is not as it should be."""
        says = edit.at(run)

        def is_edited() -> bool:
            return any(build.startswith(edit.of) and says in text for build, text in self.stage.messages())

        self.wait(f"{edit.of}: {says}", is_edited)
        self.show_edits()
        got = [text for build, text in self.stage.messages() if build.startswith(edit.of)]
        return [] if is_edited() else [f"{edit.of}: expected its message in Slack to say {says!r}, got {got}"]

    def show_replies(self) -> None:
        """Print how the replies begin that came since the last time."""
        replies = self.stage.replies()
        for reply in replies[self.replied :]:
            first = as_read(reply.text).split("\n")[0]
            said = f"↳ {reply.of[:8]}  {first}"
            self.console.print(Padding(escape(said), (0, 0, 0, 3)))
        self.replied = len(replies)

    def expect_words(self, words: Sequence[ThreadWord]) -> list[str]:
        """Wait until Slack says all of this, and return what it does not say."""
        self.wait("what Slack says", lambda: all(map(self._is_said, words)))
        self.show_edits()
        self.show_replies()
        return [f"{word.of}: expected Slack to say {word.says}, never did" for word in words if not self._is_said(word)]

    def _is_said(self, word: ThreadWord) -> bool:
        if word.replies:
            said = [reply.text for reply in self.stage.replies() if reply.of.startswith(word.of)]
        else:
            said = [text for build, text in self.stage.messages() if build.startswith(word.of)]
        return any(map(word.is_said_by, said))

    def asked(self, command: str, told: str, indent: int = 3) -> None:
        """Print a command of ours and what it said."""
        self.console.print(f"[bold]$ verifier {escape(command)}[/]", soft_wrap=True)
        self.console.print(Padding(escape(told), (0, 0, 0, indent)))

    def summary(self, wrong: Sequence[str], *, forged: bool) -> None:
        """Print what it took."""
        self.show()
        stage, runs = self.stage, len(self.stage.cloud.finished_executions())
        counted = len(stage.decided())
        self.console.print()
        if forged:
            self.console.print(f"⚪ no verdict   {FORGED[:8]}  a forged message: Cloud Build knows no such build\n")
        self.console.print(
            f"{counted} builds, {stage.pusher.deliveries} deliveries, {stage.pusher.acknowledged} acknowledged.\n"
            f"{len(stage.slack.messages)} Slack messages, {len(stage.kinds())} audit entries, {runs} worker runs."
        )
        if not wrong:
            self.console.print("[green]Everything is as it should be.[/]")


@contextmanager
def opened(
    console: Console,
    projects: Mapping[str, str],
    regions: Sequence[str],
    policy: bytes,
    *,
    night: datetime | None = None,
) -> Iterator[Theatre]:
    """Open a stage with its audience. `night`: when the story begins; None: builds of your own are played now."""
    ledger = "Firestore emulator" if os.environ.get("FIRESTORE_EMULATOR_HOST") else "SQLite"
    console.print("[bold]Build Verifier[/]: the real function, on a stand-in of Google Cloud and Slack.")
    played = (night, Path(__file__).with_name("demo_function.py")) if night else None
    with a_stage(projects, regions, policy, hurried=night is None, night=played) as stage:
        console.print(f"[dim]Ledger {ledger}, function {stage.function.url}\nSlack {stage.slack.inbox_url}[/]\n")
        if night:
            console.print(
                f"The night begins at {night:%H:%M} UTC, by the demo's own clock: hours pass in seconds.\n"
                "✎ is an edit in Slack, ↳ a reply.\n"
            )
        yield Theatre(console, stage)
