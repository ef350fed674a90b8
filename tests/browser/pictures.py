"""`make pictures`: the README's two pictures, of what the demo really shows: Slack's inbox, and the report.

They are taken in light, and refused where they are too heavy for a page that people open on a train.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.webdriver import PROGRAMS, Browser, browsing, missing_programs
from tests.served_demo import ServedDemo, served_demo
from verifier.cli.demo_look_back import REPORT
from verifier.standin.function import MAIN

FOLDER = MAIN.parent / "docs" / "pictures"
MOST_BYTES = 200_000
WIDTH, HEIGHT = 1_000, 760
NAMES = ("inbox", "report")
_INBOX = "Slack, as people see it: "


def take_pictures(folder: Path) -> list[Path]:
    """Take both pictures; return their files.

    Raises SystemExit where one is too heavy, and AssertionError where the demo did not go well.
    """
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "verifier", "demo", "--serve"]
    with (
        TemporaryDirectory() as profile,
        served_demo(command, MAIN.parent, os.environ) as demo,
        browsing(Path(profile)) as browser,
    ):
        pages = {"inbox": _inbox(demo), "report": REPORT.as_uri()}
        browser.resize(WIDTH, HEIGHT)
        browser.prefer(scheme="light")
        taken = [_picture(browser, pages[name], folder / f"{name}.png") for name in NAMES]
    for file in taken:
        if file.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{file}: expected at most {MOST_BYTES:,} bytes, got {file.stat().st_size:,}")
    return taken


def _inbox(demo: ServedDemo) -> str:
    (address,) = [line.removeprefix(_INBOX).split()[0] for line in demo.said if line.startswith(_INBOX)]
    return address


def _picture(browser: Browser, address: str, file: Path) -> Path:
    browser.go(address)
    browser.picture(file)
    return file


def main() -> None:
    """Take the pictures into docs/pictures, and say how heavy they are."""
    if missing := missing_programs():
        raise SystemExit(f"expected {' and '.join(PROGRAMS)} on PATH, no {' and no '.join(missing)}; install both")
    for file in take_pictures(FOLDER):
        print(f"{file.relative_to(MAIN.parent)}  {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
