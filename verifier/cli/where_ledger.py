"""Is this commit in production? Answered from what the ledger knows of a job's runs; git's word is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from verifier.checks.job_runs import DigestRuns, JobRuns
from verifier.checks.verdict import Verdict
from verifier.cli.job_ledger import MadeBy
from verifier.errors import Malformed
from verifier.facts.build import BuildKey, parse_build_name
from verifier.history.deployed import Answer, Contains, Deployed
from verifier.reporting.running_text import short_build, short_digest, what_runs

_OF_NO_COMMIT = frozenset({Verdict.LOCAL_SOURCE, Verdict.EXEMPT})


def deployed_by_ledger(commit: str, job: JobRuns, makers: Mapping[str, MadeBy | None], contains: Contains) -> Deployed:
    """Return whether a job runs this commit or a later one; `makers` are what pushed each digest that it ran.

    1 newest    what the newest run ran that has ended
    2 build     the build that pushed it; none is known: can't tell
    3 commit    its source: files without a commit contain nothing; a commit that does not count as one: can't tell
    4 contains  git says whether that commit contains the one that is asked for
    5 since     back through the digests that it ran, for as long as that stays so
    """
    now = job.now
    if now is None:
        text = f"Can't tell: no run has ended since the job is watched ({_moment(job.begun)})"
        return Deployed(Answer.UNKNOWN, text, ())
    found = _holds(commit, now, makers, contains)
    evidence = tuple(_lines(job, now, makers.get(now.digest)))
    build, execution = _key(now), job.execution
    if isinstance(found, str):
        return Deployed(Answer.UNKNOWN, f"Can't tell: {found}", evidence, build=build, execution=execution)
    if not found:
        text = f"No: it runs build {short_build(now.build)}, {_instead(commit, makers.get(now.digest), contains)}"
        return Deployed(Answer.NO, text, evidence, build=build, execution=execution)
    since, exact, before = _stretch(commit, job, makers, contains)
    told = f"Yes, {'' if exact else 'at least '}since {_moment(since)}: build {short_build(now.build)} runs"
    return Deployed(Answer.YES, told, (*evidence, before), since, exact, build, execution)


def _holds(commit: str, runs: DigestRuns, makers: Mapping[str, MadeBy | None], contains: Contains) -> bool | str:
    """Return whether an image contains the commit, or why that can't be told."""
    made_by = makers.get(runs.digest)
    if made_by is None:
        return what_runs(runs)
    if not made_by.commit and made_by.verdict in _OF_NO_COMMIT:
        return False
    if not (made_by.commit and made_by.is_certain):
        judged = made_by.verdict or "not judged yet"
        return f"the source of build {short_build(runs.build)}, which is {judged}, is not certain to be a commit"
    return contains(made_by.commit, commit)


def _stretch(
    commit: str, job: JobRuns, makers: Mapping[str, MadeBy | None], contains: Contains
) -> tuple[datetime, bool, str]:
    """Return since when it runs the commit or a later one, whether exactly then, and what ran before.

    Digests are known by their first and their last run. One that ran in between again makes it uncertain.
    """
    held = list[DigestRuns]()
    for runs in sorted(job.digests, key=lambda runs: runs.last, reverse=True):
        if _holds(commit, runs, makers, contains) is not True:
            after = [item for item in held if item.since > runs.last]
            since = min((item.since for item in after), default=held[0].last)
            exact = len(after) == len(held) and _holds(commit, runs, makers, contains) is False
            return since, exact, f"before, until {_moment(runs.last)}: {what_runs(_known(runs, makers))}"
        held.append(runs)
    since = min(item.since for item in held)
    return since, False, f"it is watched since {_moment(job.begun)}: what ran before is not known here"


def _known(runs: DigestRuns, makers: Mapping[str, MadeBy | None]) -> DigestRuns:
    made_by = makers.get(runs.digest)
    return replace(runs, verdict=made_by.verdict or "", commit=made_by.commit) if made_by else runs


def _lines(job: JobRuns, now: DigestRuns, made_by: MadeBy | None) -> Iterator[str]:
    newest = f", the newest {_moment(job.newest)}" if job.newest else ""
    count = f"{now.runs} {'run' if now.runs == 1 else 'runs'}"
    yield f"{count} since {_moment(now.begun or now.since)}{newest}, {now.failed or 'none'} of them failed"
    yield f"image {now.repository}@{short_digest(now.digest)}"
    if made_by is not None:
        yield what_runs(_known(now, {now.digest: made_by}))
        if made_by.tree:
            yield f"tree of the uploaded files {made_by.tree}: compare it with git rev-parse COMMIT:FOLDER"


def _instead(commit: str, made_by: MadeBy | None, contains: Contains) -> str:
    if made_by is None or not made_by.commit:
        return "which was made of no commit"
    older = contains(commit, made_by.commit) is True
    return f"which is {'an older commit' if older else 'a commit without it'} ({made_by.commit[:7]})"


def _key(runs: DigestRuns) -> BuildKey | None:
    try:
        return BuildKey(*parse_build_name(runs.build))
    except Malformed:
        return None


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
