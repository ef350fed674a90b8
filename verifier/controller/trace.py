"""The trace that a request belongs to, by which Cloud Logging shows the lines of one request together."""

from __future__ import annotations

from typing import Protocol

import re2

_CLOUD = re2.compile(r"^([0-9a-f]{32})(/[0-9]+)?(;o=[0-9]+)?$")
"""Documentation: "Trace context", the header X-Cloud-Trace-Context."""
_W3C = re2.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$")
"""The W3C's recommendation "Trace Context", the header traceparent."""
_NONE = "0" * 32


class RequestHeaders(Protocol):
    """A request's headers, found by their names in lower case: a mapping, or what knows no upper and lower case."""

    def get(self, name: str, default: str, /) -> str:
        """Return the header, or the default where there is none."""


def trace_of(headers: RequestHeaders, project: str) -> dict[str, str]:
    """Return the field of a log line that names the request's trace; none where no header says it, or no project."""
    for name, form in (("x-cloud-trace-context", _CLOUD), ("traceparent", _W3C)):
        header = headers.get(name, "")
        match = form.match(header) if header else None
        if match and match.group(1) != _NONE and project:
            return {"logging.googleapis.com/trace": f"projects/{project}/traces/{match.group(1)}"}
    return {}
