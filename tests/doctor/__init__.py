"""`verifier doctor`."""
