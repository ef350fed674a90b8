"""How long tests wait on a machine that has other things to do: a slow machine fails no test."""

from __future__ import annotations

BUSY_SECONDS = 20.0
"""How much longer than promised something may take; where the promise is broken, it takes longer still."""
LONG_SECONDS = 300.0
"""For how long a process, an emulator or an answer that must come is waited for."""
