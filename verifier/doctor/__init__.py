"""What an installation needs, looked at: `ask_*` ask the services, `checks.py` lists what is asked, the rest judges."""
