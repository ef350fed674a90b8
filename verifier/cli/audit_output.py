"""How an audit is written: a table for people, JSON and CSV for scripts, each as its builds go by."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TextIO

from verifier.checks.verdict import Verdict
from verifier.cli.screen import show
from verifier.cli.spool import Spool
from verifier.cli.terminal import is_utf_8
from verifier.history.job_lines import JobLine
from verifier.history.judged_build import JudgedBuild, Run
from verifier.history.origin import Origin
from verifier.history.rows import CSV_COLUMNS, build_document, csv_row, run_document, summary_document
from verifier.history.summary import Problem, Summary, image_names, summary_lines
from verifier.redact import excerpt

_MOST_ROWS = 40
_CREATED, _LOCATION = "created (UTC)", "location"
_MOST_NAME = 60
_MOST_COMPARED = 300


@dataclass(frozen=True, slots=True)
class AuditEnding:
    """What is known once every build has gone by."""

    summary: Summary
    runs: Sequence[Run]
    problems: Sequence[Problem]
    flagged: int
    now: datetime
    repeated: int = 0
    """Builds that stood in the exports more than once."""
    origin: Origin | None = None
    """What it was made of, when and by which policy."""
    jobs: Sequence[JobLine] = ()
    """What each job of these runs ran, and how that goes."""

    @property
    def complete(self) -> bool:
        """Whether all was read and judged that was asked for."""
        return not (self.problems or self.summary.unjudged)


class Output(Protocol):
    """One way to write an audit."""

    def add(self, build: JudgedBuild) -> None:
        """Write one build."""

    def end(self, ending: AuditEnding) -> None:
        """Write what comes after the builds."""


@dataclass(slots=True)
class TableOutput:
    """The newest of the flagged builds, then the summary. Written at the end, so that it never meets a progress bar."""

    stream: TextIO
    flagged: frozenset[Verdict]
    builds: list[JudgedBuild] = field(default_factory=list)

    def add(self, build: JudgedBuild) -> None:
        """See `Output.add`."""
        if build.verdict in self.flagged and len(self.builds) < _MOST_ROWS:
            self.builds.append(build)

    def end(self, ending: AuditEnding) -> None:
        """See `Output.end`."""
        lines = list(_rows(self.builds))
        if ending.flagged > len(self.builds):
            lines.append(f"… and {ending.flagged - len(self.builds):,} more: --format csv has them all")
        lines += [*([""] if lines else []), *summary_lines(ending.summary, ending.now), *_run_lines(ending)]
        if ending.summary.unjudged:
            lines.append("NOT WHOLE: there are builds that could not be judged.")
        if ending.problems:
            count = len(ending.problems)
            lines.append(f"NOT WHOLE: {count} problem{'s' if count > 1 else ''}, told on standard error.")
        show(lines, self.stream)


@dataclass(slots=True)
class JsonOutput:
    """One JSON object; without its end, which says whether it is whole, it is no JSON."""

    stream: TextIO
    started: bool = False

    def add(self, build: JudgedBuild) -> None:
        """See `Output.add`."""
        self.stream.write(",\n" if self.started else '{"builds": [\n')
        self.started = True
        self.stream.write(json.dumps(build_document(build), ensure_ascii=not is_utf_8(self.stream)))

    def end(self, ending: AuditEnding) -> None:
        """See `Output.end`."""
        summary = summary_document(
            ending.summary, ending.problems, ending.flagged, ending.now, ending.jobs, ending.origin
        )
        self.stream.write("\n],\n" if self.started else '{"builds": [],\n')
        for name, value in (("runs", list(map(run_document, ending.runs))), ("summary", summary)):
            self.stream.write(f'"{name}": {json.dumps(value, ensure_ascii=not is_utf_8(self.stream))}')
            self.stream.write(",\n" if name == "runs" else "}\n")


class CsvOutput:
    """A row for each build. Whether it is whole is said by the exit code and on standard error."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(CSV_COLUMNS)

    def add(self, build: JudgedBuild) -> None:
        """See `Output.add`."""
        self._writer.writerow(csv_row(build))

    def end(self, ending: AuditEnding) -> None:
        """See `Output.end`."""


class HtmlOutput:
    """The report, which needs what is known at the end before its last build: until then its builds are on disk."""

    def __init__(self, stream: TextIO, title: str, *, decided: bool = False) -> None:
        """`decided`: a function's decisions count."""
        from verifier.history.html_report import MOST_BUILDS

        self._stream = stream
        self._title = title
        self._decided = decided
        self._builds = Spool(MOST_BUILDS)

    def add(self, build: JudgedBuild) -> None:
        """See `Output.add`."""
        self._builds.add(build)

    def end(self, ending: AuditEnding) -> None:
        """See `Output.end`."""
        from verifier.history.html_report import BY_FUNCTION, BY_SOURCE, write_report

        write_report(
            self._stream,
            self._builds.drain(),
            ending.runs,
            lambda: ending.summary,
            title=self._title,
            complete=ending.complete,
            jobs=ending.jobs,
            origin=ending.origin,
            problems=ending.problems,
            basis=BY_FUNCTION if self._decided else BY_SOURCE,
        )


def _rows(builds: Sequence[JudgedBuild]) -> Iterator[str]:
    """Yield a header and a row for each build; its year where they are of several."""
    moments = [build.created for build in builds if build.created]
    form = "%Y-%m-%d %H:%M" if len({moment.year for moment in moments}) > 1 else "%d %b %H:%M"
    wide = max((len(f"{moment:{form}}") for moment in moments), default=0)
    wide = max(wide, len(_CREATED))
    places = max([len(_LOCATION), *(len(_name(build.key.location)) for build in builds)])
    if builds:
        yield f"{_CREATED:{wide}}  {'verdict':12}  {'build':8}  {_LOCATION:{places}}  made by"
    for build in builds:
        yield _row(build, f"{build.created:{form}}" if build.created else "no time", wide, places)


def _row(build: JudgedBuild, when: str, wide: int, places: int) -> str:
    image = "/".join(next(iter(image_names(build)), "no image").split("/")[-2:])
    what = build.trigger_name or build.trigger_id or image
    who = ""
    if build.submitter:
        tool = f" with {build.submitter.tool}" if build.submitter.tool else ""
        who = f"  {build.submitter.principal}{tool}"
    where = f"{_name(build.key.location):{places}}"
    row = f"{when:{wide}}  {build.verdict!s:12}  {_name(build.key.id):8.8}  {where}  {_name(what)}{_name(who)}"
    return f"{row}\n{'':{wide + 2}}{excerpt(build.compared.text, _MOST_COMPARED)}" if build.compared else row


def _run_lines(ending: AuditEnding) -> Iterator[str]:
    """Yield what each job runs now; then, for each, the times in which executions in a row ran the same verdict."""
    jobs: dict[str, list[Run]] = {}
    for run in sorted(ending.runs, key=lambda run: run.started):
        jobs.setdefault(run.name.partition("/executions/")[0].rpartition("/")[2], []).append(run)
    for line in ending.jobs:
        yield line.text
        if line.watch_text:
            yield f"  {line.watch_text}"
    for job, own in jobs.items():
        yield f"What {_name(job)} ran: {len(own)} execution{'s' if len(own) > 1 else ''}"
        for span in _spans(own):
            verdict = span[0].verdict or ("not judged" if span[0].build else "image of no listed build")
            ended = f"{span[-1].ended:%Y-%m-%d %H:%M}" if span[-1].ended else "now"
            yield f"  {span[0].started:%Y-%m-%d %H:%M} to {ended} UTC  {len(span):>5}×  {verdict}"


def _spans(runs: Sequence[Run]) -> list[list[Run]]:
    spans: list[list[Run]] = []
    for run in runs:
        if spans and spans[-1][-1].verdict == run.verdict and bool(spans[-1][-1].build) == bool(run.build):
            spans[-1].append(run)
        else:
            spans.append([run])
    return spans


def _name(text: str) -> str:
    return excerpt(text, _MOST_NAME).replace("\n", " ")
