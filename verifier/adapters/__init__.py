"""The adapters: the only code that talks to Google Cloud and Slack."""
