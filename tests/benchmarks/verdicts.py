"""One build for each verdict, brought to its verdict by the messages that the platform would send."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.client import send
from tests.benchmarks.environment import BenchmarkEnvironment
from tests.benchmarks.messages import PROJECT, REGION, announced, build, completed
from verifier.checks.verdict import Verdict
from verifier.standin.script import Line, Script

_TRIGGER = "5b3c1a52-6a0e-4f3f-9f3b-0d5d0c6f2b11"
_JOB = "content-worker"
_IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/images/{_JOB}"
_PLATFORM = "projects/vividly-dev/serviceAccounts/platform@vividly-dev.iam.gserviceaccount.com"
_SHA = "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"
_ERRORS = 3_000
"""Pages of errors that the failing worker logs, by a thousand."""
_PATIENCE = 60.0

POLICY = f"""
[[exemption]]
reason = "the platform's own builds"
tag = "platform"
service_account = "platform@vividly-dev.iam.gserviceaccount.com"

[[worker]]
trigger = "{_TRIGGER}"
job = "{REGION}/{_JOB}"
expect = ["query ok"]
settle = "1s"
"""


def announce_each_kind(here: BenchmarkEnvironment, port: int) -> None:
    """Send the function what leads to every verdict once. Raises RuntimeError when one does not come."""
    upload = build(1)
    exempt = build(2, tags=["platform"], serviceAccount=_PLATFORM)
    unclear = build(3, source={}, buildTriggerId=_TRIGGER, substitutions={"COMMIT_SHA": _SHA})
    for document in (upload, exempt, unclear):
        here.cloud.put_build(document)
        send(port, announced(document))
    _try_out(here, port, 4, Script(start_after=0.1, runs=0.1, lines=(Line(at=0.0, text="query ok"),)))
    _try_out(here, port, 5, Script(start_after=0.1, runs=0.1, lines=tuple(map(_error, range(_ERRORS)))))
    if set(here.verdicts()) != set(Verdict):
        raise RuntimeError(f"expected one verdict of each kind, got {here.verdicts()}")


def _error(number: int) -> Line:
    return Line(at=0.0, text=f"lesson {number} is lost\n" + "  in worker.py\n" * 30, severity="ERROR", stream="stderr")


def _try_out(here: BenchmarkEnvironment, port: int, number: int, script: Script) -> None:
    """Bring a commit's build, whose worker runs so, to its verdict; its completion is announced until there is one."""
    before = len(here.verdicts())
    document = _commit(number)
    here.cloud.tag(f"{_IMAGE}:latest", document["results"]["images"][0]["digest"])
    here.cloud.put_job(PROJECT, REGION, _JOB, image=f"{_IMAGE}:latest", script=script)
    here.cloud.put_build(document)
    runs = len(here.cloud.finished_executions())
    send(port, announced(document))
    until = time.monotonic() + _PATIENCE
    while len(here.verdicts()) == before:
        if time.monotonic() > until:
            raise RuntimeError(f"expected a verdict on build {number} within a minute, got none")
        time.sleep(0.2)
        for execution in here.cloud.finished_executions()[runs:]:
            send(port, completed(here.cloud.completion_entry(execution)))


def _commit(number: int) -> dict[str, Any]:
    git = {"url": "https://github.com/vividly/content-worker.git", "revision": _SHA}
    return build(
        number,
        source={"gitSource": git},
        sourceProvenance={"resolvedGitSource": git},
        buildTriggerId=_TRIGGER,
        substitutions={"COMMIT_SHA": _SHA, "BRANCH_NAME": "main", "REPO_FULL_NAME": "vividly/content-worker"},
        images=[f"{_IMAGE}:latest"],
        results={"images": [{"name": f"{_IMAGE}:latest", "digest": f"sha256:{number:064x}"}]},
    )
