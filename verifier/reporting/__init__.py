"""Text out of values: the audit entry, the Slack message, and their words and links."""
