"""A deterministic simulation: the real entry point, story and ledger rules, in a world of one seed and virtual time.

| file | what it is |
|---|---|
| `kernel.py` | virtual time, and processes that take turns in one thread |
| `fault_plan.py` | what becomes of an outward call: it works, fails, is lost, freezes its process or kills it |
| `random_faults.py` | troubles by chance, by a mixture of each life's own |
| `world_model.py` | the outside world's truth: builds, executions, logs, the audit trail, Slack |
| `ports.py` | that world behind the Protocols of `verifier/services.py`, each call with its fate |
| `push.py` | Pub/Sub: delivery again until acknowledged, twice, late, out of order, or never |
| `entry.py` | the real `main.py`, given this world |
| `invariants.py` | what must hold, whatever happens |
| `oracle.py` | what a build deserves to be judged, by what truly is |
| `function_process.py` | one seed: builds, troubles, a phase of faults, then a phase in which all must settle |
| `late_writes.py` | one write arrives late |
| `mutants/` | planted bugs, each with the law that must catch it |

`python -m tests.simulation --help` runs seeds, replays one, and prints figures.
"""
