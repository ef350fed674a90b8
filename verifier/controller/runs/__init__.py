"""What runs, from what: every execution of a watched job is seen, counted once and tied to its build."""
