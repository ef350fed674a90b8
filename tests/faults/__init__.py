"""The fault grid: every external call, with every fault, and what must come of it.

| file | what it is |
|---|---|
| `table.py` | the external calls, the faults, and what an adapter makes of each fault of each call |
| `relay.py` | a TCP relay that can reset, cut or slow down what passes through it |
| `proxies.py` | gRPC and HTTP proxies that do any of the faults to a chosen method |
| `external_calls.py` | how a test makes each call with its real adapter, and what stands behind the wire |
| `test_real_adapters.py` | each call with each fault once, in real time, over real sockets |
| `grid.py` | the scenarios in which each call is made, in virtual time, and what is promised when it never works |
| `test_grid.py` | each call with each fault, the first time, the second time and always, in virtual time |
| `test_grid_of_ties.py` | the same for the calls that tie and tell what runs |
| `test_grid_of_runs.py` | the same for the calls by which runs are seen and counted |
| `watch_cell.py` | a deployment that gets worse and one that mends it, read and judged with a fault |
| `test_grid_of_watches.py` | the same for the calls that read logs of runs, and judge and tell watches |
| `test_grid_of_the_past.py` | the same for the calls that read the time before a job was watched |
| `test_grid_of_days.py` | the same for the sweep that says the line of a day |
| `test_other_messages.py` | the same for messages that are none, and for builds that nobody ever made |
| `test_unreachable.py` | the function as a process, with a ledger that can't be reached |
"""
