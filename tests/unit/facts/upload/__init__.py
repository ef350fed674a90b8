"""Unit tests of `verifier/facts/upload`."""
