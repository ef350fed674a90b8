"""A real process of the function is killed at each of its outward calls.

| file | what it is |
|---|---|
| `crash_point.py` | kills the process at one of its calls |
| `documents.py` | build documents by number, and the bodies by which Pub/Sub pushes them |
| `fork_server.py` | imports everything once, and forks each process of the function off |
| `function_process.py` | the child's side: serves deliveries with the real entry point |
| `intercepted.py` | the real services, whose every call goes through one function |
| `processes.py` | the parent's side of the fork server and of each process |
| `random_faults.py` | makes calls fail, and kills the process, by chance |
| `runner.py` | runs scenarios, and checks what came of them |
| `scenarios.py` | what happens around the function, and what must come of it |
| `test_crash_points.py` | every scenario, killed at every call of it |
| `testbed.py` | the stand-ins, the ledger, Pub/Sub's redelivery, and time |
| `verdict_topic.py` | a topic for verdicts on the Pub/Sub emulator, with a subscriber |
| `watch_ledger.py` | what the ledger has of a watched job: as if days had gone by, and in the end |
| `watch_scenarios.py` | what happens to a deployment that is watched |
"""
