"""Builds and judgements of the tests' own world: the team vividly, its content worker and what happens to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from verifier.checks.execution import image_finding, own_container, run_findings
from verifier.checks.judgement import MOST_FOLDED, Judgement
from verifier.checks.policy import Policy, Worker
from verifier.checks.source import source_findings
from verifier.checks.verdict import SOURCE_CHECKS, WORKER_CHECKS, Check, Finding, Outcome, Verdict, decide
from verifier.checks.worker import log_findings, not_run
from verifier.controller.ledger import Record
from verifier.facts.build import Build, parse_build
from verifier.facts.build_document import MOST_BYTES
from verifier.facts.execution import Completion, Container, Execution, JobName
from verifier.facts.logs import Folded, LogFacts, LogRules, Pattern, Repeated
from verifier.facts.source import Source, source_of

BUILD_ID = "4e841fcb-6a1d-4c57-9a53-0f2f6d1c7b20"
TRIGGER_ID = "7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee"
SHA = "85cffd8a90cd4b1f7e0c2d3a4b5c6d7e8f901234"
DIGEST = "sha256:" + "5f" * 32
IMAGE = "us-central1-docker.pkg.dev/vividly-dev/vividly/content-worker"
FINISHED = datetime(2026, 11, 23, 2, 0, 12, tzinfo=UTC)
DECIDED = datetime(2026, 11, 23, 2, 23, 40, tzinfo=UTC)
EXECUTION = (
    "projects/vividly-dev/locations/us-central1/jobs/dev-vividly-content-worker"
    "/executions/dev-vividly-content-worker-x7k2p"
)
WORKER = Worker(
    trigger="content-worker-main",
    job=JobName("", "us-central1", "dev-vividly-content-worker"),
    branches=("main",),
    image=IMAGE,
    logs=LogRules(expected=(Pattern("query ok", "query ok"),)),
)
POLICY = Policy(workers=(WORKER,), digest="0d" * 32, fold=timedelta())
NO_WORKER = not_run("no worker is configured for what built it")


def pushed(**fields: Any) -> Build:
    """Return the build that the trigger makes of a push to main; the fields replace the document's own."""
    address = "https://github.com/vividly/content-worker.git"
    return parse_build(
        {
            "id": BUILD_ID,
            "name": f"projects/402118557731/locations/us-central1/builds/{BUILD_ID}",
            "projectId": "vividly-dev",
            "status": "SUCCESS",
            "buildTriggerId": TRIGGER_ID,
            "finishTime": FINISHED.isoformat(),
            "source": {"gitSource": {"url": address, "revision": SHA}},
            "sourceProvenance": {"resolvedGitSource": {"url": address, "revision": SHA}},
            "substitutions": {
                "TRIGGER_NAME": "content-worker-main",
                "COMMIT_SHA": SHA,
                "SHORT_SHA": SHA[:7],
                "BRANCH_NAME": "main",
                "REF_NAME": "main",
            },
            "results": {"images": [{"name": f"{IMAGE}:latest", "digest": DIGEST}]},
            "serviceAccount": "projects/vividly-dev/serviceAccounts/builder@vividly-dev.iam.gserviceaccount.com",
            **fields,
        }
    )


def uploaded(**fields: Any) -> Build:
    """Return the build that somebody makes of a folder, claiming a commit."""
    place = {
        "bucket": "vividly-dev_cloudbuild",
        "object": "source/1795399190.512345-0123456789abcdef0123456789abcdef.tgz",
        "generation": "1795399191123456",
    }
    own = {
        "buildTriggerId": "",
        "source": {"storageSource": place},
        "sourceProvenance": {"resolvedStorageSource": place},
        "substitutions": {"COMMIT_SHA": SHA},
    }
    return pushed(**(own | fields))


def ran(**fields: Any) -> Execution:
    """Return an execution that succeeded; the fields replace its own."""
    values: dict[str, Any] = {
        "name": EXECUTION,
        "created": FINISHED,
        "started": FINISHED + timedelta(seconds=20),
        "completed": FINISHED + timedelta(minutes=20),
        "completion": Completion.TRUE,
        "message": "",
        "exited": False,
        "tasks": 1,
        "succeeded": 1,
        "failed": 0,
        "cancelled": 0,
        "retried": 0,
        "containers": (Container("", f"{IMAGE}@{DIGEST}"),),
        "build": "",
    }
    return Execution(**(values | fields))


def logged(*errors: Repeated, seen: Sequence[str] = ("query ok",)) -> LogFacts:
    """Return what whole logs said."""
    return LogFacts(errors, 0, frozenset(seen), frozenset({("0", "0")}), unlabelled=0, truncated=False)


def trial(build: Build, execution: Execution, facts: LogFacts) -> tuple[Finding, ...]:
    """Return the findings about a worker's run whose logs were read to the end."""
    return (
        *run_findings(execution, WORKER, DECIDED, facts, settled=True),
        image_finding(build, execution, own_container(execution, WORKER, build), ""),
        *log_findings(execution, facts, WORKER, settled=True),
    )


def judged(
    build: Build,
    findings: Sequence[Finding] = NO_WORKER,
    *,
    policy: Policy = POLICY,
    announced: bool = True,
    execution: str = "",
    errors: Sequence[Repeated] = (),
) -> tuple[Build, Source, Judgement]:
    """Return the build, its source and the judgement that follows from these findings about its worker."""
    source = source_of(build)
    every = (*source_findings(build, source, policy, announced=announced), *findings)
    verdict = decide(every, SOURCE_CHECKS | WORKER_CHECKS)
    return build, source, Judgement(verdict, every, DECIDED, execution, tuple(errors))


def tried(
    build: Build, facts: LogFacts, execution: Execution | None = None, *, policy: Policy = POLICY
) -> tuple[Build, Source, Judgement]:
    """Return the same for a build whose worker ran."""
    execution = execution or ran()
    found = trial(build, execution, facts)
    return judged(build, found, policy=policy, execution=execution.name, errors=facts.errors)


def largest_record() -> Record:
    """Return a record with as much in it as a build and its worker can bring about, in what takes the most bytes."""
    long = "😀" * 100_000
    images = [{"name": f"{IMAGE}:{number}", "digest": f"sha256:{number:064x}"} for number in range(10_000)]
    room = MOST_BYTES - len(json.dumps(pushed(results={"images": images}).document)) - 100
    build = pushed(results={"images": images}, serviceAccount="x" * room)
    findings = tuple(Finding(check, Outcome.FAILS, long, long) for check in Check)
    folded = (Folded("0" * 16, long[:40], 99),) * MOST_FOLDED
    error = Repeated(long[:200], 99, DECIDED, long[:20], long[:1_500], folded=folded, accepted=long[:118])
    return Record(
        build.key,
        created=DECIDED,
        build=build.document,
        images=tuple(image.digest for image in build.images),
        execution=EXECUTION,
        extras=(EXECUTION,) * 100,
        error=long[:500],
        judgement=Judgement(Verdict.FAILED, findings, DECIDED, EXECUTION, (error,) * 50),
    )
