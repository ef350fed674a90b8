"""Unit tests of `verifier/controller/quota`."""
