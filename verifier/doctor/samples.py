"""A sample of each message that Slack may get, clearly marked as one. Nobody is called by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy, Worker
from verifier.checks.remedies import right_command
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.facts.build import Build, parse_build
from verifier.facts.execution import JobName
from verifier.facts.logs import Repeated
from verifier.facts.source import source_of
from verifier.reporting.mrkdwn import bold, section
from verifier.reporting.slack_message import failed_build_message, unconfirmed_message, verdict_message
from verifier.services import Message
from verifier.times import show_second, show_time

MARK = "SAMPLE by verifier doctor: nothing happened"

_SHA = "85cffd8" + "0" * 33
_ID = "00000000-0000-4000-8000-000000000000"
_DIGEST = f"sha256:{'0' * 64}"
_ERROR = "One or more mappers failed to initialize"
_COMMIT = Finding(Check.SOURCE_IS_A_COMMIT, Outcome.HOLDS, "a commit")
_RUN = (
    Finding(Check.WORKER_STARTED, Outcome.HOLDS, "execution sample-00000"),
    Finding(Check.WORKER_SUCCEEDED, Outcome.HOLDS, "1/1 tasks succeeded"),
    Finding(Check.WORKER_RAN_THE_BUILT_IMAGE, Outcome.HOLDS, f"ran {_DIGEST[:19]}"),
    Finding(Check.LOGS_ARE_COMPLETE, Outcome.HOLDS, "the exit lines of all 1 attempts were read"),
)


def samples(policy: Policy, project: str, now: datetime) -> Iterator[Message]:
    """One message of each kind, where policy sends it, with a key that no real message has."""
    calm = replace(policy, routes=tuple(replace(route, mention="") for route in policy.routes))
    upload = _build(project, now, has_commit=False)
    local = Judgement(Verdict.LOCAL_SOURCE, (_uploaded(upload),), now)
    yield _marked(verdict_message(upload, source_of(upload), local, calm), now)
    build, execution = _build(project, now, has_commit=True), f"{_job(project).resource}/executions/sample-00000"
    for verdict, findings in _of_runs(now).items():
        errors = (Repeated(_ERROR, 3, now, "0", _ERROR),) if verdict is Verdict.FAILED else ()
        judgement = Judgement(verdict, (_COMMIT, *_RUN, *findings), now, execution, errors)
        yield _marked(verdict_message(build, source_of(build), judgement, calm), now)
    yield _marked(failed_build_message(_build(project, now, has_commit=True, status="FAILURE"), calm), now)
    forged = f"projects/{project}/locations/global/builds/forged: reading it: not found"
    yield _marked(unconfirmed_message(1, [forged], now - timedelta(hours=1), project), now)


def _uploaded(build: Build) -> Finding:
    """Say that no commit is recorded, with the command that a policy with the sample's worker names."""
    worker = Worker("sample", _job(""), branches=("main",))
    command = right_command(build, Policy(workers=(worker,)))
    return Finding(Check.SOURCE_IS_A_COMMIT, Outcome.FAILS, "no commit is recorded", command)


def _of_runs(now: datetime) -> Mapping[Verdict, tuple[Finding, ...]]:
    """Return what the worker's logs can come to."""
    clean = Finding(Check.LOGS_HAVE_NO_ERRORS, Outcome.HOLDS, "none")
    lines, errors = Check.EXPECTED_LINES_WERE_SEEN, f'"{_ERROR}" ×3, first at {show_second(now)} (task 0)'
    idle = '"query ok" was never logged: an idle worker proves nothing'
    to_do = "run the job with work waiting, or drop `expect` for it in policy.toml"
    return {
        Verdict.FAILED: (Finding(Check.LOGS_HAVE_NO_ERRORS, Outcome.FAILS, errors, "fix what the lines say and push"),),
        Verdict.INCONCLUSIVE: (clean, Finding(lines, Outcome.COULD_NOT_CHECK, idle, to_do)),
        Verdict.VERIFIED: (clean, Finding(lines, Outcome.HOLDS, '"query ok" seen')),
    }


def _job(project: str) -> JobName:
    return JobName(project, "us-central1", "sample")


def _marked(message: Message, now: datetime) -> Message:
    return message._replace(
        text=f"{MARK} · {message.text}",
        blocks=(section([bold(MARK)]), *message.blocks),
        key=f"sample-{show_time(now)}@{message.key}",
    )


def _build(project: str, now: datetime, *, has_commit: bool, status: str = "SUCCESS") -> Build:
    place = {"bucket": f"{project}_cloudbuild", "object": f"source/1790000000.5-{'0' * 32}.tgz"}
    git = {"url": "https://github.com/example/sample.git", "revision": _SHA}
    document: dict[str, Any] = {
        "id": _ID,
        "name": f"projects/{project}/locations/global/builds/{_ID}",
        "projectId": project,
        "status": status,
        "finishTime": show_time(now),
        "source": {"gitSource": git} if has_commit else {"storageSource": place},
        "results": {"images": [{"name": f"gcr.io/{project}/sample:latest", "digest": _DIGEST}]},
    }
    if has_commit:
        document |= {
            "sourceProvenance": {"resolvedGitSource": git},
            "buildTriggerId": _ID,
            "substitutions": {"COMMIT_SHA": _SHA, "BRANCH_NAME": "main", "REF_NAME": "main", "TRIGGER_NAME": "sample"},
        }
    return parse_build(document)
