"""How much is measured: enough to print, or just enough to see that it still runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Sizes of the measurements. More of each means less noise."""

    rounds: int
    """Pairs of neighbouring rounds of load."""
    round_seconds: float
    starts: int
    """Pairs of starts."""
    verdict_rounds: int
    verdicts: int
    """Verdicts of a round."""
    readings: int
    """Pairs of readings of log pages."""
    reading_pages: int
    memory_pages: int
    """Pages of a thousand entries that are judged while memory is watched."""
    audits: int
    """Pairs of audits."""
    audited: int
    """Builds of a file that is audited."""
    memory_builds: int
    """Builds that are audited while memory is watched."""
    doublings: int
    """Pairs of readings of a hostile text and of its double."""
    hostile_characters: int
    corpus_step: int
    """Of so many sequences of the corpus one is judged."""
    uploads: int
    """Pairs of readings of an upload."""
    uploaded: int
    """Files of an upload."""
    commits: int
    """Of a repository that is searched for the commit of an upload."""
    repository_files: int


FULL = Effort(
    rounds=20,
    round_seconds=1.0,
    starts=20,
    verdict_rounds=5,
    verdicts=60,
    readings=15,
    reading_pages=20,
    memory_pages=1000,
    audits=5,
    audited=20_000,
    memory_builds=100_000,
    doublings=5,
    hostile_characters=100_000,
    corpus_step=1,
    uploads=5,
    uploaded=20_000,
    commits=11_000,
    repository_files=20_000,
)
QUICK = Effort(
    rounds=1,
    round_seconds=0.1,
    starts=1,
    verdict_rounds=1,
    verdicts=1,
    readings=1,
    reading_pages=2,
    memory_pages=10,
    audits=1,
    audited=200,
    memory_builds=500,
    doublings=1,
    hostile_characters=2_000,
    corpus_step=40,
    uploads=1,
    uploaded=200,
    commits=60,
    repository_files=400,
)
