"""Who asked for a build, as Cloud Audit Logs know it."""

from __future__ import annotations

from dataclasses import dataclass

import re2

_COMMAND = re2.compile(r"\bcommand/gcloud\.([a-z0-9.-]+)")


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who asked for a build, from Cloud Audit Logs (`CreateBuild`). Personal data."""

    principal: str
    """The e-mail address of the caller."""
    user_agent: str
    """What the caller's program said of itself; empty where the log does not have it."""

    @property
    def tool(self) -> str:
        """The command, or the program, that it was submitted with; empty where the user agent does not say."""
        command = _COMMAND.search(self.user_agent)
        if command:
            return f"gcloud {command.group(1).replace('.', ' ')}"
        return self.user_agent.partition(" ")[0].partition(",")[0]
