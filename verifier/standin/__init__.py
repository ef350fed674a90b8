"""The embedded default: a SQLite ledger and a stand-in of the cloud, for the demo and the tests."""
