"""`verifier policy`: can this policy be deployed, what does it accept, what does it judge otherwise than before?"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click

from verifier.checks.accept import Accept
from verifier.checks.day import Daily
from verifier.checks.policy import BuildConfig, Greens, Policy
from verifier.checks.verdict import Verdict
from verifier.cli.audit_input import from_files
from verifier.cli.audit_place import AuditScope
from verifier.cli.build_text import POLICY_FILE, read_chosen_policy
from verifier.cli.moments import moment
from verifier.cli.screen import show
from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.cli.terminal import visible
from verifier.cli.triggers import trigger_reader
from verifier.cli.upgrade import Comparison
from verifier.errors import Malformed, ServiceError, SettingsError
from verifier.facts.build import Build
from verifier.facts.logs import NOISE, ROWS, RuleRow
from verifier.facts.trigger import OFFLINE
from verifier.history.summary import Problem

_UNREAD = 2
_GREENS = {
    Greens.WORKER: "posted where a worker ran",
    Greens.CHANGES: "the first after a red of the same image is posted",
    Greens.NONE: "none is posted",
}


@click.command(short_help="Check a policy before it is deployed.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=POLICY_FILE)
@click.option("--since", type=moment, metavar="14d|DATE", help="List the builds since then that it judges otherwise.")
@click.option("--project", default="", help="With --since. Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--region", "regions", multiple=True, help="With --since; repeatable. Default: all.")
@click.option("--builds", "files", multiple=True, metavar="FILE", help="The builds of these files. Repeatable.")
def policy(file: Path, since: datetime | None, project: str, regions: tuple[str, ...], files: tuple[str, ...]) -> None:
    """Check a policy (default: ./policy.toml) as the function does when it starts, and say what it accepts.

    Exit 1 when it would stop the deployment, or has no effect in a part, with every problem named. --since and --builds
    list the builds that it judges otherwise than version 0.1.0 did; exit 2 when not all of them could be read.
    """
    if files and (since or project or regions):
        raise click.UsageError("--builds reads files alone: leave out --since, --project and --region")
    if (project or regions) and not since:
        raise click.UsageError("--project and --region say whose builds to look at: add --since, such as --since 14d")
    rules, text = read_chosen_policy(file), file.read_text("utf-8-sig")
    if not _takes_an_exemption(text):
        raise click.ClickException(
            f"{file}: write exemptions as [[exemption]] tables; the installation adds one of its own."
        )
    if rules.refused:
        raise click.ClickException("\n".join([f"{file}: what has no effect is to be corrected:", *rules.refused]))
    show([f"{file} can be deployed.", *_lines(rules, datetime.now(UTC).date())])
    require_trigger = bool(tomllib.loads(text).get("require_trigger", False))
    if files:
        _compare(Comparison(rules, require_trigger, lambda _: OFFLINE), from_files(files))
    elif since:
        scope, trigger_of = _scope(project, regions, since), trigger_reader(rules)
        try:
            _compare(Comparison(rules, require_trigger, trigger_of), scope.builds())
        except ServiceError as error:
            raise click.ClickException(str(error)) from error


def _compare(comparison: Comparison, items: Iterable[Build | Problem]) -> None:
    """Print what is judged otherwise. Nothing that was not read is taken for unchanged."""
    for line in comparison.lines(items):
        show([line])
    show(comparison.summary())
    for problem in comparison.problems:
        click.echo(f"not read: {problem.place}: {problem.text}", err=True)
    if not comparison.count:
        click.echo("expected builds to compare, found none", err=True)
    if comparison.problems or not comparison.count:
        raise SystemExit(_UNREAD)


def _scope(project: str, regions: tuple[str, ...], since: datetime) -> AuditScope:
    try:
        place = chosen_project(project)
        return AuditScope.checked(place, regions or ("all",), since, datetime.now(UTC), stand_in_address())
    except (Malformed, SettingsError) as error:
        raise click.ClickException(str(error)) from error


def _takes_an_exemption(text: str) -> bool:
    """Return whether this TOML can be followed by the table that Terraform appends: an array written inline can't."""
    try:
        tomllib.loads(f"{text}\n[[exemption]]\n")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _lines(rules: Policy, today: date) -> Iterator[str]:
    refs = [*(f"branch {name}" for name in rules.branches), *(f"tag {name}" for name in rules.tags)]
    any_repository = "any, where a trigger builds it"
    yield f"  repositories  {_listed(map(str, rules.repositories), any_repository)}"
    yield f"  branches      {_listed(refs, 'any')}"
    yield f"  triggers      {_triggers(rules)}"
    yield f"  steps         {_steps(rules)}"
    yield f"  workers       {_listed((f'{one.job.job} for {one.trigger}' for one in rules.workers), 'none')}"
    yield f"  watched       {_watched(rules)}"
    yield f"  crash words   {_rows(ROWS, rules.logs.off, on=rules.logs.crash_words)}"
    yield f"  known noise   {_rows(NOISE, rules.logs.off, on=rules.logs.noise)}"
    yield from (f"  accepted      {_accepted(one, today)}" for one in rules.accepts)
    yield f"  exemptions    {_listed((one.reason for one in rules.exemptions), 'none')}"
    yield f"  Slack         {_listed(rules.posts, 'nothing')}; routes: {len(rules.routes)}"
    yield f"  greens        {_greens(rules)}"
    yield f"  daily line    {_daily(rules.daily)}"
    yield f"  published     {_listed(rules.publishes, 'nothing')}, where there is a topic"
    for warning in rules.warnings:
        yield f"warning: {warning}"


def _watched(rules: Policy) -> str:
    """Return the jobs whose runs are seen, as policy names them."""
    named = ("/".join(filter(None, (job.project, job.location, job.job))) for job in rules.watched_jobs)
    return _listed(named, "no job: what runs is not seen")


def _greens(rules: Policy) -> str:
    if Verdict.VERIFIED in rules.posts:
        return "each is posted"
    return _GREENS[rules.verified]


def _daily(daily: Daily | None) -> str:
    """Return when and where the day before has its line."""
    if daily is None:
        return "none"
    where = f"in {daily.channel}" if daily.channel else "in the default channel"
    return f"at {daily.at:%H:%M}, {daily.zone}, {where}"


def _triggers(rules: Policy) -> str:
    if rules.triggers:
        return _listed(rules.triggers, "")
    if rules.require_trigger:
        return "any; whoever may submit builds may make one: list yours under `triggers`"
    return "any, and builds by hand, whose steps are the submitter's own"


def _steps(rules: Policy) -> str:
    required = rules.build_config is BuildConfig.REPOSITORY
    return "of a file of the repository" if required else 'from anywhere (build_config = "repository" wants a file)'


def _rows(table: Sequence[RuleRow], off: frozenset[str], *, on: bool) -> str:
    """Return how many rules of a table are on for workers that say nothing else."""
    if not on:
        return "all off"
    without = sorted(row.name for row in table if row.name in off)
    said = f"{len(table) - len(without)} rules, docs/logs.md lists all"
    return said + (f"; off: {', '.join(without)}" if without else "")


def _accepted(accept: Accept, today: date) -> str:
    owner = accept.job.job if accept.job else accept.worker
    whose = f" of {owner}" if owner else ""
    days = (accept.until - today).days
    left = "has run out" if days < 0 else f"{days + 1} day{'s' * (days > 0)} left"
    until = f"until {accept.until.isoformat()} ({left})"
    return f"{visible(accept.error, 100)}{whose} {until}: {visible(accept.reason, 160)}"


def _listed(items: Iterable[str], otherwise: str) -> str:
    return ", ".join(sorted(items)) or otherwise
