"""Secrets out of text, and text made plain, before anything from builds or logs is shown or stored.

The rules are a table, a row for each way in which secrets stand in text: by their makers' formats, by the names before
them, by their place in headers and addresses, and encoded. They run in RE2 as one expression: one pass, linear time,
whatever the text. docs/redaction.md says what is kept back, and what redaction is not.
"""

from __future__ import annotations

from verifier.redact.redaction import FAILED, excerpt, one_line, redact
from verifier.redact.text import MARGIN, REDACTED, plain

__all__ = ["FAILED", "MARGIN", "REDACTED", "excerpt", "one_line", "plain", "redact"]
