"""What `verifier demo` plays through the real function on a stand-in of the cloud: the story, or builds of your own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from verifier.checks.verdict import Verdict
from verifier.cli.demo_builds import playable_documents, watched_places
from verifier.cli.demo_compare import compare_uploads, story_clone
from verifier.cli.fail_on import FLAGGED
from verifier.demo.repository import uploaded_archive
from verifier.demo.scenario import FIRST_RUN, FIX, FORGED, JOB, NUMBER, POLICY, PROJECT, REGION, Episode, story
from verifier.demo.stage import Decided, Stage, a_forged_message, a_stage
from verifier.facts.build import TERMINAL, BuildKey
from verifier.facts.execution import JobName
from verifier.reporting.wording import MARKS
from verifier.standin.clock import system_clock

REPORT = Path(tempfile.gettempdir()) / "build-verifier-demo.html"
"""Where the report of the story stays when the demo is over."""
_MOST_SECONDS = 60.0
_AFTERWARDS = timedelta(minutes=3)
_TEN = 10
_TICK_SECONDS = 0.05
_STYLES = {
    Verdict.LOCAL_SOURCE: "bold red",
    Verdict.FAILED: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.EXEMPT: "dim",
    Verdict.VERIFIED: "bold green",
}


def play(builds: str | None, policy: Path | None) -> list[str]:
    """Play the story, or these builds, and return what was not as it should be. Raise VerifierError."""
    console = Console(highlight=False)
    return _story(console) if builds is None else _own_builds(console, builds, policy)


def _story(console: Console) -> list[str]:
    beginning = nights_beginning(system_clock())
    episodes = story(beginning)
    with _opened(console, {PROJECT: NUMBER}, [REGION], POLICY.encode(), night=beginning) as theatre:
        stage = theatre.stage
        clock = stage.clock or system_clock
        stage.announce(a_forged_message(BuildKey(PROJECT, REGION, FORGED)))
        theatre.wait("the first look of the sweep", lambda: stage.pusher.acknowledged > 0 and _swept(stage))
        stage.schedule(JobName(PROJECT, REGION, JOB), beginning + FIRST_RUN)
        for number, planned in enumerate(episodes):
            with theatre.progress("time passes"):
                stage.move_to(beginning + planned.at)
            episode = story(clock())[number]
            if episode.upload:
                stage.store(episode.upload, uploaded_archive())
            job = (JobName(PROJECT, REGION, JOB), episode.script) if episode.for_worker else None
            stage.play(episode.document, job, announced=episode.announced)
            theatre.expect(episode.build_id, episode.title)
        stage.pusher.drain(_MOST_SECONDS)
        wrong = differences(episodes, stage.decided(), len(stage.slack.messages))
        with theatre.progress("the morning"):
            stage.move_to(system_clock())
        clone = story_clone(stage)
        wrong += theatre.look_back(clone)
        wrong += compare_uploads(stage, console, clone, theatre.progress)
        theatre.summary(wrong, forged=FORGED not in theatre.decided())
        return wrong


def nights_beginning(now: datetime) -> datetime:
    """Return when the story begins that ends at about this moment."""
    begun = now - max(episode.at for episode in story(now)) - _AFTERWARDS
    return begun.replace(minute=begun.minute - begun.minute % _TEN, second=0, microsecond=0)


def _swept(stage: Stage) -> bool:
    return "sweep completed" in stage.function.log.read_text(errors="replace")


def differences(episodes: Sequence[Episode], outcomes: Sequence[Decided], posted: int) -> list[str]:
    """Return what is not as the story has it: each build one verdict, the right one, and one message; no others."""
    wrong = []
    for episode in episodes:
        got = [outcome.verdict for outcome in outcomes if outcome.build_id == episode.build_id]
        if got != [episode.expected]:
            wrong.append(
                f"{episode.build_id[:8]}: expected one {episode.expected}, got {', '.join(got) or 'no verdict'}"
            )
    strangers = {outcome.build_id for outcome in outcomes} - {episode.build_id for episode in episodes}
    wrong += [f"{stranger[:8]}: expected no verdict on a build that nobody made" for stranger in sorted(strangers)]
    if posted != len(episodes):
        wrong.append(f"Slack: expected {len(episodes)} messages, got {posted}")
    return wrong


def _own_builds(console: Console, place: str, policy: Path | None) -> list[str]:
    documents, wrong = playable_documents(place)
    projects, regions = watched_places(documents)
    if not documents:
        return wrong or [f"{place}: expected build documents, got none"]
    with _opened(console, projects, regions, policy.read_bytes() if policy else b"") as theatre:
        ended = {document["id"] for document in documents if document.get("status") in TERMINAL}
        for document in documents:
            try:
                theatre.stage.play(document, None, announced=True)
            except ValueError as error:
                wrong.append(f"{document['id']}: {error}")
        theatre.expect_all(ended)
        if not theatre.stage.pusher.drain(_MOST_SECONDS):
            wrong.append(f"{theatre.stage.pusher.outstanding} messages were never acknowledged")
        decided = {outcome.build_id for outcome in theatre.stage.decided()}
        wrong += [
            f"{build_id}: expected a verdict on a build that ended, got none" for build_id in sorted(ended - decided)
        ]
        theatre.summary(wrong, forged=False)
    return wrong


@dataclass
class _Theatre:
    """A stage with an audience: what happens on it is shown as it happens."""

    console: Console
    stage: Stage
    titles: dict[str, str] = field(default_factory=dict)
    shown: int = 0

    def expect(self, build_id: str, title: str) -> None:
        """Wait for the verdict on a build, showing each that falls. Goes on without it after a minute."""
        self.titles[build_id] = title
        self.wait(title, lambda: build_id in self.decided())

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
        """Wait until it happened, at most a minute, with a progress line on a terminal."""
        until = time.monotonic() + _MOST_SECONDS
        with self.progress(what):
            while not happened() and time.monotonic() < until:
                time.sleep(_TICK_SECONDS)
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

    def look_back(self, clone: Path | None) -> list[str]:
        """Ask what a team asks on the first morning, and say what is not as it should be."""
        beside = () if clone is None else ("--compare", "--repo", str(clone))
        job, wrong = f"{REGION}/{JOB}", []
        with self.progress("the past"):
            found, told = self.stage.ask("where", FIX[:7], "--project", PROJECT, "--job", job)
            page = ("--format", "html", "--output", str(REPORT))
            audited, said = self.stage.ask(
                "audit", "--project", PROJECT, "--region", REGION, "--job", job, *page, *beside
            )
        self.console.print(f"\n[bold]$ verifier where {FIX[:7]} --job {job}[/]")
        self.console.print(Padding(escape(told.partition("\n")[0]), (0, 0, 0, 3)))
        self.console.print("[bold]$ verifier audit --format html …[/]")
        self.console.print(Padding(f"the night as a picture: {REPORT.as_uri()}", (0, 0, 0, 3)), soft_wrap=True)
        if found != 0:
            wrong.append(f"where {FIX[:7]}: expected yes (exit code 0), got {found}: {told}")
        if audited != FLAGGED:
            wrong.append(f"audit: expected flagged builds (exit code {FLAGGED}), got {audited}: {said}")
        return wrong

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
        if self.console.is_terminal:
            self.console.print(f"\nSlack, as people see it: {stage.slack.inbox_url}  (Ctrl-C to end)")
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(1)


@contextmanager
def _opened(
    console: Console,
    projects: Mapping[str, str],
    regions: Sequence[str],
    policy: bytes,
    *,
    night: datetime | None = None,
) -> Iterator[_Theatre]:
    """Open a stage with its audience. `night`: when the story begins; None: builds of your own are played now."""
    ledger = "Firestore emulator" if os.environ.get("FIRESTORE_EMULATOR_HOST") else "SQLite"
    console.print("[bold]Build Verifier[/]: the real function, on a stand-in of Google Cloud and Slack.")
    played = (night, Path(__file__).with_name("demo_function.py")) if night else None
    with a_stage(projects, regions, policy, hurried=night is None, night=played) as stage:
        console.print(f"[dim]Ledger {ledger}, function {stage.function.url}\nSlack {stage.slack.inbox_url}[/]\n")
        yield _Theatre(console, stage)
