"""Facts, from fetched documents alone: builds, sources, claims, executions, logs. Values, and no judgement."""
