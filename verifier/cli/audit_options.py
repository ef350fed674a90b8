"""What was asked of `verifier audit`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verifier.checks.verdict import Verdict
from verifier.cli.audit_input import Wanted
from verifier.cli.audit_place import ALL, AuditScope, job_name
from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.cli.terminal import Stop
from verifier.errors import Malformed, SettingsError, VerifierError
from verifier.facts.execution import JobName

if TYPE_CHECKING:
    from verifier.cli.audit_compare import UploadComparisons
    from verifier.cli.audit_decisions import FunctionDecisions

_DEFAULT_SPAN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """The words of one call, by their parameters' names."""

    project: str
    regions: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    trigger: str
    policy: Path | None
    form: str
    output: Path | None
    files: tuple[str, ...]
    """Exports to read; without any, the cloud is asked."""
    jobs: tuple[str, ...]
    who: bool | None
    """Whether who submitted a build is asked for; None: where that is permitted."""
    fail_on: frozenset[Verdict]
    compare: bool
    """Whether each upload is compared with a clone."""
    repo: Path
    suggest_policy: bool = False
    """Whether a policy is suggested, instead of summing up."""
    function: str = ""
    """The deployed function whose decisions count; empty: none."""

    def check(self) -> None:
        """Raise UsageError where options contradict each other."""
        if self.files and self.who:
            raise click.UsageError("--who reads the cloud's audit logs, which --builds does not")
        if self.suggest_policy and (self.form != "table" or self.jobs or self.compare or self.who):
            raise click.UsageError("--suggest-policy writes a policy: leave out --format, --job, --compare and --who")
        if self.form == "html" and self.output is None:
            raise click.UsageError("--format html needs --output FILE")

    @property
    def every_region(self) -> bool:
        """Whether no region was chosen."""
        return ALL in self.regions

    @property
    def wanted(self) -> Wanted:
        """Which builds the audit is about."""
        # What the cloud lists is of this project and these regions; what files hold may be of any.
        regions = frozenset(self.regions) if self.files and not self.every_region else frozenset[str]()
        return Wanted(self.since, self.until, self.trigger, self.project if self.files else "", regions)

    def scope(self, now: datetime) -> AuditScope | None:
        """Return where the cloud is asked, or None where it is not. Raise Stop."""
        if self.files and not self.jobs:
            return None
        since, until = self.since or now - _DEFAULT_SPAN, self.until or now
        try:
            project = chosen_project(self.project)
            return AuditScope.checked(project, self.regions, since, until, stand_in_address())
        except (Malformed, SettingsError) as error:
            raise Stop(str(error)) from error

    def comparisons(self, place: AuditScope | None) -> UploadComparisons | None:
        """Return what compares uploads, where that is asked for. Raise Stop where there is no clone."""
        if not self.compare:
            return None
        from verifier.adapters.git import GitFailed
        from verifier.cli.audit_compare import UploadComparisons

        try:
            return UploadComparisons(self.repo, place.project if place else self.project)
        except GitFailed as error:
            raise Stop(str(error)) from error

    def decisions(self) -> FunctionDecisions | None:
        """Return what the named function decided, where one is named. Raise Stop where its ledger can't be opened."""
        if not self.function:
            return None
        from verifier.cli.audit_decisions import FunctionDecisions
        from verifier.cli.deployed_function import asked_function

        try:
            asked = asked_function(self.function, self.project, "")
            return FunctionDecisions(asked.name, asked.store())
        except VerifierError as error:
            raise Stop(str(error)) from error

    def job_names(self, place: AuditScope | None) -> list[JobName]:
        """Return the jobs that are asked about. Raise Stop where one is not named as it must be."""
        try:
            return [job_name(job, place.project) for job in self.jobs] if place else []
        except Malformed as error:
            raise Stop(str(error)) from error

    def expected_in(self, place: AuditScope | None) -> str:
        """Return where builds must be found: in files always, in the cloud where a part of them is asked for."""
        if self.files:
            return ", ".join(self.files)
        narrowed = self.trigger or self.since or self.until or not self.every_region
        return f"{place.project}, {self._places()}" if place and narrowed else ""

    def scope_words(self, place: AuditScope | None) -> str:
        """Return what is read, and what of it is left out, in words."""
        narrowed = f", {self.wanted.words}" if self.wanted.words else ""
        if self.files or place is None:
            return f"{', '.join(self.files)}{narrowed}"
        span = f"{place.since:%Y-%m-%d %H:%M} to {place.until:%Y-%m-%d %H:%M} UTC"
        trigger = f", trigger {self.trigger}" if self.trigger else ""
        return f"{place.project}, {self._places()}, {span}{trigger}"

    def _places(self) -> str:
        return "every location" if self.every_region else ", ".join(self.regions)
