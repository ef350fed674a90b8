"""Planted bugs, each switched on by a test alone: a harness that can't fail proves nothing."""

from tests.simulation.mutants import claiming, judging, sweeping, telling, trying
from tests.simulation.mutants.planting import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant", "claiming", "judging", "sweeping", "telling", "trying"]
