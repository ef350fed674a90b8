"""Is this commit in production? Answered from what ran and which builds made it; git's word comes as an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verifier.checks.verdict import Check, Outcome
from verifier.facts.build import BuildKey
from verifier.facts.source import Commit, NoSource, Upload
from verifier.history.judged_build import JudgedBuild, Maker, Run, worst_first
from verifier.redact import excerpt

Contains = Callable[[str, str], bool | str]
"""Whether the first commit is the second or came after it, in git's eyes; text says why that can't be told."""
_MOST_TEXT = 300


class Answer(StrEnum):
    """What can be said."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where a commit is."""

    answer: Answer
    text: str
    """The answer in one line."""
    evidence: tuple[str, ...]
    """What it rests on, a line each."""
    since: datetime | None = None
    """For a yes: when the first execution began of those, up to the newest, that all contain it."""
    since_is_exact: bool = False
    """The execution before that one is known not to contain it."""
    build: BuildKey | None = None
    """What production runs; for a yes, what it ran first."""
    execution: str = ""
    """The execution that ran it."""


def makers(builds: Iterable[JudgedBuild]) -> dict[str, Maker]:
    """Return the build, with its verdict, that pushed each digest: of several, the one with the worst verdict."""
    found: dict[str, Maker] = {}
    for build in builds:
        enter_maker(found, build)
    return found


def enter_maker(found: dict[str, Maker], build: JudgedBuild) -> None:
    """Enter a build under each digest that it pushed, unless one is there whose verdict is as bad or worse."""
    for image in build.images:
        known = found.get(image.digest)
        if known is None or worst_first(build.verdict) < worst_first(known[1]):
            found[image.digest] = (build.key, build.verdict)


def deployed(commit: str, runs: Sequence[Run], builds: Mapping[BuildKey, JudgedBuild], contains: Contains) -> Deployed:
    """Return whether production runs this commit or a later one.

    1 newest    the newest execution that shows its image by digest is what production runs
    2 build     the build that pushed it; none is listed: can't tell
    3 commit    its source: local source contains nothing; a commit that does not count as one: can't tell
    4 contains  git says whether that commit contains the one that is asked for
    5 since     back through the executions for as long as that stays so
    """
    newest_first = sorted((run for run in runs if run.digests), key=lambda run: run.started, reverse=True)
    pending = [f"execution {_short(run)} does not show its image yet" for run in runs if not run.digests]
    if not newest_first:
        text = "Can't tell: no execution in this time shows which image it ran"
        return Deployed(Answer.UNKNOWN, text, (*pending, "to look further back: --since"))
    newest = newest_first[0]
    found = _holds(commit, newest, builds, contains)
    evidence = (*pending, *_lines(newest, builds))
    if isinstance(found, str):
        text = f"Can't tell: {found}"
        return Deployed(Answer.UNKNOWN, text, evidence, build=newest.build, execution=newest.name)
    if not found:
        text = f"No: it runs build {_build(newest)}, {_instead(commit, newest, builds, contains)}"
        return Deployed(Answer.NO, text, evidence, build=newest.build, execution=newest.name)
    first, before = _stretch(commit, newest_first, builds, contains)
    exact = before is not None and _holds(commit, before, builds, contains) is False
    since = f"{'' if exact else 'at least '}since {_moment(first.started)}"
    return Deployed(
        Answer.YES,
        f"Yes, {since}: build {_build(first)}, execution {_short(first)}",
        (*evidence, *(_lines(first, builds) if first is not newest else ()), *_before(before, builds, exact=exact)),
        since=first.started,
        since_is_exact=exact,
        build=first.build,
        execution=first.name,
    )


def _holds(commit: str, run: Run, builds: Mapping[BuildKey, JudgedBuild], contains: Contains) -> bool | str:
    """Return whether the image of this execution contains the commit, or why that can't be told."""
    build = builds.get(run.build) if run.build else None
    if build is None:
        return (
            f"none of the listed builds pushed the image of execution {_short(run)}; "
            "look further back with --since; it may be one platform's image of a list that a build pushed"
        )
    if isinstance(build.source, Upload | NoSource):
        return False
    finding = build.judgement.finding(Check.SOURCE_IS_A_COMMIT)
    if not isinstance(build.source, Commit) or finding is None or finding.outcome is not Outcome.HOLDS:
        seen = excerpt(finding.seen, _MOST_TEXT) if finding else f"it ended as {excerpt(build.status, 40)}"
        return f"the source of build {_build(run)} is not certain: {seen}"
    return contains(build.source.sha, commit)


def _stretch(
    commit: str, newest_first: Sequence[Run], builds: Mapping[BuildKey, JudgedBuild], contains: Contains
) -> tuple[Run, Run | None]:
    """Return the oldest execution of the unbroken stretch that contains the commit, and the one before it."""
    first = newest_first[0]
    for run in newest_first[1:]:
        if _holds(commit, run, builds, contains) is not True:
            return first, run
        first = run
    return first, None


def _instead(commit: str, run: Run, builds: Mapping[BuildKey, JudgedBuild], contains: Contains) -> str:
    source = builds[run.build].source if run.build else None
    if isinstance(source, Commit):
        older = contains(commit, source.sha) is True
        return f"which is {'an older commit' if older else 'a commit without it'} ({source.sha[:7]})"
    return "which is local source"


def _lines(run: Run, builds: Mapping[BuildKey, JudgedBuild]) -> Iterator[str]:
    how = {True: "succeeded", False: "did not succeed", None: "has no end yet"}[run.succeeded]
    yield f"execution {_short(run)} began {_moment(run.started)} and {how}; image {', '.join(sorted(run.digests))}"
    build = builds.get(run.build) if run.build else None
    if build is not None:
        finished = f", finished {_moment(build.finished)}" if build.finished else ""
        yield f"build {build.key.name}{finished}: {build.verdict or 'not judged'}; {_source(build)}"


def _before(run: Run | None, builds: Mapping[BuildKey, JudgedBuild], *, exact: bool) -> Iterator[str]:
    if run is None:
        yield "no execution before it is in this time; to look further back: --since"
        return
    known = "does not contain it" if exact else "may contain it or not"
    build = builds.get(run.build) if run.build else None
    source = f": {_source(build)}" if build else ""
    yield f"the execution before, {_short(run)} of {_moment(run.started)}, {known}{source}"


def _source(build: JudgedBuild) -> str:
    match build.source:
        case Commit(sha=sha, strength=strength):
            return f"commit {sha} ({strength})"
        case Upload() as upload:
            return f"files uploaded to {excerpt(f'gs://{upload.bucket}/{upload.object}', _MOST_TEXT)}"
        case NoSource():
            return "no source is recorded"
        case unclear:
            return f"unclear: {excerpt(unclear.reason, _MOST_TEXT)}"


def _build(run: Run) -> str:
    return run.build.id.partition("-")[0] if run.build else "unknown"


def _short(run: Run) -> str:
    return run.name.rpartition("/")[2]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
