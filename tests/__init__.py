"""How the verifier is tested. Each folder begins with a table of its files.

| folder or file | what it is |
|---|---|
| `unit/` | pure code, a folder a package: no network, no clock, no subprocess |
| `properties/` | rules that are true of anything, searched for what breaks them |
| `contract/` | each adapter over a real socket, and the stand-in seen through the real client libraries |
| `story/` | whole stories over the real adapters and the stand-in, and the function as a process |
| `emulators/` | Google's own emulators, and the ledger on the real Firestore one |
| `faults/` | every external call with every fault |
| `signals/` | each failure played for two hours, and what the function's own log says of it |
| `simulation/` | virtual time: crashes, faults and late writes by the thousand, planted bugs, an oracle |
| `crashes/` | a real process, killed at each of its outward calls |
| `duplicates/` | a flood of duplicates, and a function that is killed again and again |
| `soak/` | `make soak`: all of these for as long as told |
| `mutation/` | `make mutants`: every small change of the facts, the checks and the ledger, and whether a test notices |
| `scale/` | `make scale`: the goals of load in virtual time, beside what 0.1.0 did |
| `benchmarks/` | `make bench`: speed and memory as ratios |
| `browser/` | the HTML report in a real browser |
| `bundle/` | what Terraform uploads, booted with its requirements alone |
| `doctor/` | `verifier doctor` over an installation on the stand-in |
| `terraform/` | Terraform's own tests, and what its plans say |
| `conformance/` | builds that must pass and builds that must not, a row each |
| `corpus/` | what real programs wrote, with the truth about it |
| `frozen/` | what 0.1.0 stores, says or is told, which later versions must not break |
| `schemas/` | the schemas of docs/schemas, and real output held against them |
| `fixtures/` | documents: builds, and what versions wrote |
| `absence.py` | what happens to a test whose tool is missing: skipped on a laptop, failed in continuous integration |
| `busy.py` | how long tests wait on a machine that has other things to do |
| `calls.py` | every outward call that there is, from the Protocols |
| `conftest.py` | what tests share: emulators, stores, counting |
| `delegating_store.py` | a store that asks another one |
| `logs_table.py` | the tables of the rules in docs/logs.md |
| `push_request.py` | as much of an HTTP request as the entry point looks at |
| `repositories.py` | little real repositories, and archives of folders as gcloud packs them |
| `redaction_table.py` | the table of the rules in docs/redaction.md |
| `served_demo.py` | the demo as it stays up, for those that look at its stand-in |
| `tally.py` | cases tried and passed, counted and printed at the end |
| `tree.py` | the boxes, levels and arrows of the tree |
"""
