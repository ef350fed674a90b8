"""The real function with a clock that runs fast, so that a lease of minutes is over in seconds.

functions-framework starts it in place of `main.py`; whoever starts it says by `HURRIED_SINCE` when the clock began.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from verifier.standin.clock import system_clock
from verifier.times import parse_time

SINCE = "HURRIED_SINCE"
"""The variable with the moment at which both clocks showed the same."""
_SPEED = 8


def fast_clock(since: datetime) -> Callable[[], datetime]:
    """A clock that was right at this moment, and has run fast from then on."""
    return lambda: since + (system_clock() - since) * _SPEED


if SINCE in os.environ:
    import functions_framework
    from flask import Request

    import main
    from verifier.adapters.wiring import make_deployment

    _hurried = make_deployment(main.SETTINGS, main.POLICY, fast_clock(parse_time(os.environ[SINCE])))

    @functions_framework.http
    def verify(request: Request) -> tuple[str, int]:
        """Act on one push, as `main.verify` does, by the fast clock."""
        return main.handle(request, lambda: _hurried, main.budget_of)
