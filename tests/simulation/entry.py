"""The real entry point, `main.py`, with settings of its own and the simulated services instead of the cloud."""

from __future__ import annotations

import importlib.util
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import ModuleType

from tests.push_request import PushRequest
from tests.simulation.world_model import DOOMED, IMAGE, JOB, NUMBER, PROJECT, REGION, TRIGGER, TRIGGER_ID
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


@cache
def entry() -> ModuleType:
    """Return `main.py`, imported once, with settings of its own."""
    settings = {
        "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER},{DOOMED}",
        "VERIFIER_REGIONS": REGION,
        "VERIFIER_SLACK_TOKEN": "xoxb-simulated",
        "VERIFIER_SLACK_CHANNEL": "C0ORCHARD",
    }
    return loaded("simulated_main", settings, POLICY)


def loaded(name: str, settings: Mapping[str, str], policy_text: str) -> ModuleType:
    """Return `main.py`, imported under a name with these settings and this policy."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.toml"
        policy.write_text(policy_text)
        os.environ |= {**settings, "VERIFIER_POLICY": str(policy)}
        try:
            spec = importlib.util.spec_from_file_location(name, MAIN)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            with redirect_stdout(io.StringIO()):
                spec.loader.exec_module(module)
        finally:
            os.environ.clear()
            os.environ |= kept
    return module


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """The entry point over one deployment."""

    deployment: Deployment
    log: Callable[..., None]
    is_stopping: Callable[[], bool]
    """Whether the process that runs now is asked to end."""
    main: ModuleType = field(default_factory=entry)

    def deliver(self, path: str, body: bytes) -> int:
        """Hand one push to the entry point and return the HTTP status that it answers with."""
        request = PushRequest(path, io.BytesIO(body))
        budget = partial(self.main.budget_of, stopping=self.is_stopping)
        _, status = self.main.handle(request, lambda: self.deployment, budget, self.log)
        return int(status)
