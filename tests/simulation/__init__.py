"""A deterministic simulation: the real entry point, controller and ledger, in a world of one seed and virtual time.

| file | what it is |
|---|---|
| `kernel.py` | virtual time, and processes that take turns in one thread |
| `fault_plan.py` | what becomes of an outward call: it works, fails, is lost, freezes its process or kills it |
| `random_faults.py` | troubles by chance, by a mixture of each simulation's own |
| `storage.py` | the ledger's storage behind its Protocol |
| `world_model.py` | the outside world's truth: builds, executions, logs, the audit trail, Slack |
| `injector.py` | what every call goes through: it takes time, and fails as planned |
| `ports.py` | that world behind the Protocols of `verifier/services.py` |
| `push.py` | Pub/Sub: deliveries, again until acknowledged, twice, late, out of order, or never |
| `conftest.py` | what a simulation leaves behind is collected with it |
| `entry.py` | the real `main.py`, given these services |
| `invariants.py` | what must be true, whatever happens |
| `oracle.py` | what a build deserves to be judged, by what truly is |
| `simulator.py` | one seed: builds, a phase of faults, then a phase in which all must settle |
| `runs.py` | a job that runs by itself, by a seed: each of its runs is counted once |
| `told_runs.py` | builds that run, by a seed: in the end it is told what ran, once |
| `watches.py` | what is deployed, runs, fails, and is watched, by a seed |
| `watch_oracle.py` | what must be true of watches: checked at each write |
| `watches_over.py` | what must be true of them at the end |
| `watch_states.py` | what an error is to a digest, by what truly ran and was read |
| `scenarios.py` | short scenarios without chance, and every crash in them |
| `late_writes.py` | the same, where one write arrives late |
| `__main__.py` | runs many seeds or pairs, or shows one |
| `mutants/` | planted bugs, each with the invariant that must catch it |
| `test_*.py` | known and fresh seeds, crashes alone and in pairs, late writes, planted bugs, how violations are told |

`python -m tests.simulation --help` runs seeds, replays one, and prints figures.
"""
