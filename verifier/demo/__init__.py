"""The story that `make demo` plays on the stand-in."""
