"""Which build it is, and the statuses that it may have: all that a message about one is read for.

Apart from `build.py`, so that a function that starts can answer its first message with nothing else loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from verifier.errors import Malformed

SUCCESS = "SUCCESS"
TERMINAL = frozenset({SUCCESS, "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})
NOT_TERMINAL = frozenset({"STATUS_UNKNOWN", "PENDING", "QUEUED", "WORKING"})

# As text: `re` compiles them with the first message, not when the function starts.
_PROJECT = r"(?:[a-z0-9.-]{1,63}:)?[a-z0-9][a-z0-9-]{1,62}"
_LOCATION = r"[a-z][a-z0-9-]{1,40}"
_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"


@dataclass(frozen=True, slots=True, order=True)
class BuildKey:
    """What identifies a build. From an untrusted place it comes through `checked_key`."""

    project: str
    """The project's id, never its number."""
    location: str
    """The region, or `global`."""
    id: str

    @property
    def name(self) -> str:
        """The build's resource name."""
        return f"projects/{self.project}/locations/{self.location}/builds/{self.id}"

    @property
    def labels(self) -> dict[str, str]:
        """The three parts by the names that log lines give them."""
        return {"project": self.project, "location": self.location, "build": self.id}

    @property
    def digest(self) -> str:
        """A hash of the three parts: safe as the name of a stored document."""
        return sha256(self.name.encode()).hexdigest()


def checked_key(project: str, location: str, build_id: str) -> BuildKey:
    """Return the key of these parts from an untrusted place. Raise Malformed when one has not the form it must have."""
    for part, value, form, example in (
        ("project", project, _PROJECT, "a project id such as my-project"),
        ("location", location, _LOCATION, "a location such as us-central1 or global"),
        ("build", build_id, _ID, "a build id such as 4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6"),
    ):
        if not (value.isascii() and re.fullmatch(form, value)):
            raise Malformed(f"{part}: expected {example}, got {value[:80]!r}")
    return BuildKey(project, location, build_id)


def parse_build_name(name: str) -> tuple[str, str, str]:
    """Project (id or number), location and id of a build's resource name. Raises Malformed.

    A name without a location, as builds had until 2020, means `global`.
    """
    parts = name.split("/") if name.isascii() else []
    match parts if all(parts) else []:
        case ["projects", project, "builds", build_id]:
            return project, "global", build_id
        case ["projects", project, "locations", location, "builds", build_id]:
            return project, location, build_id
        case _:
            raise Malformed(f"build name: expected projects/PROJECT/locations/LOCATION/builds/ID, got {name[:120]!r}")
