"""An audit as one HTML file that needs nothing else: no network, no other file, no server.

The picture is drawn by a script of our own: of the Python chart libraries that stay self-contained, the small ones draw
no time line that can be filtered and read aloud, and the others embed megabytes of script in every file.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import islice
from string import Template
from typing import TextIO

from verifier.checks.verdict import SEVERITY
from verifier.history.html_data import COLUMNS, RUN_COLUMNS, Rows, escaped_json, job_row, summary_document
from verifier.history.html_headline import headline
from verifier.history.job_lines import JobLine
from verifier.history.judged_build import JudgedBuild, Run
from verifier.history.origin import Origin
from verifier.history.summary import Problem, Summary
from verifier.redact import excerpt

BY_SOURCE = "Judged by source and policy alone: no worker was run for this report."
BY_FUNCTION = (
    "What a trigger built counts as the deployed function decided it; the others are judged by source and policy."
)
"""The function had run the worker."""
MOST_BUILDS = 20_000
"""A browser is comfortable with so many; those that come after them are summed up, and said to be left out."""

_MOST_PROBLEMS, _MOST_PROBLEM, _MOST_WORD, _MOST_LINE = 5, 400, 100, 600
_STYLES = ("page.css",)
_SCRIPTS = ("data.js", "marks.js", "picture.js", "evidence.js", "tables.js", "page.js")


def write_report(
    out: TextIO,
    builds: Iterator[JudgedBuild],
    runs: Sequence[Run],
    summary: Callable[[], Summary],
    *,
    title: str,
    complete: bool,
    jobs: Sequence[JobLine] = (),
    origin: Origin | None = None,
    problems: Sequence[Problem] = (),
    basis: str = BY_SOURCE,
) -> None:
    """Write the report. Builds are taken once and forgotten; `summary` is asked for after the last one.

    `complete` is False when something could not be read; the page says so. `jobs`: what each job of these runs ran.
    `basis`: what verdicts rest on.

    What comes from builds is data that the page's script inserts as text, and no script or style but the page's own
    may run.
    """
    style, script = _asset(*_STYLES), _asset(*_SCRIPTS)
    head, tail = _asset("page.html").split("$data")
    out.write(Template(head).substitute(title=_plain(title), style=style, policy=_policy(style, script)))
    left_out = _write_data(out, builds, runs, jobs, summary)
    sentence = headline(summary(), runs, complete=complete)
    warnings = _warnings(left_out, problems, complete=complete)
    banners = "".join(f'<p class="banner" role="note">{_plain(text)}</p>' for text in warnings)
    words = {
        "title": _plain(title),
        "headline": _plain(sentence),
        "basis": _plain(basis),
        "banners": banners,
        "script": script,
        "numbers": f"{_numbers(summary())}{_job_list(jobs)}",
        "made": _plain(origin.sentence()) if origin else "",
    }
    out.write(Template(tail).substitute(words))


def _write_data(
    out: TextIO,
    builds: Iterator[JudgedBuild],
    runs: Sequence[Run],
    jobs: Sequence[JobLine],
    summary: Callable[[], Summary],
) -> int:
    """Write the JSON, a build at a time, and say how many were left out of it."""
    rows = Rows()
    out.write('{"rows":[')
    lines = (escaped_json(rows.row(build)) for build in islice(builds, MOST_BUILDS))
    out.writelines(f",\n{line}" if number else line for number, line in enumerate(lines))
    left_out = sum(1 for _ in builds)
    rest = {
        "runs": [rows.run(run) for run in runs],
        "jobs": list(map(job_row, jobs)),
        "columns": COLUMNS,
        "runColumns": RUN_COLUMNS,
        "verdicts": SEVERITY,
        "summary": summary_document(summary()),
        "findings": rows.findings,
        "texts": rows.texts,
    }
    out.write(f"],\n{escaped_json(rest)[1:]}")
    return left_out


def _numbers(summary: Summary) -> str:
    """Return the counts as a table that needs no script."""
    counts = [(str(verdict), count) for verdict, count in summary.verdicts.items() if count]
    counts += [(f"not judged: {status}", count) for status, count in summary.not_successful.items()]
    counts += [
        (f"could not be judged: {status or 'without status'}", count) for status, count in summary.unjudged.items()
    ]
    rows = "".join(f"<tr><td>{count:,}</td><td>{_plain(excerpt(what, _MOST_WORD))}</td></tr>" for what, count in counts)
    return f"<table><caption>{summary.builds:,} builds</caption><tbody>{rows}</tbody></table>"


def _job_list(jobs: Sequence[JobLine]) -> str:
    """Return what each job ran and how that goes, as a list that needs no script; empty for none."""
    words = (" – ".join(filter(None, (line.text, line.watch_text))) for line in jobs)
    items = "".join(f"<li>{_plain(excerpt(text, _MOST_LINE))}</li>" for text in words)
    return f"<ul>{items}</ul>" if items else ""


def _warnings(left_out: int, problems: Sequence[Problem], *, complete: bool) -> Iterator[str]:
    if not complete:
        yield "This report is not complete: some builds could not be read, and the audit said which as it ran."
    for problem in problems[:_MOST_PROBLEMS]:
        yield f"Could not read {excerpt(str(problem), _MOST_PROBLEM)}"
    if len(problems) > _MOST_PROBLEMS:
        yield f"{len(problems) - _MOST_PROBLEMS:,} more problems are in the JSON form of this audit."
    if left_out:
        yield (
            f"The picture and the table show the first {MOST_BUILDS:,} builds; {left_out:,} more are in the numbers "
            "alone. A shorter time or one trigger shows all of them."
        )


def _policy(style: str, script: str) -> str:
    """Return the page's policy: nothing is loaded, nothing is sent, and nothing runs but these two texts."""
    return (
        f"default-src 'none'; style-src '{_source(style)}'; script-src '{_source(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _asset(*names: str) -> str:
    folder = files("verifier.history") / "page"
    return "".join((folder / name).read_text(encoding="utf-8") for name in names)


def _plain(text: str) -> str:
    return escape(text.encode("utf-8", "replace").decode())
