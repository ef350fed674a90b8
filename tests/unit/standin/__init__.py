"""Unit tests of `verifier/standin`."""
