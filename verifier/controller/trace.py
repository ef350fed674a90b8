"""The trace that a request belongs to, by which Cloud Logging shows the lines of one request together."""

from __future__ import annotations

from collections.abc import Mapping

import re2

_CLOUD = re2.compile(r"^([0-9a-f]{32})(/[0-9]+)?(;o=[0-9]+)?$")
"""Documentation: "Trace context", the header X-Cloud-Trace-Context."""
_W3C = re2.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$")
"""The W3C's recommendation "Trace Context", the header traceparent."""
_NONE = "0" * 32


def trace_of(headers: Mapping[str, str], project: str) -> dict[str, str]:
    """Return the field of a log line that names the request's trace; none where no header says it, or no project.

    `headers` have their names in lower case.
    """
    for name, form in (("x-cloud-trace-context", _CLOUD), ("traceparent", _W3C)):
        match = form.match(headers.get(name, ""))
        if match and match.group(1) != _NONE and project:
            return {"logging.googleapis.com/trace": f"projects/{project}/traces/{match.group(1)}"}
    return {}
