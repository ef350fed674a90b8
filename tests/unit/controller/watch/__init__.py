"""Unit tests of `verifier/controller/watch`."""
