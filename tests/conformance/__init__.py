"""Builds that must pass and builds that must not: each with the verdict, the reason, and whether Slack hears of it.

| file | what |
|---|---|
| `builds.py` | the builds of an invented team, and how one is changed: a few words for each mutation |
| `case.py` | one row: a build, a policy, a trigger, and what must come of them |
| `sources.py`, `refs.py`, `repositories.py`, `triggers.py` | the tables about commits |
| `exemptions.py`, `shipped.py`, `claims.py`, `shapes.py` | the tables about everything else |
| `test_conformance.py` | every row, judged directly and by `verifier explain --json`; how many rows there are |
| `test_spellings.py` | what a policy may say of branches, triggers and exemptions, and the right spelling of the rest |
| `mutations.py`, `oracle.py`, `test_mutations.py` | builds changed by a seed, and what knows the one good source |
"""
