"""A build judged by source and policy alone, and how that reads on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from verifier.checks.by_source import findings_by_source, judge_source
from verifier.checks.commands import told
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.policy_file import read_policy
from verifier.checks.verdict import Finding, Outcome
from verifier.cli.terminal import tell, visible
from verifier.errors import SettingsError
from verifier.facts.build import NOT_TERMINAL, SUCCESS, Build
from verifier.facts.claims import unbacked_claims
from verifier.facts.source import Commit, NoSource, Source, Unclear, Upload, source_of
from verifier.facts.trigger import OFFLINE, Trigger, Unread
from verifier.history.judged_build import status_problem
from verifier.reporting.audit_entry import explanation
from verifier.reporting.slack_message import is_posted
from verifier.reporting.wording import MARKS

POLICY_FILE = Path("policy.toml")
_SIGNS = {
    Outcome.HOLDS: "✓",
    Outcome.FAILS: "✗",
    Outcome.COULD_NOT_CHECK: "?",
    Outcome.NOT_APPLICABLE: "·",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A build, the fact about its source, and what policy makes of it."""

    build: Build
    source: Source
    judgement: Judgement
    worker: str
    """The job that would have to run for a full verdict; empty when none is configured."""
    posted: bool
    """Whether Slack would hear of it, by source alone."""
    running: bool = False
    """It is not over: what is said is of its source, as if it succeeded."""

    @property
    def problem(self) -> str:
        """That it could not be judged, and why; empty where nothing is missing."""
        why = status_problem(self.build.status)
        return f"could not be judged: {why}" if why else ""

    @property
    def is_waited_for(self) -> bool:
        """Whether the build is not over, and nothing was decided about it."""
        return self.build.status in NOT_TERMINAL and not self.running

    def document(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        said = explanation(self.build, self.source, self.judgement)
        return said | {"problem": self.problem or None, "slack": self.posted, "running": self.running}

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        build, verdict = self.build, self.judgement.verdict
        if verdict:
            yield f"{MARKS[verdict]} {verdict}"
        else:
            yield "⚪ " + (visible(self.problem, 300) or f"not judged: the build's status is {build.status}")
        place = f"{visible(build.key.project or 'no project', 100)}, {visible(build.key.location, 100)}"
        yield f"  build    {visible(build.key.id or 'without an id', 100)} in {place}"
        yield f"  source   {_source(self.source)}"
        yield f"  invoked  {_invoked(build)}"
        for claim in unbacked_claims(build, self.source):
            kind = "contradicted" if claim.contradicted else "nothing proves it"
            yield f"  claim    {visible(claim.shown_name, 80)}={visible(claim.shown_value, 80)} ({kind})"
        for finding in self.judgement.findings:
            yield from _finding(finding)
        if self.running:
            status = visible(self.build.status, 40)
            yield f"  By its source alone, as if it succeeded: the build is not over ({status})."
        if self.worker:
            yield f"  By source alone: the worker {self.worker} is not run here."


def judge(build: Build, policy: Policy, trigger: Trigger | Unread = OFFLINE, *, running: bool = False) -> Judged:
    """Judge a build without running or reading anything else. `running`: one that is not over, by its source alone."""
    if running and build.status in NOT_TERMINAL:
        ended = judge(replace(build, status=SUCCESS), policy, trigger)
        return replace(ended, build=build, posted=False, running=True)
    source = source_of(build)
    judgement = judge_source(build, source, policy, decided=datetime.now(UTC), trigger=trigger)
    posted = is_posted(build, judgement, policy)
    if judgement.verdict is None:
        # Not judged; but who asks about this build sees what policy makes of its source.
        judgement = replace(judgement, findings=findings_by_source(build, source, policy, trigger=trigger))
    worker = policy.worker_for(build)
    return Judged(build, source, judgement, worker.job.job if worker else "", posted)


def chosen_policy(path: Path | None) -> Policy:
    """Return the policy of this file, of the current folder's policy.toml, or the defaults. Raise ClickException.

    What has no effect in it is told on standard error.
    """
    policy = read_chosen_policy(path)
    for problem in policy.refused:
        tell(f"{path or POLICY_FILE}: {problem}")
    return policy


def read_chosen_policy(path: Path | None) -> Policy:
    """Return the same, and tell nothing. Raise ClickException."""
    chosen = path or (POLICY_FILE if POLICY_FILE.exists() else None)
    try:
        today = datetime.now(UTC).date()
        return read_policy(chosen.read_bytes(), str(chosen), today=today) if chosen else Policy()
    except (SettingsError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _source(source: Source) -> str:
    match source:
        case Commit():
            where = f" of {visible(str(source.repository), 200)}" if source.repository else ""
            return f"commit {source.sha}{where} ({source.strength}: {visible(source.field, 100)})"
        case Upload():
            place = visible(f"gs://{source.bucket}/{source.object}", 200)
            how = f"made by {source.tool}" if source.tool != "unknown" else visible(source.field, 100)
            return f"upload {place} ({how})"
        case NoSource():
            return "none" + (f", as in builds of {source.service}" if source.service != "unknown" else "")
        case Unclear():
            return f"unclear: {visible(source.reason, 200)} ({visible(source.field, 100)})"


def _invoked(build: Build) -> str:
    if not build.trigger_id:
        return "by hand"
    name = f" {visible(build.trigger_name, 80)}" if build.trigger_name else ""
    return f"by trigger{name} ({visible(build.trigger_id, 80)})"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"  {_SIGNS[finding.outcome]} {finding.check:24} {visible(finding.seen, 400)}"
    if finding.remedy:
        yield f"    do this: {told(finding.remedy, 600, visible)}"
