"""Whether the steps that ran are those of a build configuration, substitutions aside.

gcloud reads the configuration on the machine that submits, and sends its steps: equal files do not mean an equal build.
In the build's document the substitutions stand in place of their variables, so a variable fits any text.
Documentation: "Build configuration file schema", "Substituting variable values".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import re2

FILES = ("cloudbuild.yaml", "cloudbuild.yml", "cloudbuild.json")
"""The names that gcloud and triggers look for by themselves."""
_TEXTS = ("name", "entrypoint", "dir", "id", "script")
_LISTS = ("args", "env", "secretEnv", "waitFor")
_VARIABLE = re2.compile(r"\$\$|\$\{[^}]*\}|\$[A-Z_][A-Z0-9_]*")
_MOST = 100_000


class StepsAnswer(StrEnum):
    """What is known of the steps."""

    SAME = "same"
    DIFFER = "differ"
    NOT_COMPARED = "not compared"


def compared_steps(ran: object, configurations: Sequence[object]) -> StepsAnswer:
    """Compare the steps of a build's document with those of each configuration that its commit has."""
    steps = _steps(ran)
    known = [found for found in map(_of_configuration, configurations) if found]
    if not steps or not known:
        return StepsAnswer.NOT_COMPARED
    return StepsAnswer.SAME if any(_fit(steps, found) for found in known) else StepsAnswer.DIFFER


def _of_configuration(configuration: object) -> list[Mapping[str, Any]]:
    return _steps(configuration.get("steps")) if isinstance(configuration, Mapping) else []


def _steps(value: object) -> list[Mapping[str, Any]]:
    steps = value if isinstance(value, list) else []
    return [step for step in steps if isinstance(step, Mapping)] if all(isinstance(s, Mapping) for s in steps) else []


def _fit(ran: Sequence[Mapping[str, Any]], written: Sequence[Mapping[str, Any]]) -> bool:
    return len(ran) == len(written) and all(map(_fits, ran, written))


def _fits(ran: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    if not all(_same(_text(ran.get(name)), _text(written.get(name))) for name in _TEXTS):
        return False
    for name in _LISTS:
        one, other = _list(ran.get(name)), _list(written.get(name))
        if len(one) != len(other) or not all(map(_same, one, other)):
            return False
    return True


def _same(ran: str, written: str) -> bool:
    if ran == written:
        return True
    if "$" not in written or len(written) > _MOST or len(ran) > _MOST:
        return False
    return bool(re2.fullmatch(_pattern(written), ran))


def _pattern(written: str) -> str:
    """Return what a text with variables becomes: each may be anything, and `$$` is a dollar sign."""
    parts, done = ["(?s)"], 0
    for variable in _VARIABLE.finditer(written):
        parts.append(re2.escape(written[done : variable.start()]))
        parts.append(r"\$" if variable.group() == "$$" else ".*")
        done = variable.end()
    return "".join([*parts, re2.escape(written[done:])])


def _list(value: object) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
