"""Each failure, played for two hours: what the function's own log says of it, which Terraform's alerts look for.

| file | what it is |
|---|---|
| `failures.py` | the failures, with the signals and the alerts that each sets off |
| `stage.py` | two hours of an installation: builds, messages, sweeps, and what is printed |
| `test_signals.py` | each failure has its signals, and without it there are none |
"""
