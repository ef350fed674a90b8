"""Unit tests of `verifier/controller/slack`."""
