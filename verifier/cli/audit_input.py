"""Where an audit's builds come from: Cloud Build, or files that `gcloud builds list --format=json` wrote."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from verifier.checks.policy import Policy
from verifier.cli.terminal import tell
from verifier.cli.time_order import is_newest_first, newest_first
from verifier.errors import Denied, Malformed
from verifier.facts.build import Build
from verifier.history.export_files import as_text, files_in, opened, read_file
from verifier.history.gcloud_export import Document, read_documents
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.history.recognize import build_of
from verifier.history.repeated import Once
from verifier.history.summary import Notice, Problem
from verifier.times import show_time

if TYPE_CHECKING:
    from verifier.adapters.submitters import SubmitterLog

MOST_TOLD = 100
"""Problems of one file that are told in full."""
_MOST_OPEN = 64
"""Files that are read side by side; more than these are put in order on disk."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which builds an audit is about."""

    since: datetime | None
    until: datetime | None
    trigger: str = ""
    """A trigger's id or name; empty: every build."""
    project: str = ""
    """A project's id; empty: every project."""
    regions: frozenset[str] = frozenset()
    """Empty: every location."""

    def has(self, build: JudgedBuild) -> bool:
        """Return whether it is about this build. What a document does not say rules it out nowhere."""
        early = self.since and build.created and build.created < self.since
        late = self.until and build.created and build.created > self.until
        other = self.trigger and self.trigger not in (build.trigger_id, build.trigger_name)
        project = build.key.project
        elsewhere = self.project and project and not project.isdecimal() and project != self.project
        return not (early or late or other or elsewhere or (self.regions and build.key.location not in self.regions))

    @property
    def words(self) -> str:
        """What it leaves out, as people type it; empty where it leaves out nothing."""
        given = (
            ("--project", self.project),
            *(("--region", region) for region in sorted(self.regions)),
            ("--since", show_time(self.since) if self.since else ""),
            ("--until", show_time(self.until) if self.until else ""),
            ("--trigger", self.trigger),
        )
        return " ".join(f"{option} {value}" for option, value in given if value)


Seen = Callable[[Mapping[str, Any], Build], None]
"""Is told of each build's document, before the build goes by."""


def from_files(places: Sequence[str], seen: Seen | None = None) -> Iterator[Build | Problem]:
    """Yield the builds in these files and folders (`-` is standard input), newest first whatever the files' order.

    What is passed over without a loss is told on standard error. Raise OSError where builds have to be put in order
    and the disk is full.
    """
    found = list(chain.from_iterable(map(files_in, places)))
    files = [each for each in found if isinstance(each, str)]
    yield from _told(each for each in found if not isinstance(each, str))
    if len(files) > _MOST_OPEN:
        found_in = (_builds(file, read_file(file, sys.stdin.buffer), seen) for file in files)
        yield from newest_first(chain.from_iterable(found_in))
        return
    with ExitStack() as stack:
        exports: list[tuple[str, IO[bytes]]] = []
        in_order = True
        for file in files:
            try:
                raw = stack.enter_context(opened(file, sys.stdin.buffer))
                in_order = in_order and is_newest_first(as_text(raw))
            except OSError as error:
                yield _unreadable(file, error)
            else:
                exports.append((file, raw))
        streams = [_builds(file, _of_export(file, raw), seen) for file, raw in exports]
        if not in_order:
            yield from newest_first(chain.from_iterable(streams))
        elif len(streams) == 1:
            yield from streams[0]
        else:
            yield from (item for _, item in merge(*map(_timed, streams), key=lambda timed: timed[0], reverse=True))


def judged(
    items: Iterator[Build | Problem],
    policy: Policy,
    wanted: Wanted,
    who: SubmitterLog | None,
    made: Callable[[JudgedBuild], None] | None = None,
    once: Once | None = None,
    decided: Callable[[JudgedBuild], JudgedBuild] | None = None,
) -> Iterator[JudgedBuild | Problem]:
    """Yield each build that is wanted, judged, once, and with who submitted it where no trigger ran it.

    `made` is called with each judged build, wanted or not; `once` counts them. `decided` returns it as a function
    decided, which knows more.
    """
    every = (item if isinstance(item, Problem) else judge_listed(item, policy) for item in items)
    for build in (once or Once()).each(every):
        if isinstance(build, Problem):
            yield build
            continue
        build = decided(build) if decided else build  # noqa: PLW2901 - from here on it is what was decided
        if made:
            made(build)
        if not wanted.has(build):
            continue
        if who and build.verdict and not build.trigger_id and build.created:
            yield replace(build, submitter=who.of(build.key.id, build.created))
        else:
            yield build
    if who and who.trouble and not isinstance(who.trouble, Denied):
        yield Problem("who submitted the builds", f"not known for all of them: {who.trouble}")


def _of_export(file: str, raw: IO[bytes]) -> Iterator[Document | Notice | Problem]:
    try:
        yield from read_documents(as_text(raw), file)
    except OSError as error:
        yield _unreadable(file, error)


def _unreadable(file: str, error: OSError) -> Problem:
    return Problem(file, f"expected a readable file, got: {error.strerror or error}")


def _builds(file: str, items: Iterator[Document | Notice | Problem], seen: Seen | None) -> Iterator[Build | Problem]:
    """Yield the builds of one file, and what is wrong with it: the first problems in full, the rest by their number."""
    problems = 0
    for item in items:
        found = _build(item) if isinstance(item, Document) else item
        if isinstance(found, Build):
            if seen is not None and isinstance(item, Document):
                seen(item.value, found)
            yield found
        elif isinstance(found, Notice):
            tell(f"note: {found}")
        else:
            problems += 1
            if problems <= MOST_TOLD:
                yield found
    if problems > MOST_TOLD:
        yield Problem(file, f"{problems - MOST_TOLD} more that could not be read")


def _told(items: Iterator[Notice | Problem]) -> Iterator[Problem]:
    """Yield the problems, and tell the notices."""
    for item in items:
        if isinstance(item, Problem):
            yield item
        else:
            tell(f"note: {item}")


def _build(document: Document) -> Build | Problem:
    try:
        return build_of(document.value)
    except Malformed as error:
        return Problem(document.place, str(error))


def _timed(items: Iterator[Build | Problem]) -> Iterator[tuple[str, Build | Problem]]:
    """Yield each with the text of its time, which never rises: files are newest first."""
    stamp = "9"
    for item in items:
        if isinstance(item, Build) and item.created:
            stamp = min(stamp, show_time(item.created))
        yield stamp, item
