"""Unit tests of `verifier/controller/runs`."""
