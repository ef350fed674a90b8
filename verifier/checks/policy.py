"""What a team accepts, as values. `policy_file.py` reads them from policy.toml; the defaults fail closed."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from verifier.checks.verdict import Verdict
from verifier.checks.watch.rules import WatchRules
from verifier.facts.job_name import JobName
from verifier.facts.logs import LogRules
from verifier.facts.strength import Strength

if TYPE_CHECKING:
    from verifier.checks.accept import Accept
    from verifier.checks.day import Daily
    from verifier.facts.build import Build
    from verifier.facts.repository import Repository
    from verifier.facts.source import Source


class BuildConfig(StrEnum):
    """Where the steps of a build may come from."""

    ANY = "any"
    REPOSITORY = "repository"
    """A file of the repository that is built."""


class Late(StrEnum):
    """What Slack gets of the messages that it missed while it was away for long."""

    REDS = "reds"
    """One line about all of them, then those that are still red."""
    ALL = "all"
    """Each of them."""


class Published(StrEnum):
    """What subscribers get, where there is a topic."""

    VERDICT = "verdict"
    """Each verdict."""
    RUNNING = "running"
    """What a watched job begins and ceases to run."""
    WATCH = "watch"
    """Checkpoints of watches, what got worse, and how they ended."""


class Greens(StrEnum):
    """Which VERIFIED builds Slack hears of; the audit trail and subscribers hear of all."""

    WORKER = "worker"
    """Those whose worker ran."""
    CHANGES = "changes"
    """The first one after a red one that pushed the same image: so it is seen to be over."""
    NONE = "none"


class RouteWord(StrEnum):
    """What a route is for."""

    LOCAL_SOURCE = "LOCAL_SOURCE"
    FAILED = "FAILED"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXEMPT = "EXEMPT"
    VERIFIED = "VERIFIED"
    REGRESSED = "REGRESSED"
    """No verdict: what was deployed got worse."""


DEFAULT_STRENGTHS = frozenset({Strength.RESOLVED, Strength.REQUESTED, Strength.SERVICE_UPLOAD})


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each part of a worker's run may take."""

    start: timedelta = timedelta(minutes=15)
    """From the start of an execution until its first task runs."""
    run: timedelta = timedelta(hours=1)
    """From the start of an execution until it ends."""
    logs: timedelta = timedelta(minutes=10)
    """From seeing an execution's end until its logs can be read whole."""
    settle: timedelta = timedelta(seconds=30)
    """From seeing the logs whole until the read that counts: other lines may become readable after the last one."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The Cloud Run job that shows whether a trigger's builds work."""

    trigger: str
    """The trigger's id or its name. The id can't be imitated."""
    job: JobName
    """Its project is empty where it is the build's own."""
    branches: tuple[str, ...] = ()
    """Branches that it runs for, `*` allowed; empty: what the policy as a whole allows."""
    args: tuple[str, ...] = ()
    """Arguments that replace the job's own for this run; empty: its own."""
    region: str = ""
    """The trigger's own region, for the command that runs it; empty: where the build at hand ran."""
    image: str = ""
    """The image's name without a tag, by which an upload is told to be this trigger's work."""
    container: str = ""
    """Its own container, by name, in a job with several; empty: the only one, or the one that runs what was built."""
    watch: bool = True
    """Every run of its job is seen, whoever started it."""
    logs: LogRules = field(default_factory=LogRules)
    expect_logs: tuple[str, ...] = ()
    """Logs in which expected lines count, such as `stdout`; empty: any, even one that anybody may write to."""
    deadlines: Deadlines = field(default_factory=Deadlines)

    def job_for(self, build: Build) -> JobName:
        """Return the job to run for this build."""
        return JobName(self.job.project or build.key.project, self.job.location, self.job.job)


@dataclass(frozen=True, slots=True)
class Exemption:
    """A kind of build that needs no commit, and why. Every condition that is given must hold; with none, it is none.

    Only an account, a trigger and a project can't be imitated by whoever submits a build: `is_firm` has one of them.
    """

    reason: str
    tool: str = ""
    """`gcloud run deploy --source`, `Cloud Functions`, …: the word that the source fact uses."""
    bucket: str = ""
    service_account: str = ""
    tag: str = ""
    trigger: str = ""
    projects: frozenset[str] = frozenset()
    """The ids of projects in which people upload on purpose; empty: every project."""

    @property
    def is_firm(self) -> bool:
        """Whether it takes a permission of its own to meet it."""
        return bool(self.service_account or self.trigger or self.projects)

    def covers(self, build: Build, source: Source) -> bool:
        """Whether this exemption names the build."""
        from verifier.facts.source import Upload  # a policy is read without it

        wanted_and_seen = (
            (self.tool, _tool(source)),
            (self.bucket, source.bucket if isinstance(source, Upload) else ""),
            (self.service_account, str(build.document.get("serviceAccount", "")).rpartition("/")[2]),
            (self.trigger, build.trigger_id),
            (self.tag, self.tag if self.tag in build.tags else ""),
        )
        given = [wanted == seen for wanted, seen in wanted_and_seen if wanted]
        if self.projects:
            given.append(build.key.project in self.projects)
        return bool(given) and all(given)


@dataclass(frozen=True, slots=True)
class Route:
    """Where some verdicts go, and who is called. The first route that fits decides."""

    channel: str = ""
    """Empty: the default channel."""
    mention: str = ""
    """A Slack user id, group id, `here` or `channel`."""
    verdicts: frozenset[Verdict] = frozenset()
    """Empty: every verdict, unless the route is for what got worse."""
    triggers: frozenset[str] = frozenset()
    """Names or ids; empty: every build."""
    projects: frozenset[str] = frozenset()
    """Ids of the projects that the builds are of; empty: all."""
    regressed: bool = False
    """It is for what got worse after it was deployed."""

    def fits(self, verdict: Verdict, build: Build) -> bool:
        """Whether it is for this verdict on this build."""
        return self.suits(verdict, build.key.project, {build.trigger_id, build.trigger_name})

    def suits(self, verdict: Verdict, project: str, triggers: AbstractSet[str]) -> bool:
        """Whether it is for this verdict, in this project, on what one of these triggers built: names or ids."""
        is_for_all = not self.verdicts and not self.regressed
        return self.covers(project, triggers) and (is_for_all or verdict in self.verdicts)

    def covers(self, project: str, triggers: AbstractSet[str]) -> bool:
        """Whether it is for this project, and for what one of these triggers built: names or ids."""
        of_trigger = not self.triggers or bool(self.triggers & triggers - {""})
        return of_trigger and (not self.projects or project in self.projects)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a team accepts."""

    repositories: frozenset[Repository] = frozenset()
    """The repositories that a commit may come from; empty: any, but then only a trigger may build it."""
    branches: tuple[str, ...] = ()
    """The branches that may be built, `*` allowed; empty: any."""
    tags: tuple[str, ...] = ()
    """The git tags that may be built, `*` allowed; with neither branches nor tags: any."""
    strengths: frozenset[Strength] = DEFAULT_STRENGTHS
    """How firmly a commit must be established."""
    repo_source_only: bool = False
    """The literal rule: only a commit that `repoSource` names counts."""
    require_trigger: bool = True
    """Builds submitted by hand are refused even from an allowed repository: their steps are the submitter's own."""
    triggers: frozenset[str] = frozenset()
    """The ids, in lower case, of the triggers that may build; empty: any."""
    build_config: BuildConfig = BuildConfig.ANY
    exemptions: tuple[Exemption, ...] = ()
    workers: tuple[Worker, ...] = ()
    logs: LogRules = field(default_factory=LogRules)
    """What is looked for in the logs of a job that no worker names."""
    accepts: tuple[Accept, ...] = ()
    """Errors that fail nothing for a while."""
    posts: frozenset[Verdict] = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED, Verdict.INCONCLUSIVE})
    """The verdicts that are always posted; of VERIFIED ones also those that `verified` says."""
    verified: Greens = Greens.WORKER
    post_failed_builds: bool = True
    """One plain line when a build by a worker's trigger fails to build."""
    name_submitter: bool = False
    """The message about a LOCAL_SOURCE build says who submitted it: personal data."""
    late: Late = Late.REDS
    daily: Daily | None = None
    """When and where the day before has its line; None: it has none."""
    fold: timedelta = timedelta(hours=1)
    """For how long further red messages of one kind reply to the first one; zero: each stands by itself."""
    jobs: tuple[JobName, ...] = ()
    """More jobs whose runs are seen; a project is empty where the job is in every watched one."""
    watch: WatchRules = field(default_factory=WatchRules)
    publishes: frozenset[Published] = frozenset({Published.VERDICT})
    """The kinds of what is published, where there is a topic."""
    routes: tuple[Route, ...] = ()
    grace: timedelta = timedelta(minutes=10)
    """How long a message about a build may take before the build counts as unannounced."""
    objective: timedelta = timedelta(minutes=5)
    """Within how long of a build's end its verdict is to be there; its worker's own run comes on top."""
    refused: tuple[str, ...] = ()
    """What 0.1.0 took and `verifier policy` refuses, each with what to write instead: it has no effect."""
    warnings: tuple[str, ...] = ()
    """What may accept more than was meant."""
    soft_exemptions: tuple[Exemption, ...] = ()
    """The exemptions that are not firm: they exempt nothing."""
    digest: str = ""
    """SHA-256 of the policy file, for the audit trail."""

    def worker_for(self, build: Build) -> Worker | None:
        """Return the worker that is configured for the build's trigger, if a trigger ran it."""
        if not build.trigger_id:
            return None
        by_id = [worker for worker in self.workers if worker.trigger == build.trigger_id]
        by_name = [worker for worker in self.workers if worker.trigger == build.trigger_name != ""]
        return next(iter([*by_id, *by_name]), None)

    @property
    def watched_jobs(self) -> tuple[JobName, ...]:
        """Return the jobs whose runs are seen; the project is empty where a job is in every watched one."""
        return tuple(dict.fromkeys([*(worker.job for worker in self.workers if worker.watch), *self.jobs]))

    def watches(self, job: JobName) -> bool:
        """Whether the runs of this job of a watched project are seen."""
        return job in self.watched_jobs or JobName("", job.location, job.job) in self.watched_jobs

    def route(self, verdict: Verdict, build: Build) -> Route:
        """Where this verdict goes."""
        return next((route for route in self.routes if route.fits(verdict, build)), Route())

    def route_of_job(self, verdict: Verdict, job: JobName) -> Route:
        """Where it goes that a job runs what has this verdict: as what the job's worker's trigger builds there."""
        triggers = self._triggers_of(job)
        return next((route for route in self.routes if route.suits(verdict, job.project, triggers)), Route())

    def route_of_regression(self, job: JobName) -> Route:
        """Where it goes that a job got worse: by the first route that names REGRESSED, else as FAILED does."""
        triggers = self._triggers_of(job)
        own = (route for route in self.routes if route.regressed and route.covers(job.project, triggers))
        return next(own, None) or self.route_of_job(Verdict.FAILED, job)

    def _triggers_of(self, job: JobName) -> set[str]:
        return {worker.trigger for worker in self.workers if worker.job in (job, replace(job, project=""))}


def allows(globs: Iterable[str], name: str) -> bool:
    """Whether one of these patterns is the whole name; `*` stands for any characters that a plain name may have."""
    plain = _is_plain(name)
    return any(name == glob or (plain and fnmatchcase(name, glob)) for glob in globs)


def _is_plain(name: str) -> bool:
    """Whether nobody can read another name into it: git itself refuses most of what is not plain."""
    odd = any(part in name for part in ("..", "|", "//", "@{")) or name.endswith(("/", ".lock"))
    return bool(name) and name.isprintable() and not odd and not name.startswith(("/", "-", "refs/"))


def _tool(source: Source) -> str:
    from verifier.facts.source import NoSource, Upload  # a policy is read without it

    match source:
        case Upload():
            return source.tool
        case NoSource():
            return source.service
        case _:
            return ""
