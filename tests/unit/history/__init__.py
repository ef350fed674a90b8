"""Unit tests of `verifier/history`."""
