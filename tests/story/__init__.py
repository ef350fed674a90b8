"""Whole stories: the real controller and adapters over the stand-in, and the function as a process of its own.

| file | what it is |
|---|---|
| `pasted.py` | the blocks of commands in the documentation, and which commands need a real cloud |
| `harness.py` | the real controller and adapters over the stand-in, in time that the test moves |
| `test_again.py` | a build is judged anew, because somebody asked: both verdicts stay |
| `test_daily.py` | the line of a day, and greens that rest until a red is over |
| `test_demo.py` | `verifier demo` as a person starts it |
| `test_demo_morning.py` | what the demo calls right of its morning: messages, threads, the audit trail |
| `test_demo_serve.py` | the stand-in that stays up after the demo, and the commands that can be pasted for it |
| `test_demo_wheel.py` | the demo from a wheel, where there is no checkout |
| `test_folding.py` | further red messages of one kind reply to the first one |
| `test_function.py` | the entry point as a process: what it answers, when it starts, what it does not load |
| `test_hardening.py` | one thing after another goes wrong, and each story ends with one message |
| `test_hardening_firestore.py` | builds whose own words are hostile to a database, on the real Firestore emulator |
| `test_old_records.py` | what any version has written into the ledger is read, and brought to its end |
| `test_pasted.py` | a new user, who pastes each of these blocks into bash and zsh |
| `test_patience.py` | what fails once proves nothing: a permission arrives, a service comes back |
| `test_policy_change.py` | policy changes between two steps, or two instances have different ones |
| `test_quota.py` | quotas are met by waiting: none of them makes a verdict, and logs are read twice |
| `test_reconcile.py` | the story, step by step, with the numbers of `controller/reconcile.py` |
| `test_runs.py` | runs that nobody started for a build: confirmed, counted once, found again |
| `test_slack_troubles.py` | Slack away for hours, or refusing for good: every verdict is told once in the end |
| `test_stopping.py` | SIGTERM while the function is at work: its lease is released, another goes on |
| `test_read_back.py` | the logs of a month before a job was watched, read on the first day |
| `test_submitter.py` | who submitted a local build, where policy allows to say it |
| `test_edits.py` | what becomes known after a verdict: edits, replies, and by a webhook messages of their own |
| `test_running.py` | what a job runs: tied to its build, recorded, and told on the build's message |
| `test_executions.py` | how an execution went: the worker's doing, or the platform's |
| `test_worker_attacks.py` | attacks on the evidence of the worker |
| `test_sweep.py` | what is due is resumed, what was silent is found, one sweep at a time |
| `test_trigger.py` | what the trigger that ran a build says, and what a failed build may have shipped |
| `test_work_topic.py` | what is due, handed out: messages that are lost, doubled, late or forged |
| `test_wire_counts.py` | how many calls a verdict costs, counted at the wire |
| `test_known_errors.py` | errors that earlier builds had, and errors that are accepted |
"""
