"""Unit tests of `verifier/facts/comparison`."""
