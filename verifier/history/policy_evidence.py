"""What a policy can be made of: what triggers built, what people uploaded and what services built, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from verifier.checks.by_source import judge_source
from verifier.checks.policy import DEFAULT_STRENGTHS, Policy
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.facts.ref import ref_of
from verifier.facts.source import Commit, NoSource, Source, Upload, source_of

MOST_KINDS = 20_000
"""Kinds of builds that are weighed under the policy; builds of further kinds are only counted."""
DEFAULT_ACCOUNT_OF_PROJECT = "the project's default account"
NO_MOMENT = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class BuildKind:
    """Builds that any policy judges alike."""

    sample: Build
    source: Source
    weeks: Counter[date] = field(default_factory=Counter)


@dataclass(slots=True)
class SuggestionBuilder:
    """Counts builds as they go by; `add` each one once, then ask for the `text`."""

    builds: int = 0
    first: datetime | None = None
    last: datetime | None = None
    by_hand: int = 0
    """Builds of a commit that no trigger ran."""
    pull_requests: int = 0
    uncertain: int = 0
    """Builds by a trigger whose commit is not certain."""
    others: int = 0
    """Builds of more kinds than are weighed."""
    repositories: Counter[str] = field(default_factory=Counter)
    refs: Counter[tuple[str, str]] = field(default_factory=Counter)
    triggers: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    """The image that a trigger's builds push, without a tag, by the trigger's id."""
    samples: dict[str, Build] = field(default_factory=dict)
    """A build of each trigger."""
    accounts: Counter[str] = field(default_factory=Counter)
    services: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Builds without a source, by the service that is known for them, and by account."""
    uploads: Counter[tuple[str, str]] = field(default_factory=Counter)
    jobs: Counter[tuple[str, JobName]] = field(default_factory=Counter)
    """Builds whose steps deploy a job, by trigger."""
    kinds: dict[tuple[object, ...], BuildKind] = field(default_factory=dict)

    def add(self, build: Build, jobs: Sequence[JobName] = ()) -> None:
        """Count one build, and the jobs that its steps deploy."""
        source, moment = source_of(build), build.created or build.finished
        self.builds += 1
        if moment:
            self.first, self.last = min(self.first or moment, moment), max(self.last or moment, moment)
        if judge_source(build, source, Policy(), decided=moment or NO_MOMENT).verdict is None:
            return  # it came to nothing: nobody deploys it, and nothing follows from it
        self._weigh(build, source, moment)
        account = account_of(build)
        self.accounts[account] += 1
        match source:
            case Commit():
                self._count_commit(build, source, jobs)
            case Upload():
                self.uploads[source.tool, account] += 1
            case NoSource():
                self.services[source.service, account] += 1
            case _:
                self.uncertain += 1

    def _count_commit(self, build: Build, source: Commit, jobs: Sequence[JobName]) -> None:
        if not build.trigger_id:
            self.by_hand += 1
        elif build.pull_request:
            self.pull_requests += 1
        elif source.strength not in DEFAULT_STRENGTHS:
            self.uncertain += 1
        else:
            trigger = build.trigger_id.lower()
            self.triggers[trigger] += 1
            self.names.setdefault(trigger, build.trigger_name)
            self.samples.setdefault(trigger, build)
            image = next((image.untagged for image in build.images), "")
            if image:
                self.images.setdefault(trigger, image)
            if source.repository is not None:
                self.repositories[str(source.repository)] += 1
            ref = ref_of(build)
            if ref.name:
                self.refs[ref.kind, ref.name] += 1
            for job in jobs:
                self.jobs[trigger, job] += 1

    def _weigh(self, build: Build, source: Source, moment: datetime | None) -> None:
        ref = ref_of(build)
        usual = judge_source(build, source, Policy(), decided=moment or NO_MOMENT)
        kind = (
            build.trigger_id,
            account_of(build),
            (ref.kind, ref.name, ref.problem),
            _kind_of(source),
            bool(build.pull_request),
            tuple((finding.check, finding.outcome) for finding in usual.findings),
        )
        known = self.kinds.get(kind)
        if known is None and len(self.kinds) >= MOST_KINDS:
            self.others += 1
            return
        if known is None:
            known = self.kinds[kind] = BuildKind(build, source)
        known.weeks[_week(moment)] += 1


def account_of(build: Build) -> str:
    """Return the account that the build ran as; the project's default one has no address in a build."""
    return str(build.document.get("serviceAccount") or "").rpartition("/")[2] or DEFAULT_ACCOUNT_OF_PROJECT


def _kind_of(source: Source) -> tuple[object, ...]:
    match source:
        case Commit():
            return ("commit", str(source.repository), source.strength, source.field)
        case Upload():
            return ("upload", source.tool, source.bucket)
        case NoSource():
            return ("none", source.service)
        case _:
            return ("unclear", source.field)


def _week(moment: datetime | None) -> date:
    """Return the Monday of the week, in UTC; the first of all days where the moment is not known."""
    return moment.date() - timedelta(days=moment.weekday()) if moment else date.min
