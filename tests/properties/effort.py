"""How long properties are searched for a counterexample. Loaded by `tests/conftest.py`, and so by every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_WANTED = os.environ.get("PROPERTY_EXAMPLES")
EXAMPLES = int(_WANTED or "60")
"""Of each property that talks to a store or a service; more of them find more."""

_USUAL = settings()
settings.register_profile(
    "here",
    parent=_USUAL,
    print_blob=True,
    # Continuous integration tries the same ones each time; who asks for many wants such as nobody has tried.
    derandomize=_USUAL.derandomize and not _WANTED,
    max_examples=EXAMPLES if _WANTED else _USUAL.max_examples,
    deadline=None,  # a slow machine is no counterexample
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("here")

SLOW = settings(max_examples=EXAMPLES, stateful_step_count=40)
