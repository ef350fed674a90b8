"""The demo as a person starts it, and what it calls right."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import psutil
import pytest
from rich.console import Console

from tests.absence import require
from tests.busy import LONG_SECONDS
from tests.fixtures.builds import document
from verifier.cli.demo_look_back import HEADLINE, REPORT
from verifier.cli.demo_play import differences, differences_of_runs, nights_beginning
from verifier.cli.demo_theatre import Theatre
from verifier.demo.morning import FEATURE, MENDED, morning
from verifier.demo.repository import make_repository
from verifier.demo.scenario import BROKEN, FIX, FORGED, RAN, Edit, story
from verifier.demo.stage import Decided, Stage
from verifier.standin.function import MAIN, free_port

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STORY = [
    ("LOCAL_SOURCE", "e7e5acae"),
    ("LOCAL_SOURCE", "2d1da3a3"),
    ("LOCAL_SOURCE", "4e841fcb"),
    ("FAILED", "b7a91c04"),
    ("VERIFIED", "c3d85f1e"),
    ("LOCAL_SOURCE", "5ec2e7aa"),
    ("VERIFIED", "d0a4b6e3"),
    ("VERIFIED", "a96f01c7"),
]

_MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d0 UTC"


def verifier(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    return subprocess.run(
        [sys.executable, "-m", "verifier", *words],
        env=kept | environment,
        cwd=MAIN.parent,
        capture_output=True,
        text=True,
        timeout=LONG_SECONDS,
        check=False,
    )


def verdicts(output: str) -> list[tuple[str, str]]:
    words = [line.split() for line in output.splitlines() if line[:1] in "🔴✅🟡"]
    return [(line[1], line[2]) for line in words if len(line) > 2]


def assert_the_story_is_told(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert verdicts(ran.stdout) == STORY
    assert "failed to locate a name ('Teacher').\" ×14" in " ".join(ran.stdout.split())
    assert "8 builds, " in ran.stdout
    assert "14 Slack messages, 28 audit entries, 29 worker runs." in ran.stdout
    once = " ".join(ran.stdout.split())
    assert re.search(rf"✎ e7e5acae Runs since {_MINUTE} in dev-vividly-content-worker\.", once)
    assert re.search(rf"✎ 4e841fcb over: 85cffd8 runs since ({_MINUTE}); was LOCAL_SOURCE, {_MINUTE} to \1", once)
    assert "$ verifier status\nVERIFIED  us-central1/dev-vividly-content-worker in vividly-dev" in ran.stdout
    assert "build a96f01c7 of commit faebade, VERIFIED" in ran.stdout
    assert "as it should be" in ran.stdout
    assert ran.stdout.count("No message announced it") == 1
    assert "Yes, since" in ran.stdout
    assert f"the night as a picture: {REPORT.as_uri()}" in ran.stdout
    report = REPORT.read_text()
    assert "e7e5acae" in report
    assert f"<h1>{HEADLINE}, between " in report
    assert "counts as the deployed function decided it" in report
    assert HEADLINE in " ".join(ran.stdout.split())
    assert "$ verifier compare 4e841fcb --fix 85cffd8\n" in ran.stdout
    assert "✗ The fix 85cffd8 was NOT in this build. It changes 2 files:" in ran.stdout
    assert "✗ Uploaded, not in git, and named like a secret: .env" in ran.stdout
    assert report.count("3 files from backend/ of a1b2c3d") == 1
    assert "Traceback" not in ran.stdout + ran.stderr
    assert_the_morning_is_told(ran.stdout)


def assert_the_morning_is_told(said: str) -> None:
    once = " ".join(said.split())
    assert "✎ c3d85f1e 4 h since 85cffd8 in dev-vividly-content-worker: 9 runs, 9 succeeded, no new errors, " in once
    assert "↳ e7e5acae ✅ recovered · dev-vividly-content-worker" in once
    assert re.search(rf"✎ d0a4b6e3 over: faebade runs since {_MINUTE}; was REGRESSED, ", once)
    asked = said.partition("$ verifier status\n")[2].partition("✅")[0]
    assert "\n  watch  REGRESSED, WATCHING since " in asked
    assert "\n(exit code 3)" in asked
    thread = " ".join(said.partition("The thread of build d0a4b6e3")[2].partition("$ verifier")[0].split())
    parts = (
        "over: faebade",
        "👀 Seen once, in run 3 of 3",
        "🔴 REGRESSED · ",
        "@here",
        "Way back to 85cffd8",
        "✅ recovered",
    )
    places = [thread.find(part) for part in parts]
    assert places == sorted(places)
    assert -1 not in places


def test_the_story_ends_as_it_should() -> None:
    assert_the_story_is_told(verifier("demo"))


@pytest.mark.soak
def test_the_story_ends_as_it_should_on_the_real_firestore_emulator(firestore_emulator: str) -> None:
    ran = verifier("demo", FIRESTORE_EMULATOR_HOST=firestore_emulator)
    assert "Firestore emulator" in ran.stdout
    assert_the_story_is_told(ran)


def test_builds_of_your_own_are_played_and_each_successful_one_gets_its_verdict(tmp_path: Path) -> None:
    for case in ("upload-builds-submit", "commit-resolved-git", "failure"):
        (tmp_path / f"{case}.json").write_text(json.dumps(document(case)))
    ran = verifier("demo", "--builds", str(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert sorted(verdict for verdict, _ in verdicts(ran.stdout)) == sorted(
        ["LOCAL_SOURCE", "VERIFIED" if document("commit-resolved-git").get("buildTriggerId") else "FAILED"]
    )
    assert "not judged" in ran.stdout


def test_a_file_that_is_no_build_is_named_and_the_rest_is_played(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([document("upload-builds-submit")]))
    (tmp_path / "b.json").write_text("{")
    ran = verifier("demo", "--builds", str(tmp_path))
    assert ran.returncode == 1
    assert "b.json, line 1: expected a document, but the file was cut off" in ran.stderr
    assert "LOCAL_SOURCE" in ran.stdout
    assert "Traceback" not in ran.stderr


def decided() -> list[Decided]:
    return [Decided(episode.build_id, episode.expected, ()) for episode in story(NOW)]


def test_the_commits_of_the_story_have_the_names_that_it_tells(tmp_path: Path) -> None:
    require("git")
    assert make_repository(tmp_path)
    said = subprocess.run(["git", "-C", str(tmp_path), "rev-list", "main"], capture_output=True, text=True, check=True)
    assert said.stdout.split()[:4] == [MENDED, FEATURE, FIX, BROKEN]


TOLD = [episode.build_id for episode in story(NOW)]


def test_every_difference_from_the_story_is_named() -> None:
    assert differences(story(NOW), decided(), TOLD) == []
    wrong = decided()
    wrong[0] = replace(wrong[0], verdict="VERIFIED")
    assert differences(story(NOW), wrong, TOLD) == ["e7e5acae: expected one LOCAL_SOURCE, got VERIFIED"]
    assert differences(story(NOW), decided()[1:], TOLD) == ["e7e5acae: expected one LOCAL_SOURCE, got no verdict"]
    twice = [*decided(), decided()[4]]
    assert differences(story(NOW), twice, TOLD) == ["c3d85f1e: expected one VERIFIED, got VERIFIED, VERIFIED"]
    strange = [*decided(), Decided(FORGED, "VERIFIED", ())]
    assert differences(story(NOW), strange, TOLD) == ["f0f0f0f0: expected no verdict on a build that nobody made"]
    assert differences(story(NOW), decided(), TOLD[1:]) == ["e7e5acae: expected one message in Slack, got 0"]
    assert differences(story(NOW), decided(), [*TOLD, TOLD[5]]) == ["5ec2e7aa: expected one message in Slack, got 2"]
    assert differences(story(NOW), decided(), [*TOLD, FORGED]) == ["f0f0f0f0: expected no message about it in Slack"]


def test_every_difference_of_what_ran_is_named() -> None:
    ran = [(short + "-0000", event) for short in RAN for event in ("begun", "ceased")][:-1]
    assert differences_of_runs(ran) == []
    for wrong in (ran[:-1], ran[1:], [*ran, ran[-1]], [ran[1], ran[0], *ran[2:]]):
        (difference,) = differences_of_runs(wrong)
        assert difference.startswith("audit trail: expected that there ran [('e7e5acae', 'begun'), ")


@dataclass
class ToldStage:
    """A stage where Slack says what a test has it say."""

    says: list[tuple[str, str]]

    def messages(self) -> list[tuple[str, str]]:
        return self.says

    def decided(self) -> list[Decided]:
        return []

    def hasten(self) -> None:
        """Pass no time: nobody waits here."""


def test_an_edit_that_never_comes_is_not_as_it_should_be_and_one_that_comes_is_shown_once() -> None:
    written = io.StringIO()
    stage = ToldStage([("e7e5acae-1", "🔴 LOCAL_SOURCE"), ("2d1da3a3-2", "Runs since 2026-11-23 02:10 UTC")])
    theatre = Theatre(Console(file=written, width=200), cast(Stage, stage), patience=0)
    theatre.show_edits()
    edit = Edit("e7e5acae", "Runs since {run}")
    (wrong,) = theatre.expect_edit(edit, NOW.replace(minute=10))
    assert wrong.startswith("e7e5acae: expected its message in Slack to say 'Runs since 2026-11-23 02:10 UTC', got ")
    stage.says[0] = ("e7e5acae-1", "🔴 LOCAL_SOURCE\nRuns since 2026-11-23 02:10 UTC")
    assert theatre.expect_edit(edit, NOW.replace(minute=10)) == []
    assert theatre.expect_edit(edit, NOW.replace(minute=20)) != []
    assert [line.rstrip() for line in written.getvalue().splitlines()] == [
        "   ✎ e7e5acae  Runs since 2026-11-23 02:10 UTC"
    ]


@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_the_night_has_its_distances_and_is_over_when_it_is_looked_back_at(minute: int) -> None:
    now = NOW.replace(minute=minute, second=31)
    begun = nights_beginning(now)
    ends = [begun + episode.at for episode in story(now)]
    assert begun.minute % 10 == 0
    assert begun.second == 0
    assert all(later - earlier >= timedelta(minutes=4) for earlier, later in itertools.pairwise(ends))
    assert timedelta(minutes=3) <= now - (begun + morning(now)[-1].until) < timedelta(minutes=13)
    assert ends[-1] < begun + morning(now)[0].until
    local = [begun + episode.at for episode in story(now) if episode.upload and episode.for_worker]
    mended = next(begun + episode.at for episode in story(now) if episode.expected == "VERIFIED")
    assert mended - local[0] > timedelta(hours=1)


def test_a_demo_that_is_told_to_end_leaves_no_process_behind(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "verifier", "demo"], cwd=MAIN.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert demo.stdout is not None
    while b"Slack http" not in demo.stdout.readline():
        assert demo.poll() is None
    children = psutil.Process(demo.pid).children(recursive=True)
    assert children
    demo.terminate()
    assert demo.wait(LONG_SECONDS) == 128 + signal.SIGTERM
    assert psutil.wait_procs(children, timeout=LONG_SECONDS)[1] == []


def test_an_emulator_that_is_not_there_is_told_at_once() -> None:
    ran = verifier("demo", FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{free_port()}")
    assert ran.returncode == 1
    assert "expected the Firestore emulator to listen there" in ran.stderr


def test_the_storys_policy_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("")
    ran = verifier("demo", "--policy", str(tmp_path / "policy.toml"))
    assert ran.returncode == 2
    assert "--policy goes with --builds" in ran.stderr
