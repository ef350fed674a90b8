"""How what was deployed goes: logs are read a place at a time, runs are compared with those before, people are told."""
