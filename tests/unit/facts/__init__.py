"""Unit tests of `verifier/facts`."""
