"""Unit tests of `verifier/checks/watch`."""
