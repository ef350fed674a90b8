"""What is asked about the past: exports that are read, builds that are summed up, and the report."""
