"""Rules that are true of anything, searched for what breaks them.

| file | what it is |
|---|---|
| `effort.py` | how long properties are searched for a counterexample |
| `fickle.py` | a store that can lose what it is told, or what it answers |
| `test_ledger.py` | the rules of the ledger, held while anything happens in any order, on both storages |
| `test_log_entries.py` | whatever the logs hold is read; nothing that a worker can log makes reading raise |
| `test_nearest.py` | every commit of any history is measured exactly, though no tree of any is kept |
| `test_running.py` | whatever a job runs, and whatever is lost: in the end it is told once what ran |
| `test_messages.py` | a message says which build to look at, and decides nothing |
"""

from tests.properties import effort

__all__ = ["effort"]
