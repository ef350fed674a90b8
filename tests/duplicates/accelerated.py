"""The real function with a clock that runs fast, so that a lease of minutes is over in seconds.

functions-framework starts it in place of `main.py`; whoever starts it says by `HURRIED_SINCE` when the clock began.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import functions_framework

from verifier.standin.clock import system_clock
from verifier.times import parse_time

if TYPE_CHECKING:
    from flask import Request

SINCE = "HURRIED_SINCE"
"""The variable with the moment at which both clocks showed the same."""
_SPEED = 8


def fast_clock(since: datetime) -> Callable[[], datetime]:
    """Return a clock that was right at this moment, and has run fast from then on."""
    return lambda: since + (system_clock() - since) * _SPEED


if SINCE in os.environ:
    import main
    from verifier.adapters.wiring import make_deployment

    _deployment = make_deployment(main.SETTINGS, main.POLICY, fast_clock(parse_time(os.environ[SINCE])))

    @functions_framework.http
    def verify(request: Request) -> tuple[str, int]:
        """Act on one Pub/Sub push, in accelerated time."""
        return main.handle(request, lambda: _deployment, main.budget_of)
