"""Is this the execution that we asked for? Only what the ledger saved before the start can say so.

Anybody who may run the job can start an execution that names our build. None can know the nonce before ours runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.execution import BUILD_VARIABLE, NONCE_VARIABLE, Execution, named

_CREATOR = "run.googleapis.com/creator"


@dataclass(frozen=True, slots=True)
class SavedRequest:
    """What the ledger saved before the execution was asked for."""

    build: str
    """The build's name."""
    nonce: str = ""
    """Empty where version 0.1.0 saved it, which knew of no nonce: then the build's name alone must fit."""
    args: tuple[str, ...] = ()
    """Empty: the job's own."""
    container: str = ""
    """Whose arguments they are; empty: the only container's."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The executions that say that they were started for a build, by whose they are."""

    own: tuple[str, ...]
    """Those that we may have started ourselves, the one that counts first; empty where there is none."""
    others: tuple[str, ...]
    """Those that somebody else must have started."""


def sort_claims(claims: Iterable[tuple[str, str]], nonce: str, requests: int) -> Claimed:
    """Tell our own executions from others that say the same; `claims` are names and nonces, oldest first.

    Nobody can know the nonce before our first request. Afterwards an execution shows it to whoever may read executions,
    so there are as many of ours at the most as requests may have started one, and those are the oldest. Without a nonce
    (saved by version 0.1.0) all are ours.
    """
    claims = list(claims)
    if not nonce:
        return Claimed(tuple(name for name, _ in claims), ())
    own = [name for name, said in claims if said == nonce][:requests]
    return Claimed(tuple(own), tuple(name for name, _ in claims if name not in own))


def not_as_asked(execution: Execution, asked: SavedRequest, others: Sequence[str] = ()) -> Finding | None:
    """Return what is wrong with the execution's descent, or None. `others`: executions that claim to be this one."""
    check, short_name = Check.WORKER_STARTED, execution.name.rpartition("/")[2]
    said = f"execution {short_name}"
    remedy = f"leave the environment variables {BUILD_VARIABLE} and {NONCE_VARIABLE} to the verifier, and build again"
    if execution.build != asked.build:
        seen = f"{said} does not say that it was started for this build"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    if not asked.nonce:
        return None
    if execution.nonce != asked.nonce:
        seen = f"{said} does not carry what was saved before it was started"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    if others:
        seen = f"{said} is not alone: somebody else started {', '.join(others)} for this build"
        remedy = f"see who may run the job (run.jobs.runWithOverrides) and did (annotation {_CREATOR}), and build again"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    return _other_work(execution, asked, said)


def _other_work(execution: Execution, asked: SavedRequest, said: str) -> Finding | None:
    """Return what the execution does that was not asked for."""
    check, remedy = Check.WORKER_STARTED, "see who changed the job meanwhile, and build again"
    own = [container for container in execution.containers if container.name == asked.container]
    if asked.container and len(own) != 1:
        seen = f"{said} has no container {asked.container}, which was to be the worker: it has "
        return Finding(check, Outcome.COULD_NOT_CHECK, seen + named(execution.containers), remedy)
    ran = own or list(execution.containers)
    if asked.args and all(container.args != asked.args for container in ran):
        seen = f"{said} ran other arguments than were asked for"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
    return None
