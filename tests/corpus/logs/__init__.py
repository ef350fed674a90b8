"""The corpus of logs: what programs really wrote, and whether it calls for action.

| where | what |
|---|---|
| `programs/*.txt` | the programs, a few lines each, with the truth about their output, decided before they ran |
| `sequences/*.jsonl` | what they wrote, a file a language: each line with its stream, and the exit code |
| `sequences.py` | the types, and what reads the files |
| `delivery.py` | Cloud Logging entries of a sequence: with stack traces as one entry, or an entry a line |
| `score.py` | silent errors found and false alarms, by language, logger or kind |
| `programs.py`, `runtimes.py`, `running.py` | what runs the programs anew |

    python -m tests.corpus.logs score --by kind --wrong
    python -m tests.corpus.logs needs             # what a machine needs to run the programs
    python -m tests.corpus.logs run PLACE         # PLACE has a virtual environment `py`, and node packages in `js`

| kind of error | what it is |
|---|---|
| `level-text` | a line of text with a word or a letter for its level |
| `level-json` | a JSON line whose level is not in `severity` |
| `severity-json` | a JSON line with `severity` |
| `prose` | words without a level |
| `result` | a summary or a table that says that something failed |
| `mapper` | SQLAlchemy's mappers and tables |
| `runtime` | a runtime's own words: a thread died, a task was thrown away |
| `tool` | a tool in a script fails, and the script goes on |
| `stack` | a stack trace, printed or logged |
| `exit` | the program ends with another code than 0 |
| `tests` | a test runner's failure (or, benign, its success) |

| kind of what is benign | what it is |
|---|---|
| `quiet` | ordinary output: progress, traces of commands |
| `zero` | counts and fields of errors that say that there are none |
| `names` | names of classes, files, settings and columns with error in them |
| `quoted` | data and prose that quote an error |
| `handled-stack` | a stack trace at DEBUG or INFO, or one that was asked for |
| `deprecation` | warnings about what is to come, or about style |
| `recovered` | a failure that was handled: a retry, a fallback, an expected absence |
| `noise` | a known line that means nothing |

Folders and the host's name are replaced by a container's; nothing else is changed. The order of stdout and stderr is
the order of arrival. Not there, since their runtimes could not be had: .NET itself (C# runs on Mono), Swift, Dart,
Julia, PowerShell; since their packages could not be: Spring Boot, Quarkus, Serilog, NLog. Not tried: Laravel, Django's
and Rails' servers, Sentry's clients.
"""
