"""Unit tests of `verifier/cli`."""
