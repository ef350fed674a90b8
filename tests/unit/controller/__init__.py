"""Unit tests of `verifier/controller`."""
