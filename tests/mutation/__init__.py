"""Mutation testing of what verdicts rest on: every small change of the code that no test notices is told.

| file | what it is |
|---|---|
| `scope.py` | which modules are changed, and which tests must notice |
| `mutants.py` | every mutant of a module's source, by mutmut's operators |
| `trial.py` | one mutant in a process of its own: the tests, run until one fails |
| `score.py` | killed and survived, by module and in all |
| `__main__.py` | the command |
| `test_mutants.py` | that its own changes and counts are what it says |

`make mutants` runs all of it, `make mutants ONLY=verifier/checks/verdict.py` one module. mutmut's own runner changes
neither properties, cached functions nor what stands outside functions, and here much of the rules does: hence ours.
"""
