"""The stand-ins of Google and Slack that the measured function talks to, in the process of the benchmark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from tests.benchmarks.messages import NUMBER, PROJECT, REGION
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn


@dataclass(frozen=True, slots=True)
class BenchmarkEnvironment:
    """A world for one function."""

    cloud: Cloud
    settings: Mapping[str, str]
    """With a ledger in SQLite."""

    def with_firestore(self, emulator: str) -> Mapping[str, str]:
        """Return the settings with a ledger of its own in Firestore's emulator at this address."""
        ledger = {"VERIFIER_LEDGER": "firestore", "VERIFIER_HOME_PROJECT": f"bench-{uuid4().hex[:8]}"}
        return {**self.settings, **ledger, "FIRESTORE_EMULATOR_HOST": emulator}

    def verdicts(self) -> list[str]:
        """Return the verdicts in the audit trail, in the order in which they came."""
        return [entry["labels"]["verdict"] for entry in self.cloud.audit_entries()]


@contextmanager
def benchmark_environment(policy: str = "") -> Iterator[BenchmarkEnvironment]:
    """Yield stand-ins with nothing in them, and settings for this policy.toml."""
    faults, cloud = Faults(), Cloud(system_clock)
    slack = SlackStandIn(faults, system_clock, rate_limit=False)
    with TemporaryDirectory() as name, GoogleStandIn(cloud, faults) as google, slack:
        folder = Path(name)
        (folder / "policy.toml").write_text(policy)
        settings = {
            "VERIFIER_PROJECTS": f"{PROJECT}={NUMBER}",
            "VERIFIER_REGIONS": REGION,
            "VERIFIER_POLICY": str(folder / "policy.toml"),
            "VERIFIER_LEDGER": f"sqlite:{folder / 'ledger.sqlite'}",
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
        }
        yield BenchmarkEnvironment(cloud, settings)
