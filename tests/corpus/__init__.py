"""What real programs wrote, with the truth about it, to judge by.

| file | what it is |
|---|---|
| `logs/` | the corpus of logs: its sequences, the programs that wrote them, how it is delivered and scored |
| `successful.py` | gathers output of successful runs: what flags a line of it raises a false alarm |
| `test_logs.py` | the corpus is well formed, and can be delivered in both ways |
| `test_successful.py` | what is gathered, and that what failed is named |
"""
