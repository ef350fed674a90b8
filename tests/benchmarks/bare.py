"""The reference: a function of the same framework that answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import functions_framework

if TYPE_CHECKING:
    from flask import Request


@functions_framework.http
def bare(request: Request) -> tuple[str, int]:
    """Acknowledge, whatever it is."""
    return "", 204
