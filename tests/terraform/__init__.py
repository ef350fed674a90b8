"""Terraform's own tests, and what the plans that they make say beyond them.

| file | what it is |
|---|---|
| `alert_rules.py` | whether an alert fires, given what was logged |
| `command.py` | the real terraform on a copy of the installer |
| `conftest.py` | Terraform's tests, run once for all workers |
| `test_addresses.py` | an apply over an installation of 0.1.0 destroys nothing |
| `test_alerts.py` | each played failure sets off its own alerts and no others; the page about them |
| `test_dashboard.py` | what the dashboard counts and lists of what runs, and how it goes |
| `test_installer.py` | what terraform says of the installer, and what its plans have in common with the code |
| `test_permissions.py` | who is given what: the exact set, from the plan |
"""
