"""Rules that hold for anything, searched for what breaks them."""

from tests.properties import effort

__all__ = ["effort"]
