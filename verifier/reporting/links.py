"""Where a person looks further: addresses made of our templates, with every part quoted. Empty where there is none."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, unquote, urlsplit

import re2

from verifier.errors import Malformed
from verifier.facts.build import Build
from verifier.facts.execution import parse_execution_name
from verifier.facts.logs import EXECUTION_LABEL
from verifier.facts.source import Commit, Source, Upload
from verifier.times import show_time

_CONSOLE = "https://console.cloud.google.com"
_BUILD_PATH = re2.compile(r"^/cloud-build/builds(?:;region=([a-z0-9-]+))?/([A-Za-z0-9_-]+)(?:;.*)?$")
_COMMIT_PATHS = {"github.com": "commit", "gitlab.com": "-/commit", "bitbucket.org": "commits"}


def build_link(build: Build) -> str:
    """Return the build in the console."""
    key = build.key
    return _console("cloud-build/builds;region={}/{}", key.project, key.location, key.id)


def parse_build_link(address: str) -> tuple[str, str, str]:
    """Return project, location and id of a build's address in the console. Raise Malformed for another address.

    The project is empty where the address has none. Without a location, as addresses were once, it is `global`.
    """
    parts = urlsplit(address)
    found = _BUILD_PATH.match(unquote(parts.path)) if address.startswith(f"{_CONSOLE}/") else None
    if not found:
        raise Malformed(
            f"build: expected its address in the console ({_CONSOLE}/cloud-build/builds;region=…), got another"
        )
    return "".join(parse_qs(parts.query).get("project", [])[:1]), found.group(1) or "global", found.group(2)


def archive_link(build: Build, source: Source) -> str:
    """Return the uploaded source in the console, which shows objects under their slashes."""
    if not isinstance(source, Upload):
        return ""
    steps = [source.bucket, *source.object.split("/")]
    return _console("storage/browser/_details" + "/{}" * len(steps), build.key.project, *steps)


def execution_link(execution: str) -> str:
    """Return the execution of this full name in the console."""
    try:
        job, short_name = parse_execution_name(execution)
    except Malformed:
        return ""
    return _console("run/jobs/executions/details/{}/{}/tasks", job.project, job.location, short_name)


def logs_link(build: Build, execution: str) -> str:
    """Everything that the execution logged, in the console."""
    try:
        job, short_name = parse_execution_name(execution)
    except Malformed:
        return ""
    clauses = [
        'resource.type="cloud_run_job"',
        f"resource.labels.job_name={json.dumps(job.job)}",
        f"resource.labels.location={json.dumps(job.location)}",
        f'labels."{EXECUTION_LABEL}"={json.dumps(short_name)}',
    ]
    if build.finished:
        # Without a time, the console looks at the last hour only.
        clauses.append(f'timestamp>="{show_time(build.finished)}"')
    return _console("logs/query;query={}", job.project, "\n".join(clauses))


def commit_link(source: Source) -> str:
    """Return the commit at its host, when it is one whose addresses are known."""
    if not isinstance(source, Commit) or source.repository is None:
        return ""
    host, path = source.repository.host, source.repository.path
    if host not in _COMMIT_PATHS:
        return ""
    return f"https://{host}/{quote(path)}/{_COMMIT_PATHS[host]}/{_quoted(source.sha)}"


def _console(path: str, project: str, *parts: str) -> str:
    """Return the path with these parts in its places. Empty when one of them would lead out of it or is not known."""
    if {"", ".", ".."} & {project, *parts}:
        return ""
    return f"{_CONSOLE}/{path.format(*map(_quoted, parts))}?project={_quoted(project)}"


def _quoted(part: str) -> str:
    return quote(part.encode("utf-8", "replace"), safe="")
