"""What a watched job runs, in sentences: for messages in Slack and for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verifier.checks.job_runs import DigestRuns, JobRuns, Tie
from verifier.checks.running import is_wrong
from verifier.checks.verdict import Verdict
from verifier.facts.execution import JobName
from verifier.redact import excerpt
from verifier.times import show_minute

_MOST_NAME = 80
_MOST_REASON = 300
_MOST_IN_A_MESSAGE = 20
_DIGEST = len("sha256:") + 12


def what_runs(runs: DigestRuns) -> str:
    """Return what is run, without a full stop: "build 4e841fcb of commit 85cffd8, VERIFIED"."""
    match runs.tie:
        case Tie.BUILD:
            return f"{_made_of(runs)}, {_judged(runs)}"
        case Tie.NONE:
            why = f": {excerpt(runs.why, _MOST_REASON)}" if runs.why else ""
            return f"{short_digest(runs.digest)}, which no build that we know pushed{why}"
        case Tie.OPEN:
            return f"{short_digest(runs.digest)}, whose build is looked for"


def not_watched_sentence(services: int) -> str:
    """Return how many services there are whose code is not looked at; empty where there are none."""
    return f"{_counted(services, 'service')}: not watched in this version." if services else ""


def short_digest(digest: str) -> str:
    """Return as much of a digest as people compare."""
    return excerpt(digest, _MOST_NAME)[:_DIGEST] or "an image whose digest is not known"


def short_build(name: str) -> str:
    """Return the beginning of the id in a build's resource name."""
    return excerpt(name, 2 * _MOST_NAME).rpartition("/")[2].partition("-")[0][:12]


def shown_job(job: JobName) -> str:
    """Return the job as people say it."""
    return excerpt(job.job, _MOST_NAME)


def wrong_lines(job: JobName, runs: DigestRuns) -> list[str]:
    """Return a message of its own about a job that runs what it should not: its first line says it all."""
    since = _since(runs)
    if runs.tie is Tie.NONE:
        return [
            f"🔴 {shown_job(job)} runs an image that no build pushed, since {since}",
            f"It ran images of known builds before. Now it runs {_stop(what_runs(runs))}",
            f"Do this: find out who deployed {short_digest(runs.digest)} to {_place(job)}, and deploy a build's image.",
        ]
    lines = [f"{_mark(runs)} {shown_job(job)} runs {what_runs(runs)}, since {since}"]
    if runs.verdict == Verdict.EXEMPT:
        lines.append(
            f"The exemption is for builds of another project than {excerpt(job.project, _MOST_NAME)}, where it runs."
        )
    if runs.why and runs.verdict == Verdict.EXEMPT:
        lines.append(_stop(f"The exemption's reason: {excerpt(runs.why, _MOST_REASON)}"))
    return [*lines, f"Do this: deploy the image of a VERIFIED build to {_place(job)}."]


def over_lines(job: JobName, was: DigestRuns, now: DigestRuns) -> list[str]:
    """Return a message of its own that what a job should not run is over."""
    what = "an image that no build pushed" if was.tie is Tie.NONE else what_runs(was)
    until = show_minute(was.ceased) if was.ceased else "now"
    return [
        f"✅ {shown_job(job)}: over",
        f"It runs {what_runs(now)}, since {_since(now)}.",
        _stop(f"Before, it ran {what}, {_since(was)} to {until}"),
    ]


def no_build_text(repository: str, listed: Sequence[str], unlisted: Sequence[str]) -> str:
    """Return the likely reasons why no build is known that pushed a digest.

    `listed`: the projects whose builds of the last 90 days were looked through; `unlisted`: those whose could not be.
    """
    host = repository.partition("/")[0]
    if not host.endswith(("-docker.pkg.dev", "gcr.io")):
        return f"it comes from another registry ({excerpt(host, _MOST_NAME) or 'none is named'})"
    where = f" of {' and '.join(excerpt(project, _MOST_NAME) for project in listed)}" if listed else ""
    gap = f"; not looked through: {'; '.join(excerpt(each, _MOST_REASON) for each in unlisted)}" if unlisted else ""
    return (
        "it is one platform's image of a list that a build pushed, or a step pushed it with `docker push`, "
        f"or the build is older than the last 90 days{where}, or ran in another project or system{gap}"
    )


def pinned_sentence(job: JobName, runs: DigestRuns, count: int, *, moved: bool) -> str:
    """Return that a job goes on with an older image, on the message about the newer build."""
    times = "once" if count == 1 else f"{count} times"
    why = "its tag was moved back" if moved else "its image is pinned"
    return f"{shown_job(job)} ran {times} since and still runs build {short_build(runs.build)}: {why}."


def pinned_lines(job: JobName, runs: DigestRuns, count: int, *, newer: str, moved: bool) -> list[str]:
    """Return a message of its own about a job that goes on with an older image than its newest VERIFIED build's."""
    return [
        f"🟡 {pinned_sentence(job, runs, count, moved=moved)}",
        f"Build {short_build(newer)} is newer, and VERIFIED.",
        f"Do this: deploy its image to {_place(job)}, or leave it where that is meant.",
    ]


def start_lines(jobs: Iterable[JobRuns]) -> list[str]:
    """Return the one message about what runs when watching begins."""
    every = sorted(jobs, key=lambda job: job.job)
    seen = [(job, runs) for job in every if (runs := job.now) is not None]
    silent = len(every) - len(seen)
    verb = "is" if len(every) == 1 else "are"
    lines = [f"👀 {_counted(len(every), 'job')} {verb} watched; what runs in them now:"]
    lines += [_started(job.job, runs) for job, runs in seen[:_MOST_IN_A_MESSAGE]]
    if len(seen) > _MOST_IN_A_MESSAGE:
        lines.append(f"And {_counted(len(seen) - _MOST_IN_A_MESSAGE, 'more job')}: verifier status")
    if silent:
        lines.append(f"{_counted(silent, 'job')} {'has' if silent == 1 else 'have'} not run since.")
    return [*lines, "From now on a message comes where one of them runs something that is wrong."]


def _started(job: JobName, runs: DigestRuns) -> str:
    return f"{f'{_mark(runs)} ' if is_wrong(job, runs) else ''}{shown_job(job)}: {what_runs(runs)}"


def _made_of(runs: DigestRuns) -> str:
    build = f"build {short_build(runs.build)}"
    if runs.commit:
        return f"{build} of commit {excerpt(runs.commit, _MOST_NAME)[:7]}"
    return f"an upload ({build})" if runs.verdict == Verdict.LOCAL_SOURCE else build


def _judged(runs: DigestRuns) -> str:
    if runs.verdict:
        return _word(runs.verdict)
    return f"not judged: {excerpt(runs.why, _MOST_REASON)}" if runs.why else "not judged yet"


def _mark(runs: DigestRuns) -> str:
    return "🟡" if runs.verdict == Verdict.EXEMPT else "🔴"


def _since(runs: DigestRuns) -> str:
    return show_minute(runs.begun or runs.since)


def _place(job: JobName) -> str:
    return f"job {shown_job(job)} in {excerpt(job.project, _MOST_NAME)}, {excerpt(job.location, _MOST_NAME)}"


def _word(text: str) -> str:
    return excerpt(text, 40)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
