"""Google's emulators, and what is tested on them alone.

| file | what it is |
|---|---|
| `firestore.py` | the Firestore emulator, a failing and a slow Firestore, and a recorder of requests |
| `process.py` | an emulator as a child process; skipped or insisted on |
| `pubsub.py` | the real Pub/Sub emulator |
| `test_firestore_faults.py` | one request a call, one clear error, in time |
| `test_firestore_foreign.py` | values in the ledger that we never write |
| `test_firestore_patience.py` | the first claim of a process, and one that was given up |
| `test_firestore_wire.py` | which method, with which header, and what is made of "not found" |
| `test_pubsub.py` | the Pub/Sub emulator is real enough to carry a message |
"""
