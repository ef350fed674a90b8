"""Whose quotas are used, and how many calls a minute they allow. Pure. None of these rows is ever one to fix.

A quota that is smaller than it is set to be costs a refused call an hour, and a larger one lies idle. Where a project
does not pay for what is read in it, the home project does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verifier.config import QuotaLimit, Settings
from verifier.doctor.rows import APPLY, Need, Row, Trouble, holds, needless

_UNIT = "1/min/{project}"


@dataclass(frozen=True, slots=True)
class QuotaKind:
    """A quota that the verifier uses."""

    service: str
    metric: str
    calls: str
    setting: str


LOGGING = QuotaKind(
    "logging.googleapis.com", "logging.googleapis.com/read_requests", "reads of Cloud Logging", "quotas.logging"
)
BUILDS = QuotaKind(
    "cloudbuild.googleapis.com",
    "cloudbuild.googleapis.com/get_requests",
    "gets and lists of Cloud Build",
    "quotas.cloud_build",
)


def limit_of(kind: QuotaKind, settings: Settings) -> QuotaLimit:
    """Return what the installation takes this quota for."""
    return settings.logging_quota if kind is LOGGING else settings.build_quota


def effective_limit(answer: Mapping[str, Any], kind: QuotaKind) -> int | None:
    """Return how many calls a minute a project has, in Service Usage's answer; None where it does not say."""
    try:
        limits = [
            int(bucket["effectiveLimit"])
            for metric in answer.get("metrics", [])
            if metric.get("metric") == kind.metric
            for limit in metric.get("consumerQuotaLimits", [])
            if limit.get("unit") == _UNIT
            for bucket in limit.get("quotaBuckets", [])
            if "effectiveLimit" in bucket and not bucket.get("dimensions")
        ]
    except (AttributeError, TypeError, ValueError):
        return None
    return limits[0] if limits else None


def quota_row(project: str, kind: QuotaKind, settings: Settings, effective: int | None) -> Row:
    """Return what a project's quota is, beside what it is set to be."""
    need, ours = Need.QUOTAS_ARE_KNOWN, limit_of(kind, settings).of(project)
    wanted = f"{ours} a minute are made" if ours else "as many are made as there are"
    if effective is None:
        return needless(
            need, project, f"{kind.calls}: {wanted}; how many it has is not told. {how_to_see(project, kind)}"
        )
    if effective < 0:
        return holds(need, project, f"{kind.calls}: it has no limit; {wanted}")
    if not ours or ours > effective:
        seen = f"it has {effective} a minute, and {wanted}: set {kind.setting} in terraform.tfvars and apply"
        return needless(need, project, f"{kind.calls}: {seen}")
    return holds(need, project, f"{kind.calls}: it has {effective} a minute; {wanted}")


def unread_quota(project: str, kind: QuotaKind, trouble: Trouble) -> Row:
    """Return the row where the quota could not be read, with the command that shows it."""
    seen = f"{kind.calls}: not known ({trouble.seen}). {how_to_see(project, kind)}"
    return needless(Need.QUOTAS_ARE_KNOWN, project, seen)


def how_to_see(project: str, kind: QuotaKind) -> str:
    """Return in words how a person sees a project's quota."""
    return f"See it with: gcloud beta quotas info list --project={project} --service={kind.service}"


def payer_row(project: str, home: str, refusal: str | None) -> Row:
    """Return whether a project pays with its own quota for what is read in it; `refusal`: why not, None if it does."""
    need = Need.PROJECTS_PAY_FOR_READS
    if refusal is None:
        return holds(need, project, "reads in it use its own quota")
    return needless(need, project, f"reads in it use the quota of {home} ({refusal}); {APPLY} lets it use its own")


def no_payer_row(project: str, home: str, settings: Settings) -> Row | None:
    """Return the row where nothing is to be asked about who pays, None where it is."""
    if project == home:
        return holds(Need.PROJECTS_PAY_FOR_READS, project, "reads in it use its own quota: it is the home project")
    if not settings.bill_watched:
        return needless(Need.PROJECTS_PAY_FOR_READS, project, f"VERIFIER_BILL_WATCHED is off: {home} pays for all")
    return None
