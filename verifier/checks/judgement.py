"""What was decided about a build, with all that it rests on: the value that is kept, recorded and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from verifier.checks.errors_before import ErrorBefore, before_document, parse_before
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.facts.logs import Folded, Repeated
from verifier.times import parse_time, show_time

MOST_FOLDED = 3
"""Of the follow-ups of one error, the most frequent, that are kept with a judgement."""


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
    known: str = ""
    """That all that fails are errors that earlier builds had, and on how many; empty where one is new, or may be."""
    before: tuple[ErrorBefore, ...] = ()
    """Of the errors that fail it, in their order: what was there before; empty where nobody could tell."""

    def finding(self, check: Check) -> Finding | None:
        """Return the answer to one check."""
        return next((finding for finding in self.findings if finding.check is check), None)

    @property
    def exemption(self) -> str:
        """Return the reason by which policy exempts the build; empty where it does not."""
        finding = self.finding(Check.SOURCE_IS_A_COMMIT)
        return finding.seen.removeprefix("exempt: ") if finding and self.verdict is Verdict.EXEMPT else ""


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
        "errors": [_error_document(error) for error in judgement.errors],
        "known": judgement.known,
        "before": [before_document(one) for one in judgement.before],
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
        errors=tuple(map(_parse_error, document["errors"])),
        known=document.get("known", ""),
        before=tuple(map(parse_before, document.get("before", ()))),
        policy=document.get("policy", ""),
        version=document.get("version", ""),
        pull_request=document.get("pull_request", ""),
    )


def _error_document(error: Repeated) -> dict[str, Any]:
    return {
        "name": error.name,
        "count": error.count,
        "first": show_time(error.first),
        "task": error.task,
        "excerpt": error.excerpt,
        "identity": error.identity,
        "rule": error.rule,
        "level": error.level,
        "folded": [{"identity": f.identity, "name": f.name, "count": f.count} for f in error.folded[:MOST_FOLDED]],
        "accepted": error.accepted,
        "ran_out": error.ran_out,
    }


def _parse_error(document: Mapping[str, Any]) -> Repeated:
    """0.1.0 wrote the first five alone."""
    return Repeated(
        name=document["name"],
        count=document["count"],
        first=parse_time(document["first"]),
        task=document["task"],
        excerpt=document["excerpt"],
        identity=document.get("identity", ""),
        rule=document.get("rule", ""),
        level=document.get("level", ""),
        folded=tuple(Folded(f["identity"], f["name"], f["count"]) for f in document.get("folded", ())),
        accepted=document.get("accepted", ""),
        ran_out=document.get("ran_out", ""),
    )
