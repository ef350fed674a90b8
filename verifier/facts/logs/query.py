"""The query by which the server sends what may matter of an execution: a cheap superset; the client judges.

No operand of `=~` has a backslash, so it means the same whether the server unquotes it first or not (documentation:
"Logging query language"; Google's ops-agent unquotes for `:`, `=` and `!=` alone). Structured entries are sent unless
their own level calls them calm: what a calm entry says matters to a team's patterns alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from verifier.facts.execution import Execution, JobName, parse_execution_name
from verifier.facts.logs.entry import EXECUTION_LABEL, SYSTEM_LOG
from verifier.facts.logs.patterns import LogRules, Pattern
from verifier.facts.logs.streams import RIGHT_BEFORE
from verifier.facts.logs.superset import SUPERSET
from verifier.facts.logs.text import ERROR_FIELDS, MESSAGE_FIELDS
from verifier.facts.logs.widen import widened
from verifier.times import show_time

MOST_QUERY = 20_000
"""The most characters of a log query; Cloud Logging refuses longer ones."""

_EARLIER_SECONDS = 60
MOST_EXECUTIONS = 100
"""The most executions that one query names."""
MOST_UNLED = 20
"""The most moments around which everything is asked for."""
_CALM_WORDS = "(?i)^ *(?:trac|trc|debug|dbg|verb|fine|info|inf|notice|success)"
_WORD_FIELDS = (
    "level",
    "levelname",
    "level_name",
    "lvl",
    "log.level",
    "LogLevel",
    "Level",
    "@l",
    "@level",
    "log_level",
    "logLevel",
    "severity_text",
    "severityText",
    "SeverityText",
    "record.level.name",
)
_NUMBERS = (("level", (10, 20, 30, 100, 200, 250)), ("context.logLevel", (10, 20, 30)), ("levelno", (10, 20)))
_LONGEST = f"projects/p/locations/{'l' * 41}/jobs/{'j' * 63}/executions/{'e' * 69}"
"""An execution's name with parts as long as they can be: the query for it is the longest. No project stands in it."""
_ANY_TIME = datetime.max.replace(tzinfo=UTC)


def log_filter(execution: Execution, rules: LogRules, around: Sequence[datetime] = ()) -> str:
    """Return the query that makes the server send what may matter for this execution, and what has no label.

    Audit entries about the job and its executions are none of its output. Where the team's patterns are too long to be
    asked of each field, all structured entries of the execution are asked for. What stands right before the moments
    `around` is sent as well: see `LogFacts.unled`.
    """
    return _fitting(execution.name, execution.created, rules, around)


def longest_query(rules: LogRules) -> int:
    """Return the most characters that a query by these rules has, whatever the names of job and execution.

    A policy whose rules make it more than `MOST_QUERY` must be refused.
    """
    return len(_fitting(_LONGEST, _ANY_TIME, rules, (_ANY_TIME,) * MOST_UNLED))


def job_filter(job: JobName, since: datetime, rules: LogRules, around: Sequence[datetime] = ()) -> str:
    """Return the query for all that may matter of a job since then, whatever execution wrote it; as `log_filter`."""
    queries = ("\n".join([*_of_job(job, since), f"({_wanted(rules, around, by_field=by)})"]) for by in (True, False))
    return next((query for query in queries if len(query) <= MOST_QUERY), "\n".join(_of_job(job, since)))


def runs_filter(
    location: str,
    executions: Sequence[str],
    since: datetime,
    rules: Iterable[LogRules],
    around: Sequence[datetime] = (),
    until: datetime | None = None,
) -> str:
    """Return the query for all that may matter of these executions of jobs in a location, by their short names.

    What names no execution is not asked for. There may be `MOST_EXECUTIONS` of them. `until`: what was written later is
    not asked for, so that nobody looks through all that a project has written since.
    """
    names = " OR ".join(map(_quoted, executions))
    head = [
        'resource.type="cloud_run_job"',
        f"resource.labels.location={_quoted(location)}",
        f'timestamp>="{show_time(since - timedelta(seconds=_EARLIER_SECONDS))}"',
        *([f'timestamp<="{show_time(until)}"'] if until else []),
        'NOT logName:"cloudaudit.googleapis.com"',
        f'labels."{EXECUTION_LABEL}"=({names})',
    ]
    every = list(rules)
    together = LogRules(failures=tuple(dict.fromkeys(pattern for one in every for pattern in one.failures)))
    queries = ("\n".join([*head, f"({_wanted(together, around, by_field=by)})"]) for by in (True, False))
    return next((query for query in queries if len(query) <= MOST_QUERY), "\n".join(head))


def _fitting(name: str, created: datetime, rules: LogRules, around: Sequence[datetime]) -> str:
    query = _query(name, created, rules, around, by_field=True)
    return query if len(query) <= MOST_QUERY else _query(name, created, rules, around, by_field=False)


def _query(name: str, created: datetime, rules: LogRules, around: Sequence[datetime], *, by_field: bool) -> str:
    job, short_name = parse_execution_name(name)
    since = created - timedelta(seconds=_EARLIER_SECONDS)
    wanted = _wanted(rules, around, by_field=by_field)
    label = f'labels."{EXECUTION_LABEL}"'
    return "\n".join([*_of_job(job, since), f"(({label}={_quoted(short_name)} AND ({wanted})) OR (NOT {label}:*))"])


def _of_job(job: JobName, since: datetime) -> list[str]:
    return [
        'resource.type="cloud_run_job"',
        f"resource.labels.job_name={_quoted(job.job)}",
        f"resource.labels.location={_quoted(job.location)}",
        f'timestamp>="{show_time(since)}"',
        'NOT logName:"cloudaudit.googleapis.com"',
    ]


def _wanted(rules: LogRules, around: Sequence[datetime], *, by_field: bool) -> str:
    patterns = _alternation((*rules.failures, *rules.expected))
    wanted = ["severity>=ERROR", f'log_id("{SYSTEM_LOG}")', f'textPayload=~"{SUPERSET}"', _loud_structured()]
    if patterns and by_field:
        texts = ["textPayload", *(path for field in MESSAGE_FIELDS for path in _paths(field))]
        wanted += [f'{text}=~"{patterns}"' for text in texts]
        wanted += [f"{path}:*" for field in ERROR_FIELDS for path in _paths(field)]
        wanted.append(_without_text())
    elif patterns:
        wanted += [f'textPayload=~"{patterns}"', "jsonPayload:*"]
    wanted += [
        f'(timestamp>="{show_time(moment - RIGHT_BEFORE)}" AND timestamp<="{show_time(moment)}")' for moment in around
    ]
    return " OR ".join(wanted)


def _loud_structured() -> str:
    """Structured entries without a severity, or with WARNING, that do not call themselves calm."""
    calm = [f'NOT {path}=~"{_CALM_WORDS}"' for field in _WORD_FIELDS for path in _paths(field)]
    calm += [f"NOT {path}={number}" for field, numbers in _NUMBERS for path in _paths(field) for number in numbers]
    return f"(jsonPayload:* AND (severity=DEFAULT OR severity=WARNING) AND {' AND '.join(calm)})"


def _without_text() -> str:
    """Structured entries that are known by their JSON."""
    fields = [path for field in (*MESSAGE_FIELDS, *ERROR_FIELDS) for path in _paths(field)]
    return f"(jsonPayload:* AND {' AND '.join(f'NOT {path}:*' for path in fields)})"


def _paths(field: str) -> list[str]:
    """Return how a query names a field; a dotted one is meant nested, and as one name with dots."""
    names = field.split(".")
    nested = ".".join(["jsonPayload", *(_name(name) for name in names)])
    return [nested, f'jsonPayload."{field}"'] if len(names) > 1 else [nested]


def _name(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _alternation(patterns: Iterable[Pattern]) -> str:
    return "|".join(f"(?:{widened(pattern.expression)})" for pattern in patterns)
