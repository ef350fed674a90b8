"""A sample of each message that Slack may get, clearly marked as one. Nobody is called by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from verifier.build import Build, parse_build
from verifier.judgement import Judgement
from verifier.logs import Repeated
from verifier.mrkdwn import bold, section
from verifier.policy import Policy
from verifier.report import failed_build_message, unconfirmed_message, verdict_message
from verifier.services import Message
from verifier.source import source_of
from verifier.times import show_time
from verifier.verdict import Check, Finding, Outcome, Verdict

MARK = "SAMPLE by verifier doctor: nothing happened"

_SHA = "85cffd8" + "0" * 33
_ID = "00000000-0000-4000-8000-000000000000"
_FOUND: Mapping[Verdict, tuple[Finding, ...]] = {
    Verdict.LOCAL_SOURCE: (
        Finding(Check.SOURCE_IS_A_COMMIT, Outcome.FAILS, "no commit is recorded", "build by a trigger"),
    ),
    Verdict.FAILED: (
        Finding(Check.SOURCE_IS_A_COMMIT, Outcome.HOLDS, "a commit"),
        Finding(
            Check.LOGS_HAVE_NO_ERRORS,
            Outcome.FAILS,
            '"One or more mappers failed to initialize" ×3, first at 02:21:07 UTC (task 0)',
            "fix what the lines say and push",
        ),
    ),
    Verdict.INCONCLUSIVE: (
        Finding(Check.SOURCE_IS_A_COMMIT, Outcome.HOLDS, "a commit"),
        Finding(
            Check.EXPECTED_LINES_WERE_SEEN,
            Outcome.COULD_NOT_CHECK,
            '"query ok" was never logged',
            "run the job with work waiting",
        ),
    ),
    Verdict.VERIFIED: (
        Finding(Check.SOURCE_IS_A_COMMIT, Outcome.HOLDS, "a commit"),
        Finding(Check.WORKER_STARTED, Outcome.NOT_APPLICABLE, "no worker ran"),
    ),
}


def samples(policy: Policy, project: str, now: datetime) -> Iterator[Message]:
    """One message of each kind, where policy sends it, with a key that no real message has."""
    calm = replace(policy, routes=tuple(replace(route, mention="") for route in policy.routes))
    for verdict, findings in _FOUND.items():
        build = _build(project, now, has_commit=verdict is not Verdict.LOCAL_SOURCE)
        errors = (Repeated("mapper error", 3, now, "0", "One or more mappers failed to initialize"),)
        shown = errors if verdict is Verdict.FAILED else ()
        judgement = Judgement(verdict, findings, now, errors=shown)
        yield _marked(verdict_message(build, source_of(build), judgement, calm), now)
    yield _marked(failed_build_message(_build(project, now, has_commit=True, status="FAILURE"), calm), now)
    yield _marked(
        unconfirmed_message(1, ["projects/any/locations/global/builds/forged"], now - timedelta(hours=1)), now
    )


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
        "results": {"images": [{"name": f"gcr.io/{project}/sample:latest", "digest": f"sha256:{'0' * 64}"}]},
    }
    if has_commit:
        document |= {
            "sourceProvenance": {"resolvedGitSource": git},
            "buildTriggerId": _ID,
            "substitutions": {"COMMIT_SHA": _SHA, "BRANCH_NAME": "main", "TRIGGER_NAME": "sample"},
        }
    return parse_build(document)
