"""What an audit costs: processor time for each listed build and for those of a file, and memory over many builds.

Each measurement is made in a fresh process, and both sides of it read the same builds.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import psutil

from tests.benchmarks.effort import Effort
from tests.benchmarks.fresh import in_a_fresh_process
from tests.benchmarks.memory_of import peak, resident
from tests.benchmarks.results import Measurement, ratio, typical
from tests.fixtures.builds import document
from verifier.checks.policy import Policy
from verifier.cli.audit_input import Wanted, from_files
from verifier.cli.audit_output import HtmlOutput, Output, TableOutput
from verifier.cli.audit_run import AuditRun
from verifier.facts.build import Build, parse_build
from verifier.history.judged_build import JudgedBuild
from verifier.history.summary import Problem

_FORMS = ("commit-resolved-git", "upload-builds-submit", "upload-claims-commit-sha", "failure")
_NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_WARM = 500
"""Builds after which every module is loaded; the memory that is taken from then on counts."""
_LISTED = 2_000


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure the processor time and memory of audits. No ledger is needed."""
    pairs = in_a_fresh_process(_listed_times, min(_LISTED, effort.audited), effort.audits)
    ours, decoding = typical(pairs, "{:.1f} µs")
    cost = median(judging for judging, _ in pairs)
    yield Measurement("audit: a listed build, judged", ours, f"decoding {decoding}", cost, "µs", at_most=100)
    for form in ("table", "html"):
        before, most = in_a_fresh_process(_memory, form, effort.memory_builds)
        name = f"audit: memory of {effort.memory_builds:,} builds, {form}"
        yield Measurement(name, f"peak {most:.0f} MiB", f"start {before:.0f} MiB", most - before, "MiB", at_most=50)
    pairs = in_a_fresh_process(_file_times, effort.audited, effort.audits)
    name = f"audit: {effort.audited:,} builds of a file, beside json.load"
    yield Measurement(name, *typical(pairs, "{:.2f} s"), ratio(pairs), "×", at_most=4)


def _listed_times(count: int, audits: int) -> list[tuple[float, float]]:
    """Return microseconds a build, of judging and counting it and of decoding it; the first pair does not count."""
    listed, each, pairs = list(documents(count)), 1e6 / count, []
    for _ in range(audits + 1):
        start = process_time()
        builds = list(map(parse_build, listed))
        between = process_time()
        _audit(iter(builds), "table", count)
        pairs.append(((process_time() - between) * each, (between - start) * each))
    return pairs[1:]


def _memory(form: str, count: int) -> tuple[float, float]:
    """Return MiB when everything is loaded, and at the worst moment."""
    this = psutil.Process()
    _audit(map(parse_build, documents(_WARM)), form, _WARM)
    before = resident(this)
    _audit(map(parse_build, documents(count)), form, count)
    return before, peak(this)


def _file_times(count: int, audits: int) -> list[tuple[float, float]]:
    """Return seconds to audit a file, and to load it; the first pair warms up and does not count."""
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "builds.json")
        file.write_text(json.dumps(list(documents(count)), indent=2))
        for _ in range(audits + 1):
            start = process_time()
            _audit(from_files([str(file)]), "table", count)
            between = process_time()
            with file.open(encoding="utf-8") as stream:
                json.load(stream)
            pairs.append((between - start, process_time() - between))
    return pairs[1:]


def _audit(items: Iterator[Build | Problem], form: str, count: int) -> None:
    """Audit as the command does it. Raises RuntimeError when a build was overlooked."""
    run = AuditRun(items, Policy(), Wanted(None, None), None, None, (), frozenset(), _NOW)
    with Path(os.devnull).open("w", encoding="utf-8") as stream:
        output: Output = HtmlOutput(stream, "Builds") if form == "html" else TableOutput(stream, frozenset())
        ending = run.write(output, _unwatched)
    if ending.summary.builds != count or ending.problems:
        raise RuntimeError(f"expected {count} builds, got {ending.summary.builds}, problems {ending.problems}")


def _unwatched(build: JudgedBuild) -> None:
    """Show no progress."""


def documents(count: int) -> Iterator[dict[str, Any]]:
    """Yield so many builds of the usual forms, each with an id, a commit and digests of its own."""
    forms = [document(form) for form in _FORMS]
    for number in range(count):
        fresh = deepcopy(forms[number % len(forms)])
        sha = sha1(str(number).encode(), usedforsecurity=False).hexdigest()
        fresh["id"] = f"{sha[:8]}-0000-4000-8000-{number:012d}"
        fresh["name"] = f"{fresh['name'].rpartition('/')[0]}/{fresh['id']}"
        for claim in ("COMMIT_SHA", "REVISION_ID"):
            if claim in fresh.get("substitutions", {}):
                fresh["substitutions"][claim] = sha
        for image in fresh.get("results", {}).get("images", []):
            image["digest"] = f"sha256:{sha:0>64}"
        yield fresh
