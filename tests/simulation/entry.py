"""The real entry point, `main.py`, with settings of its own and the simulation's world instead of the cloud."""

from __future__ import annotations

import importlib.util
import io
import os
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.simulation.planet import IMAGE, JOB, NUMBER, PROJECT, REGION, TRIGGER, TRIGGER_ID
from verifier.controller.budget import Deployment

MAIN = Path(__file__).parents[2] / "main.py"
POLICY = f"""\
repositories = ["github.com/orchard/worker"]
branches = ["main"]

[[worker]]
trigger = "{TRIGGER_ID}"
job = "{JOB.location}/{JOB.job}"
image = "{IMAGE}"
expect = ["query ok"]

[slack]
name_submitter = true
"""
TRIGGER_NAME = TRIGGER


class Request(NamedTuple):
    """As much of an HTTP request as the entry point looks at."""

    path: str
    stream: io.BytesIO
    method: str = "POST"


@cache
def entry() -> ModuleType:
    """`main.py`, imported once. Its `handle` is given the world of whoever simulates."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text(POLICY)
        os.environ |= {
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_POLICY": str(policy),
            "VERIFIER_SLACK_TOKEN": "xoxb-simulated",
            "VERIFIER_SLACK_CHANNEL": "C0ORCHARD",
        }
        try:
            spec = importlib.util.spec_from_file_location("simulated_main", MAIN)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            with redirect_stdout(io.StringIO()):
                spec.loader.exec_module(module)
        finally:
            os.environ.clear()
            os.environ |= kept
    return module


def deliver(
    path: str, body: bytes, deployment: Deployment, stopping: Callable[[], bool], log: Callable[..., None]
) -> int:
    """Hand one push to the entry point, with the world to act in, and say the HTTP status that it answers with."""
    main = entry()
    request = Request(path, io.BytesIO(body))
    _, status = main.handle(request, lambda: deployment, lambda world: main.budget_of(world, stopping), log)
    return int(status)
