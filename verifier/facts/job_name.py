"""Which job it is, and which execution: all that policy is read for, and a message about one.

Apart from `execution.py`, as `build_key.py` is from `build.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import re2

from verifier.errors import Malformed

BUILD_VARIABLE = "VERIFIER_BUILD"
"""The environment variable that tells an execution, and us, which build it was started for."""

NONCE_VARIABLE = "VERIFIER_NONCE"
"""The environment variable with what the ledger saved before the start, which nobody else could know by then."""

_EXECUTION = re2.compile(r"^projects/([^/]+)/locations/([^/]+)/jobs/([^/]+)/executions/([^/]+)$")


@dataclass(frozen=True, slots=True, order=True)
class JobName:
    """A Cloud Run job."""

    project: str
    location: str
    job: str

    @property
    def resource(self) -> str:
        """Its full resource name."""
        return f"projects/{self.project}/locations/{self.location}/jobs/{self.job}"


def parse_job_name(resource: str) -> JobName:
    """Return the job with this full resource name. Raises Malformed."""
    return parse_execution_name(f"{resource}/executions/any")[0]


def parse_execution_name(name: str) -> tuple[JobName, str]:
    """Return the job and the short name of an execution's resource name. Raises Malformed."""
    match = _EXECUTION.match(name) if name.isascii() else None
    if not match:
        raise Malformed(f"execution name: expected projects/P/locations/L/jobs/J/executions/E, got {name[:160]!r}")
    return JobName(match.group(1), match.group(2), match.group(3)), match.group(4)
