"""What is known of a watched job, as values: what it runs now, what it ran before, and from which builds.

`controller/runs/job_runs.py` keeps them, one document a job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from verifier.facts.execution import JobName

MOST_DIGESTS = 20
"""The digests that are kept of a job, the newest ones."""
MOST_RECENT = 512
"""The executions that are known to be counted, the latest ones: more than a job has between two looks."""
MOST_OPEN = 64
"""The executions that a look has passed and that have not ended."""
MOST_STARTS = 12
"""The latest moments of creation, for the usual time between runs."""


class Tie(StrEnum):
    """Whether the build that pushed a digest is known."""

    OPEN = "open"
    """Not looked for yet, or still looked for."""
    BUILD = "build"
    """`build` pushed it: of several, the one with the worst verdict."""
    NONE = "none"
    """No build that we know pushed it; `why` has the likely reasons."""


@dataclass(frozen=True, slots=True)
class DigestRuns:
    """The runs of one digest in one job."""

    digest: str
    repository: str
    since: datetime
    """When the first run that ran it was created."""
    last: datetime
    """When the latest one was."""
    runs: int = 0
    """Runs that count: as the job is set up, or not compared."""
    failed: int = 0
    """Of these, those that failed, the platform's own failures aside."""
    apart: int = 0
    """Runs that are counted apart: this verifier's own, and those with other arguments."""
    trials: int = 0
    """Of these, this verifier's own."""
    tie: Tie = Tie.OPEN
    build: str = ""
    """The full resource name of the build."""
    commit: str = ""
    """The full SHA of its commit; empty where it was made of none."""
    verdict: str = ""
    """Its verdict; empty where there is none (yet)."""
    why: str = ""
    """In words: where the build is not known, the likely reasons; where it is exempt, by which reason."""
    told: tuple[str, ...] = ()
    """What people were told of this digest in this job, by names of our own: each is told once."""
    audited: str = ""
    """What the audit trail was last told of its present or last stretch: "begun", "ceased" or nothing."""
    begun: datetime | None = None
    """When its present or last stretch began; None where that was not looked at yet. Saved before anybody is told."""
    ceased: datetime | None = None
    """When another digest ran in its place; None while it runs."""
    generation: int | None = None
    """The job's generation when that stretch began, as far as it was known."""
    ended: datetime | None = None
    """When its build ended."""
    policy: str = ""
    """The digest of the policy by which the build was judged."""
    sought: datetime | None = None
    """When its build was last looked for."""

    @property
    def has_run(self) -> bool:
        """Whether it ran other than in this verifier's own trials."""
        return self.runs + self.apart > self.trials


@dataclass(frozen=True, slots=True)
class NewerBuild:
    """A VERIFIED build of the image that a job runs, which ended after the build that it runs."""

    build: str
    """Its full resource name."""
    commit: str
    digest: str
    ended: datetime


@dataclass(frozen=True, slots=True)
class JobRuns:
    """A watched job. Its fields are the storage format: add one with a default, never rename one."""

    job: JobName
    begun: datetime
    """When it began to be watched: executions created before are never counted or told."""
    due: datetime | None = None
    """When it is to be looked at again."""
    looked: datetime | None = None
    """Up to which moment of creation ListExecutions was read to the end."""
    look: datetime | None = None
    """When it is to be read again; None: now."""
    tell: datetime | None = None
    """When what follows from its runs is to be told again at the latest; None: when something new is known."""
    leased: datetime | None = None
    """Until when one invocation works on it; others leave it alone."""
    reach: datetime | None = None
    """From which moment of creation on the next look reads; None: from `begun` on."""
    floor: datetime | None = None
    """Every execution created until then is counted, unless it is in `open`; every one counted since is in `recent`."""
    open: tuple[str, ...] = ()
    """Short names of executions that were seen, and are still to be counted: most of them have not ended."""
    page: str = ""
    """The page at which a look goes on; empty where none is under way."""
    top: datetime | None = None
    """When the newest execution that the look under way has seen was created."""
    held: datetime | None = None
    """When the oldest one was created that has not ended and for which `open` has no room."""
    generation: int | None = None
    """The generation of the job whose arguments are `args`, and whose images are `images`."""
    args: str | None = None
    """A hash of the job's arguments; None where it could not be read."""
    images: tuple[str, ...] = ()
    """The images that it is set up with by a tag: what a tag leads to is what it runs next."""
    digest: str = ""
    """What the newest run ran, whoever started it, this verifier's own trials aside."""
    newest: datetime | None = None
    """When the newest such run was created."""
    execution: str = ""
    """The full resource name of that run."""
    uncertain: int = 0
    """Runs of which it is not certain what they ran; they count for no digest."""
    unclear: str = ""
    """Why, of the latest of them."""
    digests: tuple[DigestRuns, ...] = ()
    """What it ran, in the order of `last`, of the same moment by digest."""
    recent: tuple[str, ...] = ()
    """Executions that are counted, in the order of creation: "MOMENT NAME", the moment as it is stored everywhere."""
    starts: tuple[datetime, ...] = ()
    """When the latest runs that count were created, in order."""
    started: bool = False
    """People were told, in one message, what ran at the first look."""
    newer: NewerBuild | None = None
    """The newest VERIFIED build of its image that is known, where that ended after the one that it runs."""
    newer_sought: datetime | None = None
    """When that was last looked for."""
    read_back: bool = False
    """It was seen to it that the logs of its runs of before are read, where they are to be (`runs/baselines.py`)."""
    problem: str = ""
    """Why it could not be looked at last; empty where it could."""
    failures: int = 0
    """Looks in a row that failed."""

    def of(self, digest: str) -> DigestRuns | None:
        """Return what is known of the runs of this digest."""
        return next((known for known in self.digests if known.digest == digest), None)

    @property
    def now(self) -> DigestRuns | None:
        """Return what it runs now; None where nothing has run since it is watched."""
        return self.of(self.digest)

    def before(self, runs: DigestRuns) -> DigestRuns | None:
        """Return what it ran before this; None where that is not known."""
        begun = runs.begun or runs.since
        earlier = [known for known in self.digests if known.begun is not None and known.begun < begun]
        return max(earlier, key=lambda known: known.begun or known.since, default=None)

    def with_digest(self, changed: DigestRuns) -> JobRuns:
        """Return it with this in the place of what was known of the same digest."""
        others = [known for known in self.digests if known.digest != changed.digest]
        kept = sorted([*others, changed], key=lambda known: (known.last, known.digest))[-MOST_DIGESTS:]
        return replace(self, digests=tuple(kept))
