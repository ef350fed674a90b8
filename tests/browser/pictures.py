"""`make pictures`: the README's two pictures, of what the demo really shows: Slack's inbox, and the report.

They are taken as light and dark pages would be seen by whoever has no preference, and refused where they are too heavy
for a page that people open on a train.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.webdriver import PROGRAMS, Browser, browsing, missing_programs
from tests.busy import LONG_SECONDS
from verifier.cli.demo_look_back import REPORT
from verifier.standin.function import MAIN

FOLDER = MAIN.parent / "docs" / "pictures"
MOST_BYTES = 200_000
WIDTH, HEIGHT = 1_000, 760
NAMES = ("inbox", "report")
_INBOX = "Slack, as people see it: "
_LAST = "verifier doctor"
"""How the last line begins that the demo prints before it waits."""


@dataclass(frozen=True, slots=True)
class ServedPages:
    """Where the demo's pages are, by their pictures' names."""

    inbox: str
    report: str


def take_pictures(folder: Path) -> list[Path]:
    """Take both pictures; return their files. Raises SystemExit where one is too heavy, or the demo did not go well."""
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory() as profile, _demo() as pages, browsing(Path(profile)) as browser:
        browser.resize(WIDTH, HEIGHT)
        browser.prefer(scheme="light")
        taken = [_picture(browser, getattr(pages, name), folder / f"{name}.png") for name in NAMES]
    for file in taken:
        if file.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{file}: expected at most {MOST_BYTES:,} bytes, got {file.stat().st_size:,}")
    return taken


def _picture(browser: Browser, address: str, file: Path) -> Path:
    browser.go(address)
    browser.picture(file)
    return file


@contextmanager
def _demo() -> Iterator[ServedPages]:
    """Yield the pages of a demo that has ended well and stays up for as long as the block lasts."""
    command = [sys.executable, "-m", "verifier", "demo", "--serve"]
    with subprocess.Popen(command, cwd=MAIN.parent, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            said: list[str] = []
            while not (said and said[-1].startswith(_LAST)):
                line = demo.stdout.readline()
                if not line:
                    raise SystemExit("".join([*said, "\nexpected the demo to go well and stay up; it ended"]))
                said.append(line)
            (inbox,) = [line.removeprefix(_INBOX).split()[0] for line in said if line.startswith(_INBOX)]
            yield ServedPages(inbox, REPORT.as_uri())
        finally:
            demo.terminate()
            demo.wait(LONG_SECONDS)


def main() -> None:
    """Take the pictures into docs/pictures, and say how heavy they are."""
    if missing := missing_programs():
        raise SystemExit(f"expected {' and '.join(PROGRAMS)} on PATH, no {' and no '.join(missing)}; install both")
    for file in take_pictures(FOLDER):
        print(f"{file.relative_to(MAIN.parent)}  {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
