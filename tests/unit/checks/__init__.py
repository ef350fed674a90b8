"""Unit tests of `verifier/checks`."""
