"""Planted bugs, each switched on by a test alone: a harness that can't fail proves nothing.

| file | what it is |
|---|---|
| `planting.py` | how a bug is planted, and the list of them |
| `situations.py` | situations without chance, in which a bug that seldom shows does so at once |
| `afterwards.py` | bugs about edits, sayings and the queue of a Slack channel |
| `claiming.py` | bugs about who may write a record, and until when |
| `judging.py` | bugs about what is believed, and what follows from it |
| `notifying.py` | bugs about the audit trail, subscribers and Slack |
| `running.py` | bugs about the worker's run and its logs |
| `sweeping.py` | bugs about the listing of silent builds, and about work that is handed out |
| `watching.py` | bugs about the watch of what was deployed |
"""

from tests.simulation.mutants import afterwards, claiming, judging, notifying, running, sweeping, watching
from tests.simulation.mutants.planting import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant", "afterwards", "claiming", "judging", "notifying", "running", "sweeping", "watching"]
