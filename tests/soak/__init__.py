"""Builds by the thousand while calls fail and processes are killed, and `make soak`, which runs everything for long.

| file | what it is |
|---|---|
| `__main__.py` | 10,000 builds under faults |
| `fuzz.py` | hostile input for every decoder, for so many seconds each |
| `load.py` | builds that end while calls fail and processes are killed |
| `process_pool.py` | several processes of the function, replaced when they are killed |
| `stages.py` | `make soak`: one attempt after the other, with a table at the end |
| `test_fuzz.py` | each decoder for a moment, and that what is broken is found |
| `test_soak.py` | 60 builds under faults: each gets its one verdict |
"""
