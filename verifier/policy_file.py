"""policy.toml → `Policy`. Unknown keys, wrong values and empty lists stop it, and all problems are told at once.

The format is shown, with every key, in `verifier/local/policy.example.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TypeVar

import re2

from verifier.config import Problems, shown
from verifier.errors import SettingsError
from verifier.execution import Completion, Execution, JobName
from verifier.logs import DEFAULT_FAILURES, LogReading, LogRules, Pattern, log_filter
from verifier.policy import DEFAULT_STRENGTHS, Deadlines, Exemption, Policy, Route, Worker
from verifier.repository import Repository, parse_repository
from verifier.source import Strength
from verifier.verdict import Verdict

MOST_PATTERNS = 64
"""The most patterns of one worker, those for every worker and the defaults among them."""

MOST_QUERY = 20_000
"""The most characters of a log query; Cloud Logging refuses longer ones."""

_LITERAL = "repo-source"
_PATTERN_MEMORY = 1 << 20
_ANY = "leave it out to allow any"
_JOB = re2.compile(r"^(?:([a-z0-9][a-z0-9.:-]{1,99})/)?([a-z][a-z0-9-]{1,40})/([a-z][a-z0-9-]{0,62})$")
_IMAGE = r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$"
_CHANNEL = r"^[CDG][A-Z0-9]+$"
_MENTION = r"^([UWS][A-Z0-9]+|here|channel)$"
_DURATION = re2.compile(r"^([1-9][0-9]{0,6})([smh])$")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_DAY = timedelta(hours=24)
_WEEK = timedelta(hours=168)
_LONGEST = Execution(
    name=f"projects/{'p' * 63}/locations/{'l' * 41}/jobs/{'j' * 63}/executions/{'e' * 69}",
    created=datetime(2026, 1, 1, tzinfo=UTC),
    started=None,
    completed=None,
    completion=Completion.UNKNOWN,
    message="",
    exited=False,
    tasks=1,
    succeeded=0,
    failed=0,
    cancelled=0,
    retried=0,
    images=(),
    build="",
)
"""An execution with names as long as they can be: the query for it is the longest."""

_T = TypeVar("_T")
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """What one table says about logs."""

    fail: tuple[Pattern, ...]
    ignore: tuple[Pattern, ...]
    expect: tuple[Pattern, ...]
    with_defaults: bool


def read_policy(text: bytes) -> Policy:
    """The policy in this file. Raises SettingsError with every problem, each with its place, expected and got.

    An empty file is the default policy. Tables and items of a list are counted from 1.
    """
    problems = Problems()
    top = _Table(_parsed(text), "", problems)
    logs = top.table("logs")
    for_all = _patterns(logs, with_defaults=True)
    slack = top.table("slack")
    strengths, repo_source_only = _evidence(top)
    policy = Policy(
        repositories=frozenset(top.items("repositories", _repository, _ANY)),
        branches=top.texts("branches", _ANY),
        tags=top.texts("tags", _ANY),
        strengths=strengths,
        repo_source_only=repo_source_only,
        require_trigger=top.flag("require_trigger", default=False),
        exemptions=tuple(_exemption(table) for table in top.tables("exemption")),
        workers=_workers(top, for_all),
        posts=slack.choices("post", Verdict, "leave it out for the default") or Policy().posts,
        post_verified_worker=slack.flag("post_verified_worker", default=True),
        post_failed_builds=slack.flag("post_failed_builds", default=True),
        routes=tuple(_route(table) for table in slack.tables("route")),
        digest=sha256(text).hexdigest(),
    )
    for table in (top, logs, slack):
        table.end()
    problems.check("policy.toml")
    return policy


class _Table:
    """A table that is read key by key; what is wrong is noted, and reading goes on with a value that does no harm."""

    def __init__(self, values: Mapping[str, object], place: str, problems: Problems) -> None:
        self._values = values
        self.place = place
        self._problems = problems
        self._known: set[str] = set()

    def wrong(self, key: str, expected: str, value: object) -> None:
        """Note that this key has not what is expected. The empty key is the table itself."""
        self._problems.add(self._at(key), f"expected {expected}, got {_show(value)}")

    def text(self, key: str, form: str = "", expected: str = "text", *, required: bool = False) -> str:
        value = self.take(key)
        if value is None and not required:
            return ""
        if isinstance(value, str) and value.strip() and (not form or re2.match(form, value)):
            return value
        self.wrong(key, expected, value)
        return ""

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.take(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.wrong(key, "true or false", value)
        return default

    def span(self, key: str, default: timedelta, most: timedelta) -> timedelta | None:
        """The duration, the default where there is none, None where it is wrong."""
        value = self.take(key)
        if value is None:
            return default
        match = _DURATION.match(value) if isinstance(value, str) else None
        found = int(match.group(1)) * _UNITS[match.group(2)] if match else timedelta()
        if timedelta() < found <= most:
            return found
        self.wrong(key, f'a duration such as "90s", "15m" or "2h", at most {most // _UNITS["h"]}h', value)
        return None

    def items(self, key: str, read: Callable[[_Table, str, object], _T | None], advice: str) -> tuple[_T, ...]:
        """What `read` makes of each item; it is given the table and the item's place, and answers None to a bad one."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not value:
            self.wrong(key, f"a list with at least one item ({advice})", value)
            return ()
        readings = (read(self, f"{key}[{number}]", item) for number, item in enumerate(value, start=1))
        return tuple(item for item in readings if item is not None)

    def texts(self, key: str, advice: str) -> tuple[str, ...]:
        return self.items(key, _text, advice)

    def choices(self, key: str, words: type[_Word], advice: str) -> frozenset[_Word]:
        def word(table: _Table, place: str, item: object) -> _Word | None:
            found = next((known for known in words if known.value == item), None)
            if found is None:
                table.wrong(place, f"one of {', '.join(words)}", item)
            return found

        return frozenset(self.items(key, word, advice))

    def table(self, key: str) -> _Table:
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            self.wrong(key, f"a table, [{self._at(key)}]", value)
        return self.inner(key, value)

    def tables(self, key: str) -> Iterator[_Table]:
        """Every table of this name, closed when the reader comes back for the next."""
        value = self.take(key)
        if value is None:
            return
        if not (isinstance(value, list) and value and all(isinstance(item, dict) for item in value)):
            self.wrong(key, f"tables, each headed [[{self._at(key)}]]", value)
            return
        for number, item in enumerate(value, start=1):
            table = self.inner(f"{key}[{number}]", item)
            yield table
            table.end()

    def inner(self, place: str, value: object) -> _Table:
        """The table at this place inside; an empty one when the value is none."""
        return _Table(value if isinstance(value, dict) else {}, self._at(place), self._problems)

    def end(self) -> None:
        """Note every key that nobody asked for."""
        for key in sorted(self._values.keys() - self._known):
            self._problems.unknown(self._at(key), key, self._known)

    def take(self, key: str) -> object:
        """The value as it stands, None when there is none."""
        self._known.add(key)
        return self._values.get(key)

    def _at(self, key: str) -> str:
        return ".".join(part for part in (self.place, key) if part)


def _parsed(text: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(text.decode("utf-8"))
    except RecursionError as error:
        raise SettingsError("policy.toml: expected TOML, got it nested too deeply") from error
    except ValueError as error:
        raise SettingsError(f"policy.toml: expected TOML in UTF-8, got an error: {error}") from error


def _evidence(top: _Table) -> tuple[frozenset[Strength], bool]:
    if top.take("evidence") == _LITERAL:
        return DEFAULT_STRENGTHS, True
    return top.choices("evidence", Strength, f'or the word "{_LITERAL}" alone') or DEFAULT_STRENGTHS, False


def _exemption(table: _Table) -> Exemption:
    reason = table.text("reason", expected="the reason why such builds need no commit", required=True)
    conditions = {key: table.text(key) for key in ("tool", "bucket", "service_account", "tag", "trigger")}
    if not any(conditions.values()):
        table.wrong("", f"at least one of {', '.join(conditions)}", None)
    return Exemption(reason, **conditions)


def _workers(top: _Table, for_all: _Patterns) -> tuple[Worker, ...]:
    found: dict[str, Worker] = {}
    for table in top.tables("worker"):
        worker = _worker(table, for_all)
        if worker.trigger in found:
            table.wrong("trigger", "one worker for each trigger", worker.trigger)
        found[worker.trigger] = worker
    return tuple(found.values())


def _worker(table: _Table, for_all: _Patterns) -> Worker:
    return Worker(
        trigger=table.text("trigger", expected="the id or the name of a trigger", required=True),
        job=_job(table),
        branches=table.texts("branches", "leave it out to run for every branch that policy allows"),
        args=table.items("args", _argument, "leave it out to keep the job's own"),
        image=table.text("image", _IMAGE, "an image's name without tag or digest"),
        logs=_log_rules(table, for_all),
        deadlines=_deadlines(table),
    )


def _job(table: _Table) -> JobName:
    match = _JOB.match(table.text("job", _JOB.pattern, '"REGION/JOB" or "PROJECT/REGION/JOB"', required=True))
    return JobName(match.group(1) or "", match.group(2), match.group(3)) if match else JobName("", "", "")


def _deadlines(table: _Table) -> Deadlines:
    usual = Deadlines()
    start = table.span("start_deadline", usual.start, _DAY)
    run = table.span("run_deadline", usual.run, _WEEK)
    logs = table.span("logs_deadline", usual.logs, _DAY)
    if start and run and run < start:
        table.wrong("run_deadline", f"no less than start_deadline ({start})", str(run))
    return Deadlines(start=start or usual.start, run=run or usual.run, logs=logs or usual.logs)


def _patterns(table: _Table, *, with_defaults: bool) -> _Patterns:
    advice = "leave it out for none"
    fail, ignore, expect = (table.items(key, _pattern, advice) for key in ("fail", "ignore", "expect"))
    return _Patterns(fail, ignore, expect, table.flag("default_patterns", default=with_defaults))


def _log_rules(table: _Table, for_all: _Patterns) -> LogRules:
    """The defaults, what is for every worker, and the worker's own; notes what they can't be together."""
    own = _patterns(table, with_defaults=for_all.with_defaults)
    rules = LogRules(
        failures=(*(DEFAULT_FAILURES if own.with_defaults else ()), *for_all.fail, *own.fail),
        ignored=(*for_all.ignore, *own.ignore),
        expected=(*for_all.expect, *own.expect),
    )
    count = len(rules.failures) + len(rules.ignored) + len(rules.expected)
    names = [pattern.name for pattern in rules.expected]
    query = len(log_filter(_LONGEST, rules))
    if count > MOST_PATTERNS:
        table.wrong("", f"at most {MOST_PATTERNS} patterns, those for every worker among them", count)
    if len(set(names)) < len(names):
        table.wrong("expect", "every pattern under a name of its own, those for every worker among them", names)
    if query > MOST_QUERY:
        table.wrong("", f"patterns that fit into a log query of {MOST_QUERY} characters", query)
    try:
        LogReading(rules, "")
    except re2.error as error:
        table.wrong("", "patterns that RE2 can look for together", _reason(error))
    return rules


def _pattern(table: _Table, place: str, item: object) -> Pattern | None:
    """A pattern from its expression alone, which is then its name, or from a table with both."""
    if isinstance(item, dict):
        inner = table.inner(place, item)
        name, expression = (inner.text(key, required=True) for key in ("name", "pattern"))
        inner.end()
        place = f"{place}.pattern"
    else:
        name = expression = _text(table, place, item) or ""
    return Pattern(name, expression) if expression and _is_sound(table, place, expression) else None


def _is_sound(table: _Table, place: str, expression: str) -> bool:
    options = re2.Options()
    options.log_errors, options.max_mem = False, _PATTERN_MEMORY
    try:
        matches_anything = re2.compile(expression, options).search("") is not None
        re2.compile(f"(?:{expression})", options)  # an open \Q is sound alone, but not among others
    except re2.error as error:
        table.wrong(place, f"a regular expression that RE2 takes ({_reason(error)})", expression)
        return False
    if matches_anything:
        table.wrong(place, "a pattern that does not match the empty text", expression)
    return not matches_anything


def _reason(error: Exception) -> str:
    reason = error.args[0]
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _route(table: _Table) -> Route:
    return Route(
        channel=table.text("channel", _CHANNEL, "a channel's id, such as C0123456789"),
        mention=table.text("mention", _MENTION, "a user's id (U...), a group's (S...), here or channel"),
        verdicts=table.choices("verdicts", Verdict, _ANY),
        triggers=frozenset(table.texts("triggers", _ANY)),
    )


def _repository(table: _Table, place: str, item: object) -> Repository | None:
    found = parse_repository(item) if isinstance(item, str) else None
    if found is None:
        table.wrong(place, "a repository such as github.com/owner/name", item)
    return found


def _argument(table: _Table, place: str, item: object) -> str | None:
    if not isinstance(item, str):
        table.wrong(place, "text", item)
        return None
    return item


def _text(table: _Table, place: str, item: object) -> str | None:
    if not isinstance(item, str) or not item.strip():
        table.wrong(place, "text that is not empty", item)
        return None
    return item


def _show(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case str():
            return shown(value)
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return shown(", ".join(map(str, value))) if value else "an empty list"
    return str(value)[:80]
