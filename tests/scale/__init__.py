"""The goals of load, played in virtual time: the real code, in several instances, over a world that takes its time.

Sweep, work, reconcile, ledger, listing, quotas and Slack's queues are the product's own; what is modelled is around
them. Latencies are assumed (`model_calls.py`), and so are the limits of the services; instances and requests at once
are as Terraform sets them. Pub/Sub's slow start, cold starts and the processor's time are left out.

| file | what it is |
|---|---|
| `__main__.py` | `make scale`: plays the rows and prints the table |
| `goals.py` | a row, the table and its last line |
| `effort.py` | how large the rows are played |
| `listing.py` | places are listed in time |
| `throughput.py` | worker builds, with and without a quota of log reads |
| `outage.py` | what waits after an outage |
| `fairness.py` | a denied project, a hanging region, more places than can be listed |
| `runs.py` | jobs that run on one cron minute |
| `slack.py` | a burst in one channel |
| `cost.py` | what is used where nothing is built, at list prices |
| `load_model.py` | the instances and the world together |
| `platform.py` | Cloud Run's instances and Pub/Sub's pushes |
| `model_services.py` | the services, with quotas and real page sizes |
| `model_calls.py` | each call's latency, and the services' own quotas |
| `indexed_store.py` | the ledger's storage with an index for each queue |
| `test_scale.py` | each row, played small |

Time, processes and what the world is made of are those of `tests/simulation`.
"""
