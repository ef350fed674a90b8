"""Unit tests of `verifier/reporting`."""
