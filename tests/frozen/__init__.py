"""Whatever 0.1.0 stores, says or is told, against which every later version is held; the documents are in
`fixtures/0.1.0`, whose README.md says what each is.

| module | what may not change |
|---|---|
| `test_ledger.py` | records and marks: their fields and words; a record of a later version is refused |
| `test_stores.py` | how SQLite and Firestore hold a document |
| `test_said.py` | the audit trail's entries, published verdicts, what finds a Slack message again |
| `test_output.py` | what `explain`, `audit` and `where` print for machines |
| `test_configuration.py` | policy.toml and the settings: each key is accepted, and means what it meant |
| `test_log_lines.py` | the log lines and entries that alerts, metrics and runbooks look for |
| `test_addresses.py` | Terraform's addresses |
| `addresses.py`, `log_lines.py`, `output.py`, `said.py`, `stores.py` | what this version says or stores of each |
| `test_compare.py`, `compare.py` | the rule of the comparison |
"""
