"""Where an audit's builds come from: Cloud Build, or files that `gcloud builds list --format=json` wrote."""

from __future__ import annotations

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from verifier.checks.policy import Policy
from verifier.errors import Denied, Malformed
from verifier.facts.build import Build, parse_build
from verifier.history.gcloud_export import read_builds
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild
from verifier.history.summary import Problem
from verifier.times import show_time

if TYPE_CHECKING:
    from verifier.adapters.submitters import SubmitterLog


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which builds an audit is about."""

    since: datetime | None
    until: datetime | None
    trigger: str = ""
    """A trigger's id or name; empty: every build."""

    def has(self, build: JudgedBuild) -> bool:
        """Whether it is about this build. One whose time is not known is in every span of time."""
        early = self.since and build.created and build.created < self.since
        late = self.until and build.created and build.created > self.until
        other = self.trigger and self.trigger not in (build.trigger_id, build.trigger_name)
        return not (early or late or other)


def from_files(files: Sequence[str]) -> Iterator[Build | Problem]:
    """The builds in these files (`-` is standard input), merged by time where there are several."""
    streams = [_timed(_one_file(file)) for file in files]
    for _, item in merge(*streams, key=lambda timed: timed[0], reverse=True):
        yield item


def judged(
    items: Iterator[Build | Problem],
    policy: Policy,
    wanted: Wanted,
    who: SubmitterLog | None,
    seen: Callable[[JudgedBuild], None] | None = None,
) -> Iterator[JudgedBuild | Problem]:
    """Each build that is wanted, judged, and with who submitted it where no trigger ran it.

    `seen` is called with each judged build, wanted or not.
    """
    for item in items:
        if isinstance(item, Problem):
            yield item
            continue
        build = judge_listed(item, policy)
        if seen:
            seen(build)
        if not wanted.has(build):
            continue
        if who and build.verdict and not build.trigger_id and build.created:
            build = replace(build, submitter=who.of(build.key.id, build.created))
        yield build
    if who and who.trouble and not isinstance(who.trouble, Denied):
        yield Problem("who submitted the builds", f"not known for all of them: {who.trouble}")


def _one_file(file: str) -> Iterator[Build | Problem]:
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as raw:
            for number, item in enumerate(read_builds(_text(raw), file), start=1):
                yield _build(item, f"{file}, document {number}")
    except OSError as error:
        yield Problem(file, f"expected a readable file, got: {error.strerror or error}")


def _build(item: Mapping[str, Any] | Problem, place: str) -> Build | Problem:
    if isinstance(item, Problem):
        return item
    try:
        return parse_build(item)
    except Malformed as error:
        return Problem(place, str(error))


def _text(raw: BinaryIO) -> TextIOWrapper:
    """The file as text: UTF-8, or the UTF-16 that some shells write; a wrong byte spoils only its own build."""
    if isinstance(raw, BufferedReader) and raw.peek(2)[:2] in (BOM_UTF16_BE, BOM_UTF16_LE):
        return TextIOWrapper(raw, "utf-16", errors="replace")
    return TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape")


def _timed(items: Iterator[Build | Problem]) -> Iterator[tuple[str, Build | Problem]]:
    """Each with the text of its time, which never rises: files are newest first."""
    stamp = "9"
    for item in items:
        if isinstance(item, Build) and item.created:
            stamp = min(stamp, show_time(item.created))
        yield stamp, item
