"""How large the rows are played: as the goals say, or in seconds to see that they run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of the rows."""

    projects: int
    regions: int
    lists: int
    """Lists and gets a minute."""
    listed_seconds: float
    """For which listings are looked at once the first of all places are over."""
    builds_a_minute: int
    load_minutes: int
    quota_minutes: int
    """Of load under a quota of log reads."""
    after_outage: int
    """Builds that finish during an outage."""
    outage_seconds: float
    denied: int
    """Records of a project in which nothing may be read."""
    burst: int
    """Messages for one Slack channel at once."""
    cost_days: float
    jobs: int
    """That run on the same cron minutes."""
    run_hours: float


FULL = Size(400, 5, 300, 3600.0, 400, 8, 20, 5000, 21600.0, 20_000, 300, 1.0, 50, 24.0)
TINY = Size(60, 2, 30, 2400.0, 20, 3, 3, 60, 3600.0, 300, 20, 0.02, 20, 2.0)
