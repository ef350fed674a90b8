"""The outside world as it truly is: builds, executions, logs, the audit trail and Slack. It believes nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from tests.simulation.kernel import BEGINNING, Kernel
from verifier.facts.build import Build, BuildKey, parse_build
from verifier.facts.execution import Completion, Container, Execution, JobName, JobSetup
from verifier.facts.logs import SYSTEM_LOG, LogEntry
from verifier.services import Document, ExecutionPage
from verifier.times import show_time

PROJECT, NUMBER, REGION = "orchard-prod", "550112233445", "europe-west1"
DOOMED = "orchard-doomed"
"""A watched project without builds, which may be deleted."""
TRIGGER, TRIGGER_ID = "orchard-main", "0b9d1f6e-44c2-4c7a-9b4e-2f6f1b1f7c55"
JOB = JobName(PROJECT, REGION, "orchard-worker")
CRON = "cron-"
"""With which the names of jobs begin that run by themselves alone."""
CHANNEL = "C0ORCHARD"
IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/orchard/worker"
SHA = "c0ffee{:034x}"

GOOD, MAPPER, EXIT, OUT_OF_MEMORY, IDLE, FLAKY, STUCK = "good", "mapper", "exit", "memory", "idle", "flaky", "stuck"
TRUE_VERDICT = {
    GOOD: "VERIFIED",
    MAPPER: "FAILED",
    EXIT: "FAILED",
    OUT_OF_MEMORY: "FAILED",
    IDLE: "INCONCLUSIVE",
    FLAKY: "FAILED",
    STUCK: "FAILED",
}
"""How a worker's image may behave, and the verdict on the build that made it."""


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """Where a build runs."""

    project: str = PROJECT
    number: str = NUMBER
    region: str = REGION


HOME = ModelPlace()


@dataclass(slots=True)
class ModelBuild:
    """A build that really exists."""

    key: BuildKey
    document: Mapping[str, Any]
    """As it is once it has finished."""
    begins: float
    finishes: float
    behaviour: str
    """How its image behaves; empty: it has no commit."""
    digest: str
    done: Build = field(init=False)
    working: Build = field(init=False)

    def __post_init__(self) -> None:
        self.done = parse_build(self.document)
        going = {name: value for name, value in self.document.items() if name not in ("finishTime", "results")}
        self.working = parse_build(going | {"status": "WORKING"})


@dataclass(slots=True)
class ModelExecution:
    """An execution of the worker's job."""

    name: str
    build: str
    nonce: str
    digest: str
    behaviour: str
    created: float
    started: float
    ended: float
    entries: list[tuple[float, LogEntry]] = field(default_factory=list)
    """Each with the moment from which it can be read."""


@dataclass
class WorldModel:
    """All of it. Moments are seconds since the beginning."""

    kernel: Kernel
    random: Random
    lag: float = 0.0
    """The most seconds by which one thing becomes visible later than another: below the verifier's own patience."""
    delay: float = 0.0
    """The seconds by which all logs become readable late."""
    listing_lag: float = 0.0
    """The seconds by which the end of a build becomes visible late in a listing."""
    doom: float = float("inf")
    """When the project without builds is deleted."""
    ignores_environment: bool = False
    """The job does not take the environment that it is started with."""
    is_own_image: bool = False
    """Each execution runs the image of the build that it is started for, and not of whichever finished last."""
    waits: tuple[float, ...] = (1.0, 5.0, 20.0)
    """Seconds until an execution's first task runs; each is as likely."""
    lasts: tuple[float, ...] = (2.0, 30.0, 300.0)
    """Seconds for which it runs."""
    executions_a_page: int = 100
    entries_a_page: int = 3
    """Of logs."""
    ended: Callable[[ModelExecution], None] = lambda _: None
    """Told when an execution has ended."""
    builds: dict[BuildKey, ModelBuild] = field(default_factory=dict)
    runs: dict[str, ModelExecution] = field(default_factory=dict)
    audit: dict[tuple[str, str], tuple[Mapping[str, str], Document]] = field(default_factory=dict)
    """By insert id and time, as a query's answer."""
    messages: list[tuple[float, str, str]] = field(default_factory=list)
    """What Slack shows: when, the channel and the key."""
    published: list[Document] = field(default_factory=list)
    tag: str = "sha256:" + "0" * 64
    _of_job: dict[JobName, list[ModelExecution]] = field(default_factory=lambda: defaultdict(list))
    _makers: dict[str, ModelBuild] = field(default_factory=dict)
    """By the digest of the image that they pushed."""

    def build(
        self,
        number: int,
        begins: float,
        finishes: float,
        behaviour: str,
        status: str = "SUCCESS",
        *,
        trigger: str = TRIGGER_ID,
        image: str = IMAGE,
        place: ModelPlace = HOME,
    ) -> ModelBuild:
        """Add a build: of a commit by the trigger, or uploaded where it has no behaviour."""
        build_id = f"{number:08x}-0000-4000-8000-00000000beef"
        digest = f"sha256:{number:064x}"
        document = {
            "id": build_id,
            "name": f"projects/{place.number}/locations/{place.region}/builds/{build_id}",
            "projectId": place.project,
            "status": status,
            "createTime": _time(begins),
            "startTime": _time(begins),
            "finishTime": _time(finishes),
            **(_commit(number, trigger) if behaviour else _upload(number)),
        }
        if status == "SUCCESS":
            document["results"] = {"images": [{"name": f"{image}:latest", "digest": digest}]}
            self.kernel.at(finishes, lambda: setattr(self, "tag", digest))
        made = ModelBuild(
            BuildKey(place.project, place.region, build_id), document, begins, finishes, behaviour, digest
        )
        self.builds[made.key] = self._makers[digest] = made
        return made

    def seen(self, key: BuildKey) -> Build | None:
        """Return the build as Cloud Build has it now."""
        made, now = self.builds.get(key), self.kernel.seconds
        if made is None or now < made.begins:
            return None
        return made.done if now >= made.finishes else made.working

    def other_than(self, key: BuildKey) -> Build | None:
        """Return another build that has ended, if there is one."""
        ended = (made for made in self.builds.values() if made.key != key and made.finishes <= self.kernel.seconds)
        return next((made.done for made in ended), None)

    def start(self, build: str, nonce: str = "", *, job: JobName = JOB) -> ModelExecution:
        """Start the worker, or another job of the same image, on whatever its tag points to."""
        now, random = self.kernel.seconds, self.random
        digest = self._digest_of(build) if self.is_own_image and build else self.tag
        maker = self._makers.get(digest)
        behaviour = maker.behaviour if maker and maker.behaviour else GOOD
        started = now + random.choice(self.waits)
        lasts = float("inf") if behaviour == STUCK else random.choice(self.lasts)
        name = f"{job.resource}/executions/run-{len(self.runs) + 1}"
        run = ModelExecution(name, build, nonce, digest, behaviour, now, started, started + lasts)
        run.entries = [(time + self.delay + random.uniform(0.0, self.lag), entry) for time, entry in _entries(run)]
        self.runs[name] = run
        self._of_job[job].append(run)
        if behaviour != STUCK:
            self.kernel.at(run.ended, lambda: self.ended(run))
        return run

    def _digest_of(self, build: str) -> str:
        """Return the digest that the build of this name pushed."""
        return f"sha256:{int(build.rpartition('/')[2].partition('-')[0], 16):064x}"

    def execution(self, run: ModelExecution) -> Execution:
        """Return the execution as Cloud Run has it now."""
        now = self.kernel.seconds
        is_over, bad = now >= run.ended, run.behaviour in (EXIT, OUT_OF_MEMORY)
        image = f"{IMAGE}@{run.digest}" if now >= run.started else f"{IMAGE}:latest"
        completion = Completion.UNKNOWN if not is_over else Completion.FALSE if bad else Completion.TRUE
        return Execution(
            name=run.name,
            created=_moment(run.created),
            started=_moment(run.started) if now >= run.started else None,
            completed=_moment(run.ended) if is_over else None,
            completion=completion,
            message=_MESSAGES.get(run.behaviour, "") if is_over else "",
            exited=is_over and run.behaviour == EXIT,
            tasks=1,
            succeeded=int(is_over and not bad),
            failed=int(is_over and bad),
            cancelled=0,
            retried=int(is_over and run.behaviour == FLAKY),
            containers=(Container("", image),),
            build="" if self.ignores_environment else run.build,
            nonce="" if self.ignores_environment else run.nonce,
        )

    def setup(self, job: JobName) -> JobSetup | None:
        """Return how the job is set up: the worker's, or one that runs by itself."""
        exists = job == JOB or job.job.startswith(CRON)
        return JobSetup(1, None, (Container("", f"{IMAGE}:latest"),)) if exists else None

    def listed(self, job: JobName, since: float, page: str) -> ExecutionPage:
        """Return executions of the job that can be seen, newest first; `page`: how many of the oldest are left."""
        latest = self.kernel.seconds - self.lag
        seen = [run for run in self._of_job[job] if run.created <= latest]
        end = int(page) if page else len(seen)
        first = max(0, end - self.executions_a_page)
        shown = [run for run in reversed(seen[first:end]) if run.created >= since]
        is_last = first == 0 or len(shown) < end - first
        return ExecutionPage([self.execution(run) for run in shown], "" if is_last else str(first))


_MESSAGES = {
    EXIT: "Task run-task0 failed with exit code: 1 and message: The container exited with an error.",
    OUT_OF_MEMORY: "Task run-task0 failed with exit code: 0 and message: The configured memory limit was reached.",
}


def _entries(run: ModelExecution) -> list[tuple[float, LogEntry]]:
    """Return what the execution logs, each with its time."""
    lines: list[tuple[str, int, str, str]] = [("run.googleapis.com/stdout", 0, "worker starts", "0")]
    if run.behaviour not in (IDLE, STUCK):
        lines.append(("run.googleapis.com/stdout", 0, "query ok", "0"))
    if run.behaviour == MAPPER:
        lines += [("run.googleapis.com/stderr", 500, "One or more mappers failed to initialize", "0")] * 3
    if run.behaviour == FLAKY:
        lines.append((SYSTEM_LOG, 400, "Container called exit(1).", "0"))
    if run.behaviour not in (OUT_OF_MEMORY, STUCK):
        code = int(run.behaviour == EXIT)
        lines.append(
            (SYSTEM_LOG, 400 if code else 200, f"Container called exit({code}).", str(int(run.behaviour == FLAKY)))
        )
    end = run.ended if run.ended < float("inf") else run.started + 1
    step = (end - run.started) / len(lines)
    short = run.name.rpartition("/")[2]
    made = []
    for number, (log, severity, text, attempt) in enumerate(lines, start=1):
        time = run.started + step * number
        made.append((time, LogEntry(_moment(time), severity, log, text, short, "0", attempt)))
    return made


def _commit(number: int, trigger: str) -> dict[str, Any]:
    sha = SHA.format(number)
    git = {"url": "https://github.com/orchard/worker.git", "revision": sha}
    claims = {
        "COMMIT_SHA": sha,
        "SHORT_SHA": sha[:7],
        "BRANCH_NAME": "main",
        "REF_NAME": "main",
        "TRIGGER_NAME": TRIGGER,
        "REPO_FULL_NAME": "orchard/worker",
    }
    return {
        "source": {"gitSource": git},
        "sourceProvenance": {"resolvedGitSource": git},
        "buildTriggerId": trigger,
        "substitutions": claims,
    }


def _upload(number: int) -> dict[str, Any]:
    place = {"bucket": f"{PROJECT}_cloudbuild", "object": f"source/{number:032x}.tgz", "generation": "17"}
    return {"source": {"storageSource": place}, "sourceProvenance": {"resolvedStorageSource": place}}


def _moment(seconds: float) -> Any:
    return BEGINNING + timedelta(seconds=seconds)


def _time(seconds: float) -> str:
    return show_time(BEGINNING + timedelta(seconds=seconds))
