"""The same message many times and many at once, and a function that is killed amid its work.

| file | what it is |
|---|---|
| `__main__.py` | 1,000 builds, 10 deliveries of each, 64 at once |
| `accelerated.py` | the real function with a clock that runs fast |
| `flood.py` | many builds, each announced many times at once |
| `restartable.py` | the function as a process that is killed and started again, at the same address |
| `subscriptions.py` | push subscriptions on the Pub/Sub emulator |
| `test_flood.py` | a small flood: everything happens once |
| `test_kills.py` | the demo's story through real Pub/Sub, while the function is killed |
"""
