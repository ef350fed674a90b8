"""Planted bugs, each switched on by a test alone: a harness that can't fail proves nothing."""

from tests.simulation.mutants import claiming, judging, notifying, running, sweeping
from tests.simulation.mutants.planting import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant", "claiming", "judging", "notifying", "running", "sweeping"]
