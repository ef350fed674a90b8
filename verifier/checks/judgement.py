"""What was decided about a build, with all that it rests on: the value that is kept, recorded and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.facts.logs import Repeated
from verifier.times import parse_time, show_time


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its findings."""

    verdict: Verdict | None
    """None for a build that did not succeed: it is counted, not judged."""
    findings: tuple[Finding, ...]
    decided: datetime
    execution: str = ""
    """The full name of the worker's execution, or empty."""
    errors: tuple[Repeated, ...] = ()
    """What the worker's logs complained of, redacted, earliest first."""
    policy: str = ""
    """The digest of the policy by which it was decided; empty where nobody will record it."""
    version: str = ""
    """The verifier's version that decided it."""
    pull_request: str = ""
    """The pull request that it was built for, as its trigger shows; empty where it does not, whatever is claimed."""

    def finding(self, check: Check) -> Finding | None:
        """Return the answer to one check."""
        return next((finding for finding in self.findings if finding.check is check), None)


def judgement_document(judgement: Judgement) -> dict[str, Any]:
    """Return the judgement as JSON values."""
    return {
        "verdict": judgement.verdict,
        "findings": [
            {"check": f.check, "outcome": f.outcome, "seen": f.seen, "remedy": f.remedy} for f in judgement.findings
        ],
        "decided": show_time(judgement.decided),
        "execution": judgement.execution,
        "policy": judgement.policy,
        "version": judgement.version,
        "pull_request": judgement.pull_request,
        "errors": [
            {"name": e.name, "count": e.count, "first": show_time(e.first), "task": e.task, "excerpt": e.excerpt}
            for e in judgement.errors
        ],
    }


def parse_judgement(document: Mapping[str, Any]) -> Judgement:
    """Return the judgement that `judgement_document` wrote."""
    return Judgement(
        verdict=Verdict(document["verdict"]) if document["verdict"] else None,
        findings=tuple(
            Finding(Check(f["check"]), Outcome(f["outcome"]), f["seen"], f["remedy"]) for f in document["findings"]
        ),
        decided=parse_time(document["decided"]),
        execution=document["execution"],
        errors=tuple(
            Repeated(e["name"], e["count"], parse_time(e["first"]), e["task"], e["excerpt"]) for e in document["errors"]
        ),
        policy=document.get("policy", ""),
        version=document.get("version", ""),
        pull_request=document.get("pull_request", ""),
    )
