"""Slack as the controller sees it: channels, their queues, how a message is posted once, and what is said late."""
