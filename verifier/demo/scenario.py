"""The story of one night, as data: six builds, how the worker fares on each, and the verdict that each must get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from verifier.checks.verdict import Verdict
from verifier.demo.repository import recorded_hash, uploaded_archive
from verifier.standin.script import Line, Script
from verifier.times import show_minute, show_time

PROJECT = "vividly-dev"
NUMBER = "402118557731"
REGION = "us-central1"
JOB = "dev-vividly-content-worker"
TRIGGER = "content-worker-main"
TRIGGER_ID = "9d6f0c58-3f1e-4b52-8a57-2f0f5f4b8e61"
IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/vividly/content-worker"
OTHER_IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/vividly/lesson-import"
SCHEDULER = f"scheduler@{PROJECT}.iam.gserviceaccount.com"
EVERY = timedelta(minutes=30)
"""Between two runs of the worker's job by its scheduler."""
FIRST_RUN = timedelta(minutes=10)
"""From the night's beginning to the first of them."""
FIX = "85cffd8dfba7ea8d1c9ffb5941475c8231be8fff"
BROKEN = "a1b2c3db6f3e78c50dc65665aaefdc6259ff3475"
FORGED = "f0f0f0f0-0000-4000-8000-000000000000"
"""A build that nobody ever made."""

POLICY = f"""\
# The policy of the demo. Waits are short so that the night passes in seconds.
repositories = ["github.com/vividly/content-worker"]
branches = ["main"]

[[worker]]
trigger = "{TRIGGER}"
job = "{REGION}/{JOB}"
image = "{IMAGE}"
expect = ["query ok"]
settle = "1s"

[[slack.route]]
verdicts = ["REGRESSED"]
mention = "here"

[sweep]
grace = "2s"
"""

_MAPPER_ERROR = (
    "One or more mappers failed to initialize - can't proceed with initialization of other mappers. "
    "Triggering mapper: 'Mapper[Lesson(lessons)]'. Original exception was: When initializing mapper "
    "Mapper[Lesson(lessons)], expression 'Teacher' failed to locate a name ('Teacher')."
)
_TRACE = (
    'Traceback (most recent call last):\n  File "/app/worker.py", line 58, in run\n    lessons = session.query(Lesson)'
    f".all()\nsqlalchemy.exc.InvalidRequestError: {_MAPPER_ERROR}"
)
_BAD_NIGHT = Script(
    start_after=0.3,
    runs=1.0,
    lines=(
        Line(0.1, "content worker starts"),
        *(Line(0.2 + turn / 10, f"ERROR {_MAPPER_ERROR}", stream="stderr") for turn in range(7)),
        *(Line(0.2 + turn / 10, _TRACE, severity="ERROR", stream="stderr") for turn in range(7)),
    ),
)
GOOD_RUN = Script(
    start_after=0.3, runs=1.0, lines=(Line(0.1, "content worker starts"), Line(0.6, "query ok: 214 lessons"))
)


RAN = ("e7e5acae", "2d1da3a3", "4e841fcb", "c3d85f1e", "d0a4b6e3", "a96f01c7")
"""The builds whose images the worker's job runs, one after the other."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a message in Slack says from a run on."""

    of: str
    """The beginning of the id of the build that it is about."""
    says: str
    """With the moment of that run as `{run}`."""

    def at(self, run: datetime) -> str:
        """Return what it says from this run on."""
        return self.says.format(run=show_minute(run))


@dataclass(frozen=True, slots=True)
class Episode:
    """One build of the story."""

    title: str
    document: Mapping[str, Any]
    expected: Verdict
    at: timedelta
    """When its build ends, from the night's beginning on."""
    script: Script = GOOD_RUN
    """How the worker fares on its image."""
    announced: bool = True
    """Messages about it arrive; False when its notifications went elsewhere."""
    edit: Edit | None = None
    """What the run that comes next changes in Slack."""

    @property
    def build_id(self) -> str:
        """The id of its build."""
        return str(self.document["id"])

    @property
    def upload(self) -> Mapping[str, str]:
        """The place of the archive that it was made from; empty for a build of a commit."""
        place: Mapping[str, str] = self.document["source"].get("storageSource", {})
        return place

    @property
    def for_worker(self) -> bool:
        """Whether its image is the one that the worker's job runs."""
        return bool(self.document["images"] == [f"{IMAGE}:latest"])


def story(now: datetime) -> tuple[Episode, ...]:
    """Return the episodes in order, with builds that finish now."""
    claim: dict[str, Any] = {"substitutions": {"COMMIT_SHA": FIX, "SHORT_SHA": FIX[:7]}}
    elsewhere = {"pubsubTopic": f"projects/{PROJECT}/topics/nobody-listens"}
    return (
        Episode(
            "the fix is pushed, and the local folder deployed",
            _upload(1, "e7e5acae", now),
            Verdict.LOCAL_SOURCE,
            timedelta(minutes=7),
            _BAD_NIGHT,
            edit=Edit("e7e5acae", f"Runs since {{run}} in {JOB}"),
        ),
        Episode("deployed again", _upload(2, "2d1da3a3", now), Verdict.LOCAL_SOURCE, timedelta(minutes=34), _BAD_NIGHT),
        Episode(
            "and again, with the commit written on it",
            _upload(3, "4e841fcb", now, **claim),
            Verdict.LOCAL_SOURCE,
            timedelta(minutes=63),
            _BAD_NIGHT,
        ),
        Episode(
            "a trigger builds the commit before the fix",
            commit_build(4, "b7a91c04", now, BROKEN),
            Verdict.FAILED,
            timedelta(minutes=92),
            _BAD_NIGHT,
        ),
        Episode(
            "the trigger builds 85cffd8",
            commit_build(5, "c3d85f1e", now, FIX),
            Verdict.VERIFIED,
            timedelta(minutes=96),
            edit=Edit("4e841fcb", f"over: {FIX[:7]} runs since {{run}}; was LOCAL_SOURCE"),
        ),
        Episode(
            "another image, whose notifications went elsewhere",
            _upload(6, "5ec2e7aa", now, OTHER_IMAGE, options=elsewhere),
            Verdict.LOCAL_SOURCE,
            timedelta(minutes=102),
            announced=False,
        ),
    )


def _upload(number: int, short_id: str, now: datetime, image: str = IMAGE, **changes: Any) -> dict[str, Any]:
    moment = (now - timedelta(minutes=1)).timestamp()
    place = {
        "bucket": f"{PROJECT}_cloudbuild",
        "object": f"source/{moment:.6f}-{number:032x}.tgz",
        "generation": f"{int(moment * 1e6)}",
    }
    address = f"gs://{place['bucket']}/{place['object']}#{place['generation']}"
    provenance = {"resolvedStorageSource": place, "fileHashes": {address: recorded_hash(uploaded_archive())}}
    return _build(number, short_id, now, {"storageSource": place}, provenance, image) | changes


def commit_build(number: int, short_id: str, now: datetime, sha: str) -> dict[str, Any]:
    git = {"url": "https://github.com/vividly/content-worker.git", "revision": sha}
    return _build(number, short_id, now, {"gitSource": git}, {"resolvedGitSource": git}) | {
        "buildTriggerId": TRIGGER_ID,
        "substitutions": {
            "BRANCH_NAME": "main",
            "COMMIT_SHA": sha,
            "REF_NAME": "main",
            "REPO_FULL_NAME": "vividly/content-worker",
            "REPO_NAME": "content-worker",
            "REVISION_ID": sha,
            "SHORT_SHA": sha[:7],
            "TRIGGER_BUILD_CONFIG_PATH": "cloudbuild.yaml",
            "TRIGGER_NAME": TRIGGER,
        },
        "tags": [f"trigger-{TRIGGER_ID}"],
    }


def _build(
    number: int,
    short_id: str,
    now: datetime,
    source: Mapping[str, Any],
    provenance: Mapping[str, Any],
    image: str = IMAGE,
) -> dict[str, Any]:
    build_id = f"{short_id}-4c1f-4b0e-9d6a-{number:012x}"
    digest = f"sha256:{number:02x}{'7d' * 31}"
    return {
        "id": build_id,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/{build_id}",
        "projectId": PROJECT,
        "status": "SUCCESS",
        "createTime": show_time(now - timedelta(seconds=50)),
        "startTime": show_time(now - timedelta(seconds=48)),
        "finishTime": show_time(now),
        "source": source,
        "sourceProvenance": provenance,
        "steps": [{"name": "gcr.io/cloud-builders/docker", "args": ["build", "-t", f"{image}:latest", "."]}],
        "images": [f"{image}:latest"],
        "results": {"images": [{"name": f"{image}:latest", "digest": digest}]},
        "logUrl": f"https://console.cloud.google.com/cloud-build/builds;region={REGION}/{build_id}?project={NUMBER}",
    }
