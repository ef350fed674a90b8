"""Pure code alone: a folder for each package of the verifier, a file for each module.

| file | what it is |
|---|---|
| `facts/`, `checks/`, `reporting/`, `controller/`, `history/`, `standin/`, `cli/` | the packages of the verifier |
| `builders.py` | builds and judgements of the tests' own team |
| `counted.py` | text and bytes that count how much of them is read |
| `made_up.py` | secrets that nobody ever had, for the rules of redaction |
| `test_compare_page.py` | docs/compare.md beside the states, the JSON, the exit codes and the commands |
| `test_config.py` | settings come whole or not at all, and no secret shows |
| `test_gates_page.py` | what docs/gates.md gives people to paste does what it says |
| `test_layers.py` | the rule of the layers: what may import what |
| `test_linear_patterns.py` | expressions in `re` are linear in the text |
| `test_names.py` | no two classes of one name |
| `test_readme.py` | the README's tables and examples against the code |
| `test_redact.py` | secrets go, the rest stays |
| `test_redact_limits.py`, `test_redact_rules.py` | how much of a long text is read, and by which rules |
| `test_redaction_page.py` | docs/redaction.md says what the rules are |
| `test_runs_page.py` | docs/runs.md beside the policy, the numbers and the options |
| `test_tables.py` | each folder of tests begins with a table of its files |
| `test_threats_page.py` | docs/threats.md has every threat, and names what is there |
| `test_times.py` | moments are read strictly, and sort as text |
| `test_logs_page.py` | docs/logs.md beside the rules, the options and the JSON |
"""
