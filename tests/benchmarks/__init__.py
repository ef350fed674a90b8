"""Speed and memory, each figure a comparison within one run: `make bench`.

| file | what it is |
|---|---|
| `__main__.py` | runs the benchmarks and prints what they found |
| `audit.py` | what an audit costs in processor time and memory |
| `bare.py` | the reference: a function of the same framework that answers at once |
| `client.py` | the other side of a function: cheap, so that it is no bottleneck |
| `decoders.py` | what a text of twice the size costs everything that reads what others wrote |
| `effort.py` | how much is measured: enough to print, or just enough to see that it still runs |
| `environment.py` | the stand-ins of Google and Slack that the measured function talks to |
| `first_release.py` | 0.1.0, out of git's history |
| `fresh.py` | a process in which nothing was measured before |
| `history.py` | what it costs to find the commit that an upload is nearest to |
| `logs.py` | what judging logs costs in processor time and memory |
| `memory.py` | the most memory that the function's processes take |
| `memory_of.py` | how much memory processes take, from Linux's /proc |
| `messages.py` | what the functions are sent: builds, and Pub/Sub's push messages about them |
| `pages.py` | a Cloud Logging with any number of pages, in a process of its own |
| `processes.py` | the function and the bare one as processes, started as the platform starts them |
| `processor.py` | what verdicts, audits and `--version` cost in processor time, beside 0.1.0 |
| `requests.py` | how many messages a second the function answers |
| `results.py` | what a benchmark found, and the table that people read |
| `start.py` | how long a cold start takes |
| `test_benchmarks_run.py` | the benchmarks' arithmetic and their table |
| `uploads.py` | what reading an uploaded archive costs in processor time and memory |
| `verdicts.py` | one build for each verdict, brought to it |
| `watches.py` | how often a watch is wrong: alarms of quiet ones, and errors falsely called new |
| `errors.py` | how well errors are found and known again, and what that costs |
"""
