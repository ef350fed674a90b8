"""`verifier audit --suggest-policy`: a policy to begin with, made of the builds of the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import click

from verifier.checks.policy import BuildConfig, Policy
from verifier.cli.audit_input import from_files
from verifier.cli.audit_options import AuditOptions
from verifier.cli.audit_place import AuditScope
from verifier.cli.terminal import ERROR, Stop, tell
from verifier.cli.triggers import trigger_reader
from verifier.cli.whole_file import whole_file
from verifier.errors import ServiceError, SettingsError
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.facts.trigger import OFFLINE, Trigger, Unread
from verifier.history.deployed_jobs import deployed_jobs
from verifier.history.judge import judge_listed
from verifier.history.policy_evidence import SuggestionBuilder
from verifier.history.suggested_policy import suggested_policy
from verifier.history.summary import Problem


def suggest_policy(options: AuditOptions, now: datetime) -> int:
    """Write the policy, and return the exit code: 0 where everything could be read. Raise Stop."""
    place = options.scope(now)
    deployed: dict[str, tuple[JobName, ...]] = {}
    try:
        items = _items(options, place, partial(_note_jobs, deployed))
        found, problems = _counted(items, options, deployed)
        if not found.builds:
            for problem in problems:
                tell(f"could not read {problem}")
            raise Stop("expected builds to make a policy of, found none; look further back with --since")
        text = suggested_policy(found, _trigger_of(options), place.project if place else ", ".join(options.files))
    except (ServiceError, SettingsError, click.ClickException) as error:
        raise Stop(str(error)) from error
    try:
        with whole_file(options.output) as stream:
            stream.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Stop(f"expected to write {options.output}, got: {error.strerror or error}") from error
    for problem in problems:
        tell(f"could not read {problem}")
    if problems:
        tell(f"This rests on a part of the builds: {found.builds} could be read.")
    return ERROR if problems else 0


def _note_jobs(deployed: dict[str, tuple[JobName, ...]], document: Mapping[str, Any], build: Build) -> None:
    if jobs := deployed_jobs(document):
        deployed[build.key.name] = jobs


def _items(
    options: AuditOptions, place: AuditScope | None, seen: Callable[[Mapping[str, Any], Build], None]
) -> Iterator[Build | Problem]:
    if options.files or place is None:
        return from_files(options.files, seen)
    return place.builds(seen)


def _counted(
    items: Iterator[Build | Problem], options: AuditOptions, deployed: dict[str, tuple[JobName, ...]]
) -> tuple[SuggestionBuilder, list[Problem]]:
    """Count each build that is asked for once, whatever how many files it stands in."""
    found, problems, known = SuggestionBuilder(), list[Problem](), set[str]()
    for item in items:
        if isinstance(item, Problem):
            problems.append(item)
            continue
        name = item.key.digest
        if name in known or not options.wanted.has(judge_listed(item, Policy())):
            continue
        if item.key.id:
            known.add(name)
        found.add(item, _of_project(deployed.pop(item.key.name, ()), item))
    return found, problems


def _of_project(jobs: tuple[JobName, ...], build: Build) -> tuple[JobName, ...]:
    """Return the jobs as policy names them: without the project where it is the build's own."""
    return tuple(
        JobName("" if job.project == build.key.project else job.project, job.location, job.job) for job in jobs
    )


def _trigger_of(options: AuditOptions) -> Callable[[Build], Trigger | Unread]:
    """Return what reads a trigger, each once; from files nothing is asked of the cloud."""
    if options.files:
        return lambda _: OFFLINE
    read, known = trigger_reader(Policy(build_config=BuildConfig.REPOSITORY)), dict[str, Trigger | Unread]()

    def once(build: Build) -> Trigger | Unread:
        if build.trigger_id not in known:
            known[build.trigger_id] = read(build)
        return known[build.trigger_id]

    return once
