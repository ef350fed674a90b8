"""A quarter of a year of a team's builds, some from laptops, and what their worker ran."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from verifier.checks.policy import Policy
from verifier.facts.build import parse_build
from verifier.facts.submitter import Submitter
from verifier.history.deployed import makers
from verifier.history.html_report import write_report
from verifier.history.job_lines import job_lines, with_watches
from verifier.history.judge import judge_listed
from verifier.history.judged_build import JudgedBuild, Run
from verifier.history.summary import SummaryBuilder
from verifier.history.watch_status import WatchStatus

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SERVICES = ("content-worker", "gateway", "search-index", "mailer")
PEOPLE = ("ana@vividly.example", "ben@vividly.example", "chris@vividly.example")
JOB = "projects/vividly-dev/locations/us-central1/jobs/content-worker"
_ADDRESS = "https://github.com/vividly/{}.git"


def digits(*parts: object) -> str:
    """Return 64 hex digits that follow from the parts."""
    return sha256(repr(parts).encode()).hexdigest()


def build(number: int, created: datetime, service: str, kind: str = "commit", **fields: Any) -> JudgedBuild:
    """Return one build of a service: of a `commit`, an `upload`, by `word` of its trigger, `other` or `broken`."""
    sha = digits("commit", number)[:40]
    document = {
        "id": str(UUID(digits("build", number)[:32])),
        "name": f"projects/4711/locations/us-central1/builds/{UUID(digits('build', number)[:32])}",
        "projectId": "vividly-dev",
        "status": "FAILURE" if kind == "broken" else "SUCCESS",
        "createTime": created.isoformat(),
        "finishTime": (created + timedelta(seconds=90 + number % 400)).isoformat(),
        **(_upload(number, sha) if kind == "upload" else _commit(service, sha, kind)),
        **fields,
    }
    if kind != "broken":
        image = f"us-central1-docker.pkg.dev/vividly-dev/vividly/{service}"
        digest = f"sha256:{digits('image', number)}"
        tags = (f"{image}:latest", f"{image}:{sha}")
        document.setdefault("results", {"images": [{"name": name, "digest": digest} for name in tags]})
    judged = judge_listed(parse_build(document), Policy())
    if judged.trigger_id:
        return judged
    return replace(
        judged, submitter=Submitter(PEOPLE[number % 3], "google-cloud-sdk gcloud/550.0.0 gcloud.builds.submit")
    )


def quarter(count: int) -> list[JudgedBuild]:
    """Return so many builds over 90 days, newest first; two stretches of them come from a laptop."""
    step = timedelta(days=90) / max(count, 1)
    return [build(number, NOW - step * number, _service(number), _kind(number, count)) for number in range(count)]


def executions(builds: Iterable[JudgedBuild], every: timedelta = timedelta(hours=6)) -> list[Run]:
    """Return the worker's executions: every so often, with the image of its newest build."""
    own = [item for item in builds if any("content-worker:" in image.name for image in item.images)]
    made_by = makers(own)
    runs, started = [], NOW - timedelta(days=89)
    while started < NOW:
        before = [item for item in own if item.finished and item.finished < started]
        if before:
            digest = before[0].images[0].digest
            name = f"{JOB}/executions/content-worker-{digits(started)[:5]}"
            ended = started + timedelta(minutes=20)
            runs.append(Run(name, started, ended, True, frozenset({digest}), *made_by[digest]))
        started += every
    return runs[::-1]


def report(
    builds: Sequence[JudgedBuild],
    runs: Sequence[Run] = (),
    *,
    complete: bool = True,
    title: str = "Audit of vividly-dev",
    watched: WatchStatus | None = None,
) -> str:
    """Yield the report as HTML."""
    tally, out = SummaryBuilder(), io.StringIO()

    def counted() -> Iterator[JudgedBuild]:
        for item in builds:
            tally.add(item)
            yield item

    lines = job_lines(runs)
    jobs = with_watches(lines, {line.resource: watched for line in lines}) if watched else lines
    write_report(out, counted(), runs, lambda: tally.summary(NOW), title=title, complete=complete, jobs=jobs)
    return out.getvalue()


def _service(number: int) -> str:
    return SERVICES[number % len(SERVICES)]


def _kind(number: int, count: int) -> str:
    if count * 0.20 < number < count * 0.24 or count * 0.55 < number < count * 0.58:
        return "upload"
    return {17: "broken", 23: "word", 31: "other"}.get(number % 60, "commit")


def _commit(service: str, sha: str, kind: str) -> dict[str, Any]:
    git = {"url": _ADDRESS.format(service), "revision": sha}
    claims = {"TRIGGER_NAME": f"{service}-main", "COMMIT_SHA": sha, "SHORT_SHA": sha[:7], "BRANCH_NAME": "main"}
    said = {"buildTriggerId": str(UUID(digits("trigger", service)[:32])), "substitutions": claims}
    if kind == "word":
        return {**said, "source": {}}
    if kind == "other":
        claims["COMMIT_SHA"] = digits("another", sha)[:40]
    return {**said, "source": {"gitSource": git}, "sourceProvenance": {"resolvedGitSource": git}}


def _upload(number: int, sha: str) -> dict[str, Any]:
    name = f"source/1795{number:06}.512345-{digits('upload', number)[:32]}.tgz"
    place = {"bucket": "vividly-dev_cloudbuild", "object": name, "generation": f"1795399{number:09}"}
    return {
        "source": {"storageSource": place},
        "sourceProvenance": {"resolvedStorageSource": place},
        "substitutions": {"COMMIT_SHA": sha},
    }
