"""Which Cloud Run jobs a build's steps deploy, by the words of their commands: a hint for people, no proof."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verifier.facts.execution import JobName
from verifier.facts.shipping import commands_of

_DEPLOYS = frozenset({"deploy", "update", "create"})
_JOB = re.compile(r"[a-z][a-z0-9-]{0,62}")
_REGION = re.compile(r"[a-z][a-z0-9-]{1,40}")
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,62}")
_VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}|\$([A-Z_][A-Z0-9_]*)")
_MOST_STEPS = 100


def deployed_jobs(document: Mapping[str, Any]) -> tuple[JobName, ...]:
    """Return the jobs that this build's document deploys, each once; empty where none is named. Never raise.

    A project is empty where the command names none. A region that is not in the command is the default of whoever
    runs it, and so not known: such a job is left out.
    """
    steps, given = document.get("steps"), document.get("substitutions")
    values = {str(name): str(value) for name, value in given.items()} if isinstance(given, Mapping) else {}
    values.setdefault("PROJECT_ID", str(document.get("projectId") or ""))
    found: dict[JobName, None] = {}
    for step in (steps if isinstance(steps, list) else [])[:_MOST_STEPS]:
        if isinstance(step, Mapping):
            found |= dict.fromkeys(_jobs(step, values))
    return tuple(found)


def _jobs(step: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[JobName]:
    for words in commands_of(step):
        plain = [_filled(word, values) for word in words]
        at = next((at for at in range(len(plain) - 3) if _begins(plain[at : at + 4])), None)
        if at is not None and (job := _job(plain[at + 2 :])):
            yield job


def _begins(words: Sequence[str]) -> bool:
    """Whether these are `run jobs deploy JOB` or the like; `gcloud` and a release track may stand before them."""
    return words[:2] == ["run", "jobs"] and words[2] in _DEPLOYS


def _job(words: Sequence[str]) -> JobName | None:
    """Return the job of a command that goes on like this after `run jobs`: its verb, and the rest."""
    name = next((word for word in words[1:] if not word.startswith("-")), "")
    region, project = _option(words, "--region"), _option(words, "--project")
    is_known = _JOB.fullmatch(name) and _REGION.fullmatch(region) and (not project or _PROJECT.fullmatch(project))
    return JobName(project, region, name) if is_known else None


def _option(words: Sequence[str], name: str) -> str:
    for at, word in enumerate(words):
        if word in (name, f"{name}=") and at + 1 < len(words):  # quotes after the sign make two words of it
            return words[at + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _filled(word: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), word)
