"""Unit tests of `verifier/facts/logs`, a file a module."""
