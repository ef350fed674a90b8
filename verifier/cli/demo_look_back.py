"""The morning after the story: what a team asks, and what it is told."""

from __future__ import annotations

import html
import os
import shutil
import tempfile
from pathlib import Path

from rich.padding import Padding

from verifier.cli.demo_theatre import Theatre
from verifier.cli.fail_on import FLAGGED
from verifier.demo.morning import MENDED
from verifier.demo.scenario import FIX, JOB, PROJECT, RAN, REGION

REPORT = Path(tempfile.gettempdir()) / "build-verifier-demo.html"
"""Where the report of the story stays when the demo is over."""
HEADLINE = "4 of 8 successful builds are made of code that is in no commit; production ran such code for 1 h"
"""What it must say first."""
_RUNS = f"build {RAN[-1]} of commit {MENDED[:7]}, VERIFIED"


def look_back(theatre: Theatre, clone: Path | None) -> list[str]:
    """Ask where the fix is and what the night was, and return what is not as it should be."""
    stage, job, wrong = theatre.stage, f"{REGION}/{JOB}", list[str]()
    report = stage.folder / REPORT.name
    page = ("--format", "html", "--output", str(report), "--policy", stage.settings["VERIFIER_POLICY"])
    decided = ("--function", stage.installed.function) if stage.installed else ()
    in_clone = () if clone is None else ("--repo", str(clone))
    beside = () if clone is None else ("--compare", "--repo", str(clone))
    audit = ("audit", "--project", PROJECT, "--region", REGION, "--job", job, *page, *decided, *beside)
    with theatre.progress("what runs, and the past"):
        (running, runs), (found, told), (audited, said) = stage.ask_all(
            ("status",), ("where", FIX[:7], "--project", PROJECT, "--job", job, *in_clone), audit
        )
    theatre.console.print()
    theatre.asked("status", runs, indent=0)
    theatre.asked(f"where {FIX[:7]} --job {job}", told.partition("\n")[0])
    headline = _kept(report)
    theatre.asked("audit --format html …", headline)
    shown = f"the night as a picture: {REPORT.as_uri()}"
    theatre.console.print(Padding(shown, (0, 0, 0, 3)), soft_wrap=True)
    if running != 0 or _RUNS not in runs:
        wrong.append(f"status: expected {_RUNS!r} (exit code 0), got {running}: {runs}")
    if found != 0:
        wrong.append(f"where {FIX[:7]}: expected yes (exit code 0), got {found}: {told}")
    if audited != FLAGGED:
        wrong.append(f"audit: expected flagged builds (exit code {FLAGGED}), got {audited}: {said}")
    elif not headline.startswith(HEADLINE):
        wrong.append(f"the report: expected the headline {HEADLINE!r}, got {headline!r}")
    return wrong


def _kept(report: Path) -> str:
    """Keep the report where it stays, in one step since other demos may run, and return its headline.

    Empty where none was written.
    """
    if not report.exists():
        return ""
    fresh = REPORT.with_name(f"{REPORT.name}.{os.getpid()}")
    shutil.copyfile(report, fresh)
    fresh.replace(REPORT)
    page = report.read_text(encoding="utf-8")
    return html.unescape(page.partition("<h1>")[2].partition("</h1>")[0])
