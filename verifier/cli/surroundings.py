"""What a command takes from its environment when no option says it."""

from __future__ import annotations

import os

from verifier.config import loopback_address
from verifier.errors import Malformed

_PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")


def chosen_project(given: str) -> str:
    """Return the project that is given, or that the environment names. Raise Malformed when neither is."""
    named = given or next(filter(None, map(os.environ.get, _PROJECT_VARIABLES)), "")
    if not named:
        raise Malformed("project: expected --project, or GOOGLE_CLOUD_PROJECT in the environment, got neither")
    return named


def storage_address() -> str:
    """Return where a stand-in of Cloud Storage listens, as `stand_in_address` does: `STORAGE_EMULATOR_HOST`."""
    return loopback_address("STORAGE_EMULATOR_HOST", os.environ)


def stand_in_address() -> str:
    """Return where a stand-in of Google's services listens on this machine; empty: the real ones are asked.

    `VERIFIER_GOOGLE_ENDPOINT` says so, and takes loopback addresses only. Raise SettingsError for another.
    """
    return loopback_address("VERIFIER_GOOGLE_ENDPOINT", os.environ)
