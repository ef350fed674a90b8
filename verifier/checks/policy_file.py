"""policy.toml → `Policy`. Unknown keys, wrong values and empty lists stop it, and all problems are told at once.

The format is shown, with every key, in `verifier/policy.example.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import re2

from verifier.checks.policy import (
    DEFAULT_STRENGTHS,
    BuildConfig,
    Deadlines,
    Exemption,
    Late,
    Policy,
    Published,
    Route,
    RouteWord,
    Worker,
)
from verifier.checks.policy_advice import advised
from verifier.checks.policy_items import (
    A_JOB,
    JOB,
    argument_item,
    job_item,
    job_named,
    log_item,
    project_item,
    repository_item,
    rule_item,
    trigger_item,
)
from verifier.checks.policy_slack import A_CHANNEL, CHANNEL, read_daily, read_greens
from verifier.checks.policy_table import Table, text_item
from verifier.checks.verdict import Verdict
from verifier.checks.watch.rules import read_watch_rules
from verifier.errors import SettingsError
from verifier.facts.job_name import JobName
from verifier.facts.logs import LogRules, Pattern
from verifier.facts.strength import Strength
from verifier.problems import Problems

if TYPE_CHECKING:
    from verifier.checks.accept import Accept

MOST_PATTERNS = 64
"""The most patterns of one worker, those for every worker and the defaults among them."""

_LITERAL = "repo-source"
_FIRM = ("service_account", "trigger", "projects")
"""Conditions of an exemption that take a permission of their own to meet."""
_TAKEN = (*_FIRM, "bucket")
"""Those of which one is needed for a policy to be read at all: 0.1.0 took a bucket for one of the firm ones."""
_PATTERN_MEMORY = 1 << 20
_ANY = "leave it out to allow any"
_IMAGE = r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$"
_MENTION = r"^([UWS][A-Z0-9]+|here|channel)$"
_DAY = timedelta(hours=24)
_WEEK = timedelta(hours=168)


class _Patterns(NamedTuple):
    """What one table says about logs."""

    fail: tuple[Pattern, ...]
    ignore: tuple[Pattern, ...]
    expect: tuple[Pattern, ...]
    off: tuple[str, ...]
    with_defaults: bool
    noise: bool


def read_policy(text: bytes, name: str = "policy.toml", *, today: date | None = None) -> Policy:
    """Return the policy in this file; its name is for messages.

    Raises SettingsError with every problem, each with its place, what was expected and what was got. `today` bounds how
    long an error may be accepted; without it nothing does.

    An empty file is the default policy. Tables and items of a list are counted from 1.
    """
    problems = Problems()
    top = Table(_parsed(text, name), "", problems)
    logs = top.table("logs")
    for_all = _patterns(logs, _Patterns((), (), (), (), with_defaults=True, noise=True))
    slack = top.table("slack")
    sweep = top.table("sweep")
    slo = top.table("slo")
    watch = top.table("watch")
    strengths, repo_source_only = _evidence(top)
    policy = Policy(
        repositories=frozenset(top.items("repositories", repository_item, _ANY)),
        branches=top.texts("branches", _ANY),
        tags=top.texts("tags", _ANY),
        strengths=strengths,
        repo_source_only=repo_source_only,
        require_trigger=top.flag("require_trigger", default=True),
        triggers=frozenset(top.items("triggers", trigger_item, _ANY)),
        build_config=top.choice("build_config", BuildConfig) or BuildConfig.ANY,
        exemptions=tuple(_exemption(table) for table in top.tables("exemption")),
        workers=_workers(top, for_all),
        logs=_log_rules(logs, for_all, for_all),
        accepts=tuple(_accept(table, today) for table in top.tables("accept")),
        posts=slack.choices("post", Verdict, "leave it out for the default") or Policy().posts,
        post_failed_builds=slack.flag("post_failed_builds", default=True),
        name_submitter=slack.flag("name_submitter", default=False),
        late=slack.choice("late", Late) or Policy().late,
        daily=read_daily(slack),
        fold=slack.span_or_none("fold", Policy().fold, _DAY),
        routes=tuple(_route(table) for table in slack.tables("route")),
        jobs=watch.items("jobs", job_item, "leave it out to watch the workers' jobs alone"),
        watch=read_watch_rules(watch),
        publishes=top.choices("publish", Published, "leave it out for the default") or Policy().publishes,
        grace=sweep.span("grace", Policy().grace, _DAY) or Policy().grace,
        objective=slo.span("verdict", Policy().objective, _DAY) or Policy().objective,
        digest=sha256(text).hexdigest(),
    )
    policy = replace(policy, verified=read_greens(slack, policy.posts, policy.routes))
    for table in (top, logs, slack, sweep, slo, watch):
        table.end()
    problems.check(name)
    return advised(policy)


def _parsed(text: bytes, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except RecursionError as error:
        raise SettingsError(f"{name}: expected TOML, got it nested too deeply") from error
    except ValueError as error:
        raise SettingsError(f"{name}: expected TOML in UTF-8, got an error: {error}") from error


def _evidence(top: Table) -> tuple[frozenset[Strength], bool]:
    if top.take("evidence") == _LITERAL:
        return DEFAULT_STRENGTHS, True
    return top.choices("evidence", Strength, f'or the word "{_LITERAL}" alone') or DEFAULT_STRENGTHS, False


def _exemption(table: Table) -> Exemption:
    reason = table.text("reason", expected="the reason why such builds need no commit", required=True)
    conditions = {key: table.text(key) for key in ("tool", "bucket", "service_account", "tag", "trigger")}
    projects = frozenset(table.items("projects", project_item, "leave it out for every project"))
    if not (projects or any(conditions.get(key) for key in _TAKEN)):
        got = ", ".join(key for key, value in conditions.items() if value)
        expected = f"at least one of {', '.join(_FIRM)}: whoever submits a build can imitate the others"
        table.wrong("", expected, got or None)
    return Exemption(reason, **conditions, projects=projects)


def _workers(top: Table, for_all: _Patterns) -> tuple[Worker, ...]:
    found: dict[str, Worker] = {}
    for table in top.tables("worker"):
        worker = _worker(table, for_all)
        if worker.trigger in found:
            table.wrong("trigger", "one worker for each trigger", worker.trigger)
        found[worker.trigger] = worker
    return tuple(found.values())


def _worker(table: Table, for_all: _Patterns) -> Worker:
    return Worker(
        trigger=table.text("trigger", expected="the id or the name of a trigger", required=True),
        job=_job(table),
        branches=table.texts("branches", "leave it out to run for every branch that policy allows"),
        args=table.items("args", argument_item, "leave it out to keep the job's own"),
        region=table.text("region", r"^[a-z][a-z0-9-]{1,40}$", "the trigger's region, such as us-central1 or global"),
        image=table.text("image", _IMAGE, "an image's name without tag or digest"),
        container=table.text(
            "container", r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "a container's name, such as worker"
        ),
        watch=table.flag("watch", default=True),
        logs=_log_rules(table, for_all, _patterns(table, for_all)),
        expect_logs=table.items("expect_logs", log_item, "leave it out for any log"),
        deadlines=_deadlines(table),
    )


def _job(table: Table) -> JobName:
    return job_named(table.text("job", JOB, A_JOB, required=True)) or JobName("", "", "")


def _deadlines(table: Table) -> Deadlines:
    usual = Deadlines()
    start = table.span("start_deadline", usual.start, _DAY)
    run = table.span("run_deadline", usual.run, _WEEK)
    logs = table.span("logs_deadline", usual.logs, _DAY)
    settle = table.span("settle", usual.settle, _DAY)
    if start and run and run < start:
        table.wrong("run_deadline", f"no less than start_deadline ({start})", str(run))
    return Deadlines(
        start=start or usual.start, run=run or usual.run, logs=logs or usual.logs, settle=settle or usual.settle
    )


def _patterns(table: Table, usual: _Patterns) -> _Patterns:
    """Return what this table says; what it does not switch stays as usual."""
    advice = "leave it out for none"
    fail, ignore, expect = (table.items(key, _pattern, advice) for key in ("fail", "ignore", "expect"))
    off = table.items("off", rule_item, advice)
    defaults = table.flag("default_patterns", default=usual.with_defaults)
    return _Patterns(fail, ignore, expect, off, defaults, table.flag("noise", default=usual.noise))


def _log_rules(table: Table, for_all: _Patterns, own: _Patterns) -> LogRules:
    """Return what is for every worker with the worker's own, and note what they can't be together."""
    parts = [for_all] if own is for_all else [for_all, own]
    rules = LogRules(
        failures=tuple(pattern for part in parts for pattern in part.fail),
        ignored=tuple(pattern for part in parts for pattern in part.ignore),
        expected=tuple(pattern for part in parts for pattern in part.expect),
        off=frozenset(name for part in parts for name in part.off),
        crash_words=own.with_defaults,
        noise=own.noise,
    )
    count = len(rules.failures) + len(rules.ignored) + len(rules.expected)
    names = [pattern.name for pattern in rules.expected]
    if count > MOST_PATTERNS:
        table.wrong("", f"at most {MOST_PATTERNS} patterns, those for every worker among them", count)
    if len(set(names)) < len(names):
        table.wrong("expect", "every pattern under a name of its own, those for every worker among them", names)
    if count:
        _try_together(table, rules)
    return rules


def _try_together(table: Table, rules: LogRules) -> None:
    """Note what a team's own patterns can't be together with ours: what judges logs is loaded where there are any."""
    from verifier.facts.logs import MOST_QUERY, LogReading, longest_query

    query = longest_query(rules)
    if query > MOST_QUERY:
        table.wrong("", f"patterns that fit into a log query of {MOST_QUERY} characters", query)
    try:
        LogReading(rules, "")
    except re2.error as error:
        table.wrong("", "patterns that RE2 can look for together", _reason(error))


def _accept(table: Table, today: date | None) -> Accept:
    """Return one error that is accepted, and note what is missing: accepting for ever hides what came back."""
    from verifier.checks.accept import Accept  # what reads logs by it is loaded where something is accepted

    job, worker = table.text("job"), table.text("worker")
    named = job_named(job)
    if job and (worker or not named):
        table.wrong("job", f"{A_JOB}, or `worker` instead", job)
    error = table.text("error", expected="an error's identity, or a pattern for its name", required=True)
    if error:
        _is_sound(table, "error", error)
    return Accept(
        error=error,
        reason=table.text("reason", expected="the reason why it is accepted", required=True),
        until=_until(table, today),
        job=named,
        worker=worker,
    )


def _until(table: Table, today: date | None) -> date:
    from verifier.checks.accept import MOST_DAYS

    value = table.take("until")
    try:
        found = value if type(value) is date else date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        found = None
    late = bool(found and today and (found - today).days > MOST_DAYS)
    if found is None or late:
        table.wrong("until", f"a date such as 2026-12-31, {MOST_DAYS} days away at the most", value)
    return found or date.min


def _pattern(table: Table, place: str, item: object) -> Pattern | None:
    """Return a pattern from its expression alone, which is then its name, or from a table with both."""
    if isinstance(item, dict):
        inner = table.inner(place, item)
        name, expression = (inner.text(key, required=True) for key in ("name", "pattern"))
        inner.end()
        place = f"{place}.pattern"
    else:
        name = expression = text_item(table, place, item) or ""
    return Pattern(name, expression) if expression and _is_sound(table, place, expression) else None


def _is_sound(table: Table, place: str, expression: str) -> bool:
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


def _route(table: Table) -> Route:
    words = table.choices("verdicts", RouteWord, _ANY)
    return Route(
        channel=table.text("channel", CHANNEL, A_CHANNEL),
        mention=table.text("mention", _MENTION, "a user's id (U...), a group's (S...), here or channel"),
        verdicts=frozenset(Verdict(word) for word in words - {RouteWord.REGRESSED}),
        regressed=RouteWord.REGRESSED in words,
        triggers=frozenset(table.texts("triggers", _ANY)),
        projects=frozenset(table.texts("projects", _ANY)),
    )
