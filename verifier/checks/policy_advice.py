"""What a policy says that does not do what it seems to: what is refused with the right spelling, and what is warned of.

A policy that 0.1.0 took must not keep an upgraded function from starting: what is refused here stops `verifier policy`,
and the function says it when it starts and goes on without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import re2

from verifier.checks.policy import Exemption, Policy

_EXPRESSION = re2.compile(r"^\^|\$$|\\")
DEFAULT_ACCOUNT = re2.compile(
    r"^([0-9]+-compute@developer|[0-9]+@cloudbuild|[a-z0-9.-]+@appspot)\.gserviceaccount\.com$"
)
"""Accounts that anybody's builds may run as."""


def advised(policy: Policy) -> Policy:
    """Return the policy with what is refused and warned of; exemptions that are not firm stand apart."""
    return replace(
        policy,
        exemptions=tuple(one for one in policy.exemptions if one.is_firm),
        soft_exemptions=tuple(one for one in policy.exemptions if not one.is_firm),
        refused=(*_refused_refs(policy), *_refused_exemptions(policy.exemptions)),
        warnings=tuple(_warnings(policy)),
    )


def _refused_refs(policy: Policy) -> Iterator[str]:
    """Regular expressions and full names of refs among the patterns of branches and tags."""
    lists = [("branches", "heads", policy.branches), ("tags", "tags", policy.tags)]
    lists += [(f"worker[{at}].branches", "heads", one.branches) for at, one in enumerate(policy.workers, start=1)]
    for place, folder, patterns in lists:
        for number, pattern in enumerate(patterns, start=1):
            spelling = _spelled(pattern, folder)
            if spelling != pattern:
                yield (
                    f'{place}[{number}]: expected a name in which only * has a meaning, such as "{spelling}", '
                    f'got "{pattern}", which is no name that a build can have'
                )


def _spelled(pattern: str, folder: str) -> str:
    """Return the pattern as it is to be spelled: without what is an expression's, and without the ref's folder."""
    plain = pattern
    if _EXPRESSION.search(pattern):
        plain = plain.removeprefix("^").removesuffix("$").replace(".*", "*").replace(".+", "*").replace("\\", "")
    return plain.removeprefix(f"refs/{folder}/") or "main"


def _refused_exemptions(exemptions: Iterable[Exemption]) -> Iterator[str]:
    for number, exemption in enumerate(exemptions, start=1):
        if not exemption.is_firm:
            given = " and ".join(name for name in ("bucket", "tool", "tag") if getattr(exemption, name))
            yield (
                f'exemption[{number}] ("{exemption.reason}"): expected service_account, trigger or projects beside '
                f"{given or 'its reason'}, which whoever submits a build may name: it exempts nothing. Add the "
                "service_account that these builds run as"
            )


def _warnings(policy: Policy) -> Iterator[str]:
    for exemption in policy.exemptions:
        if DEFAULT_ACCOUNT.match(exemption.service_account) and not (exemption.trigger or exemption.projects):
            yield (
                f'the exemption "{exemption.reason}" names {exemption.service_account}, a default account, which '
                "anybody's builds may run as: give these builds an account of their own"
            )
    for worker in policy.workers:
        is_id = re2.match(r"(?i)^[0-9a-f]{8}-[0-9a-f-]{27}$", worker.trigger)
        if policy.triggers and is_id and worker.trigger.lower() not in policy.triggers:
            yield f"the worker of trigger {worker.trigger} never runs: `triggers` does not list it"
        if not worker.watch and worker.job in policy.jobs:
            yield (
                f"the worker of trigger {worker.trigger} says watch = false, and [watch] jobs names its job: "
                "the runs of that job are seen"
            )
