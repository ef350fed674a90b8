"""What `verifier demo` plays through the real function on a stand-in of the cloud: the story, or builds of your own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from verifier.cli.demo_builds import playable_documents, watched_places
from verifier.cli.demo_compare import compare_uploads, story_clone
from verifier.cli.demo_look_back import look_back
from verifier.cli.demo_morning import builds_of, differences_of_morning, play_morning, show_thread
from verifier.cli.demo_serve import commands_to_try, stay_up
from verifier.cli.demo_theatre import MOST_SECONDS, opened
from verifier.demo.morning import morning
from verifier.demo.repository import uploaded_archive
from verifier.demo.scenario import FIRST_RUN, FORGED, JOB, NUMBER, POLICY, PROJECT, RAN, REGION, Episode, story
from verifier.demo.stage import Decided, Stage, a_forged_message
from verifier.facts.build import TERMINAL, BuildKey
from verifier.facts.execution import JobName
from verifier.standin.clock import system_clock

_AFTERWARDS = timedelta(minutes=3)
_TEN = 10


def play(builds: str | None, policy: Path | None, *, serve: bool = False) -> list[str]:
    """Play the story, or these builds, and return what was not as it should be. Raise VerifierError.

    `serve`: the stand-in stays up until the process is ended, and it is said how to try commands on it.
    """
    console = Console(highlight=False)
    return _story(console, serve=serve) if builds is None else _own_builds(console, builds, policy, serve=serve)


def _story(console: Console, *, serve: bool) -> list[str]:
    beginning = nights_beginning(system_clock())
    episodes = story(beginning)
    with opened(console, {PROJECT: NUMBER}, [REGION], POLICY.encode(), night=beginning) as theatre:
        stage = theatre.stage
        clock = stage.clock or system_clock
        stage.schedule(JobName(PROJECT, REGION, JOB), beginning + FIRST_RUN)
        stage.announce(a_forged_message(BuildKey(PROJECT, REGION, FORGED)))
        theatre.wait("the first look of the sweep", lambda: stage.pusher.acknowledged > 0 and _swept(stage))
        wrong: list[str] = []
        for number, planned in enumerate(episodes):
            with theatre.progress("time passes"):
                stage.move_to(beginning + planned.at)
            episode = story(clock())[number]
            if episode.upload:
                stage.store(episode.upload, uploaded_archive())
            job = (JobName(PROJECT, REGION, JOB), episode.script) if episode.for_worker else None
            stage.play(episode.document, job, announced=episode.announced)
            theatre.expect(episode.build_id, episode.title)
            if episode.edit:
                wrong += theatre.expect_edit(episode.edit, stage.await_run())
        wrong += play_morning(theatre, beginning)
        stage.pusher.drain(MOST_SECONDS)
        wrong += differences([*episodes, *builds_of(morning(beginning))], stage.decided(), stage.told())
        wrong += differences_of_runs(stage.ran())
        wrong += differences_of_morning(theatre, beginning)
        show_thread(theatre)
        with theatre.progress("the rest of the morning"):
            stage.move_to(system_clock())
        clone = story_clone(stage)
        wrong += look_back(theatre, clone)
        wrong += compare_uploads(stage, console, clone, theatre.progress)
        theatre.summary(wrong, forged=FORGED not in theatre.decided())
        stay_up(theatre, commands_to_try(stage, clone) if serve else (), serve=serve)
        return wrong


def nights_beginning(now: datetime) -> datetime:
    """Return when the story begins that ends at about this moment."""
    begun = now - max(chapter.until for chapter in morning(now)) - _AFTERWARDS
    return begun.replace(minute=begun.minute - begun.minute % _TEN, second=0, microsecond=0)


def _swept(stage: Stage) -> bool:
    return "sweep completed" in stage.function.log.read_text(errors="replace")


def differences(episodes: Sequence[Episode], outcomes: Sequence[Decided], told: Sequence[str]) -> list[str]:
    """Return what is not as the story has it: each build one verdict, the right one, and one message; no others.

    `told` has the build of each message about one.
    """
    wrong = []
    for episode in episodes:
        short = episode.build_id[:8]
        got = [outcome.verdict for outcome in outcomes if outcome.build_id == episode.build_id]
        if got != [episode.expected]:
            wrong.append(f"{short}: expected one {episode.expected}, got {', '.join(got) or 'no verdict'}")
        if told.count(episode.build_id) != 1:
            wrong.append(f"{short}: expected one message in Slack, got {told.count(episode.build_id)}")
    known = {episode.build_id for episode in episodes}
    strangers = sorted({outcome.build_id for outcome in outcomes} - known)
    wrong += [f"{stranger[:8]}: expected no verdict on a build that nobody made" for stranger in strangers]
    wrong += [f"{other[:8]}: expected no message about it in Slack" for other in sorted(set(told) - known)]
    return wrong


def differences_of_runs(ran: Sequence[tuple[str, str]]) -> list[str]:
    """Return what the audit trail does not say of what ran as the story has it: each image once, one after another."""
    expected = [each for build in RAN for each in ((build, "begun"), (build, "ceased"))][:-1]
    got = [(build[:8], event) for build, event in ran]
    return [] if got == expected else [f"audit trail: expected that there ran {expected}, got {got}"]


def _own_builds(console: Console, place: str, policy: Path | None, *, serve: bool) -> list[str]:
    documents, wrong = playable_documents(place)
    projects, regions = watched_places(documents)
    if not documents:
        return wrong or [f"{place}: expected build documents, got none"]
    with opened(console, projects, regions, policy.read_bytes() if policy else b"") as theatre:
        ended = {document["id"] for document in documents if document.get("status") in TERMINAL}
        for document in documents:
            try:
                theatre.stage.play(document, None, announced=True)
            except ValueError as error:
                wrong.append(f"{document['id']}: {error}")
        theatre.expect_all(ended)
        if not theatre.stage.pusher.drain(MOST_SECONDS):
            wrong.append(f"{theatre.stage.pusher.outstanding} messages were never acknowledged")
        decided = {outcome.build_id for outcome in theatre.stage.decided()}
        wrong += [
            f"{build_id}: expected a verdict on a build that ended, got none" for build_id in sorted(ended - decided)
        ]
        theatre.summary(wrong, forged=False)
        stay_up(theatre, (), serve=serve)
    return wrong
