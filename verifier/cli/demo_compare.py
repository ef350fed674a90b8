"""The last question of the story: what was in the uploads, and was the fix?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from verifier.cli.compare import EXIT_CODES
from verifier.demo.repository import make_repository
from verifier.demo.scenario import FIX, PROJECT, REGION
from verifier.demo.stage import Stage

BUILDS = ("e7e5acae", "2d1da3a3", "4e841fcb")
"""Those that somebody took for the fix."""
_NO = f"✗ The fix {FIX[:7]} was NOT in this build."


def story_clone(stage: Stage) -> Path | None:
    """Make a clone of the story's repository, and return where it is; None where there is no git."""
    clone = stage.folder / "content-worker"
    clone.mkdir()
    return clone if make_repository(clone) else None


def compare_uploads(
    stage: Stage, console: Console, clone: Path | None, progress: Callable[[str], AbstractContextManager[None]]
) -> list[str]:
    """Compare the story's uploads with its repository, and return what is not as it should be."""
    if clone is None:
        console.print("There is no git here: what was in the uploads is not compared.")
        return []
    wrong, told = [], ""
    words = ("--repo", str(clone), "--fix", FIX[:7], "--project", PROJECT, "--region", REGION)
    policy = ("--policy", stage.settings["VERIFIER_POLICY"])
    with progress("what was in the uploads"):
        answers = stage.ask_all(*(("compare", build, *words, *policy) for build in BUILDS))
    for build, (code, told) in zip(BUILDS, answers, strict=True):
        if code != EXIT_CODES[False] or _NO not in told:
            wrong.append(f"compare {build}: expected {_NO!r} (exit code {EXIT_CODES[False]}), got {code}: {told}")
    console.print(f"[bold]$ verifier compare {BUILDS[-1]} --fix {FIX[:7]}[/]")
    console.print(Padding(escape(told), (0, 0, 0, 3)))
    return wrong
