"""`verifier logs`: which log entries are errors, and why? Offline from files, or from a job's logs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from verifier.checks.policy import Policy, Worker
from verifier.cli.audit_place import job_name
from verifier.cli.build_text import chosen_policy
from verifier.cli.logs_text import logs_document, logs_lines
from verifier.cli.moments import moment
from verifier.cli.screen import show
from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.cli.terminal import ERROR, Stop, json_line, tell
from verifier.errors import VerifierError
from verifier.facts.execution import JobName
from verifier.facts.logs import LogEntry
from verifier.history.export_files import ENDINGS, STANDARD_INPUT, as_text, files_in, opened
from verifier.history.gcloud_export import read_documents
from verifier.history.log_entries import entries_of, lines_of
from verifier.history.logs_judged import (
    Compared,
    JudgedLogs,
    Judging,
    Read,
    compared,
    judge_entries,
)
from verifier.history.origin import Origin
from verifier.history.summary import Notice, Problem

FOUND = 3
TEXT_ENDINGS = (".log", ".txt", ".out", ".err", ".log.gz", ".txt.gz", ".out.gz", ".err.gz")
"""What is read of a folder with --text."""
_EVERY, _NEW = "any", "new"


@dataclass(frozen=True, slots=True)
class _Source:
    """Something that entries come from."""

    name: str
    read: Read
    text: bool
    """Its entries are lines, which carry no moment."""
    scope: str = ""
    """What was read, in words, where its name does not say it all."""


@click.command(short_help="Judge log entries: which are errors, and why.")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option(
    "--text", "as_text_lines", is_flag=True, help="The files are plain output of any program, a line an entry."
)
@click.option("--job", metavar="REGION/JOB", help="Read the logs of this Cloud Run job instead of files.")
@click.option("--since", default="2h", show_default=True, help="With --job: how far to look back: 2h, 3d, or a date.")
@click.option("--project", default="", help="With --job. Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--worker", "trigger", default="", metavar="TRIGGER", help="Judge by this worker's patterns.")
@click.option("--baseline", metavar="FILE", help="Say which errors are new, known and gone since these entries.")
@click.option(
    "--fail-on",
    type=click.Choice([_EVERY, _NEW]),
    help="Which errors are answered with exit code 3. Default: new with a baseline, else any.",
)
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for each file.")
def logs(
    files: tuple[str, ...],
    job: str | None,
    since: str,
    project: str,
    trigger: str,
    baseline: str | None,
    fail_on: str | None,
    policy: Path | None,
    *,
    as_text_lines: bool,
    as_json: bool,
) -> None:
    """Judge log entries as the function does, by the policy's patterns; `-` is standard input.

    FILEs are what `gcloud logging read --format=json` prints, or folders of that, or with --text any program's output.
    Exit code: 0 clean, 3 errors or an expected line that is missing (with a baseline: new errors alone), 2 unreadable
    or no entries.
    """
    if bool(files) == bool(job):
        raise Stop("expected files with log entries or --job REGION/JOB, got " + ("both" if files else "neither"))
    if (times := [*files, baseline].count(STANDARD_INPUT)) > 1:
        raise Stop(f"expected {STANDARD_INPUT} (standard input) once, got it {times} times")
    if as_text_lines and job:
        raise Stop("expected --text with files alone, got it with --job")
    if fail_on == _NEW and not baseline:
        raise Stop("--fail-on new: expected --baseline FILE with the entries of before, got none")
    try:
        judging = _judging(chosen_policy(policy), trigger)
    except click.ClickException as error:
        raise Stop(error.message) from error
    codes = []
    try:
        before, was_whole = _baseline(baseline, judging, text=as_text_lines)
        codes += [] if was_whole else [ERROR]
        sources = [_job_source(job, project, since, judging)] if job else _files(files, text=as_text_lines)
        for source in sources:
            only_new = (fail_on or _NEW) == _NEW
            codes.append(_judged(source, judging, before, only_new=only_new, as_json=as_json) if source else ERROR)
    except VerifierError as error:
        raise Stop(str(error)) from error
    sys.exit(ERROR if ERROR in codes else max(codes, default=0))


def _judging(policy: Policy, trigger: str) -> Judging:
    workers = {name: worker for worker in policy.workers for name in (worker.trigger, worker.job.job)}
    if trigger and trigger not in workers:
        known = ", ".join(sorted(worker.trigger for worker in policy.workers)) or "none: policy has no [[worker]]"
        raise Stop(
            f"--worker: expected the trigger or the job of one of the policy's workers ({known}), got {trigger!r}"
        )
    worker: Worker | None = workers[trigger] if trigger else None
    return Judging(policy, worker, datetime.now(UTC).date())


def _baseline(file: str | None, judging: Judging, *, text: bool) -> tuple[JudgedLogs | None, bool]:
    """Return what the baseline says, and whether it was read whole."""
    if file is None:
        return None, True
    # All that the baseline has is known, whatever patterns there are.
    entries, whole, joined = 0, True, []
    for source in _files((file,), text=text):
        if source is None:
            whole = False
            continue
        judged, problems = judge_entries(source.read, judging)
        for problem in problems:
            tell(_shown(problem))
            whole = whole and isinstance(problem, Notice)
        entries += judged.entries
        joined.append(judged)
    if not entries:
        raise Stop(f"{file}: expected log entries to compare with, found none")
    first = joined[0]
    if any(one.more_errors for one in joined):
        tell(f"note: {file}: it has more errors than are named: an error may be called new that was there")
    return replace(first, errors=tuple(error for one in joined for error in one.errors)), whole


def _files(places: Iterable[str], *, text: bool) -> Iterator[_Source | None]:
    """Yield each file as a source, and None for one that cannot be read, which is told."""
    for place in places:
        for file in files_in(place, TEXT_ENDINGS if text else ENDINGS):
            if not isinstance(file, str):
                tell(_shown(file))
                if not isinstance(file, Notice):
                    yield None
                continue
            with ExitStack() as stack:
                try:
                    raw = stack.enter_context(opened(file, sys.stdin.buffer))
                except OSError as error:
                    tell(_unreadable(file, error))
                    yield None
                else:
                    yield _Source(file, _reader(raw, file, text=text), text)


def _reader(raw: IO[bytes], file: str, *, text: bool) -> Read:
    def read(_: Sequence[datetime]) -> Iterator[tuple[JobName, LogEntry] | Notice | Problem]:
        try:
            stream = as_text(raw)
            yield from lines_of(stream) if text else entries_of(read_documents(stream, file))
        except OSError as error:
            yield Problem(file, f"expected a readable file, got: {error.strerror or error}")

    return read


def _unreadable(file: str, error: OSError) -> str:
    return f"{file}: expected a readable file, got: {error.strerror or error}"


def _job_source(job: str, project: str, since: str, judging: Judging) -> _Source:
    from verifier.cli.logs_cloud import read_job

    name = job_name(job, chosen_project(project))
    begun = moment(since)
    scope = f"{name.resource}, since {begun:%Y-%m-%d %H:%M} UTC"
    return _Source(name.resource, read_job(name, begun, judging.rules(name), stand_in_address()), False, scope)


def _judged(source: _Source, judging: Judging, before: JudgedLogs | None, *, only_new: bool, as_json: bool) -> int:
    """Print what is made of one source, and return its exit code."""
    judged, problems = judge_entries(source.read, judging)
    wrong = [problem for problem in problems if not isinstance(problem, Notice)]
    comparison = compared(judged, before) if before else None
    if as_json:
        origin = Origin(datetime.now(UTC), source.scope or source.name, judging.policy.digest)
        said = logs_document(source.name, judged, comparison, text=source.text)
        click.echo(json_line(said | origin.field(wrong)))
    else:
        show(logs_lines(source.name, judged, comparison, judging.today, text=source.text))
    for problem in problems:
        tell(_shown(problem))
    if not judged.entries and not wrong:
        tell(f"{source.name}: expected log entries, found none")
    if wrong and not judged.entries and not source.text:
        tell(f"note: {source.name}: no entry was read; the plain output of a program is judged with --text")
    if judged.cut:
        tell(f"{source.name}: an entry was too long to be judged whole")
    if comparison is not None and only_new and judged.more_errors:
        tell(f"{source.name}: there are more errors than are named, and any of them may be new")
    if wrong or not judged.entries or judged.cut:
        return ERROR
    return FOUND if _is_found(judged, comparison, only_new=only_new) else 0


def _is_found(judged: JudgedLogs, comparison: Compared | None, *, only_new: bool) -> bool:
    open_errors = {each.error.identity for each in judged.errors if each.accept is None}
    if comparison is not None and only_new:
        return bool(open_errors & set(comparison.new) or judged.more_errors)
    return bool(open_errors or judged.more_errors or judged.missing)


def _shown(problem: object) -> str:
    return f"note: {problem}" if isinstance(problem, Notice) else str(problem)
