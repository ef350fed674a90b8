"""Builds that must pass and builds that must not: each with the verdict, the reason, and whether Slack hears of it.

| file | what |
|---|---|
| `builds.py` | the builds of an invented team, and how one is changed: a few words for each mutation |
| `case.py` | one row: a build, a policy, a trigger, and what must come of them |
| `sources.py`, `refs.py`, `repositories.py`, `triggers.py`, `exemptions.py`, `shipped.py`, `claims.py`, `shapes.py` | the tables, one for each kind of rule |
| `test_conformance.py` | every row, judged directly and by `verifier explain --json`; how many rows there are |
| `spellings.py`, `test_spellings.py` | patterns of branches and tags that are refused, with the right spelling |
| `mutations.py`, `test_mutations.py` | builds changed by their structure, by a seed, and an oracle that knows the one good source |
"""
