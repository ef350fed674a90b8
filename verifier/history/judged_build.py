"""The past, as the audit sees it: builds that were judged, and what ran when. Values only; `summary.py` sums up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import SEVERITY, Verdict
from verifier.facts.build import NOT_TERMINAL, TERMINAL, BuildKey, Image
from verifier.facts.source import Source
from verifier.facts.submitter import Submitter
from verifier.facts.upload.archive import Archive
from verifier.history.compared_upload import ComparedUpload
from verifier.redact import one_line

Maker = tuple[BuildKey, Verdict | None]
"""A build that pushed an image, and its verdict."""


_UNKNOWN = "STATUS_UNKNOWN"
_MOST_STATUS = 40


def status_problem(status: str) -> str:
    """Return why a build of this status could not be judged; empty where it was, goes on, or did not succeed.

    Whether a build succeeded is known by its status alone: without one it may have shipped anything.
    """
    if status in TERMINAL or (status in NOT_TERMINAL and status != _UNKNOWN):
        return ""
    got = f"status {one_line(status, _MOST_STATUS)!r}" if status else "none"
    return f"expected a status of Cloud Build's, got {got}; export it again, whole"


def worst_first(verdict: Verdict | None) -> int:
    """Return what sorts verdicts, the worst first; a build that was not judged is worse than any."""
    return SEVERITY.index(verdict) if verdict else -1


@dataclass(frozen=True, slots=True)
class JudgedBuild:
    """One build of the past, judged by its source and policy alone."""

    key: BuildKey
    status: str
    created: datetime | None
    finished: datetime | None
    source: Source
    verdict: Verdict | None
    """None for a build that did not succeed, goes on, or could not be judged."""
    judgement: Judgement
    trigger_id: str
    trigger_name: str
    images: tuple[Image, ...]
    unbacked: tuple[str, ...]
    """`NAME=value` of each claim that nothing backs."""
    submitter: Submitter | None = None
    """None where it was not asked for, not permitted or not found."""
    archive: Archive | None = None
    """The one upload that it was made from; None where it was made from something else."""
    compared: ComparedUpload | None = None
    """What the upload is beside a clone; None where that was not asked for."""

    @property
    def problem(self) -> str:
        """That it could not be judged, and why; empty where nothing is missing."""
        why = status_problem(self.status)
        return f"could not be judged: {why}" if why else ""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a job, tied to the build that made its image."""

    name: str
    """Its full resource name."""
    started: datetime
    ended: datetime | None
    """None while it runs, or where the platform does not say."""
    succeeded: bool | None
    digests: frozenset[str]
    build: BuildKey | None
    """The build that pushed one of its digests; None when none of the listed builds did."""
    verdict: Verdict | None
    """That build's verdict."""
