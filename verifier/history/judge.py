"""A build of the past, judged by its source and policy alone: no worker runs, and nobody is told."""

from __future__ import annotations

from datetime import UTC, datetime

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.source import source_findings
from verifier.checks.verdict import SOURCE_CHECKS, decide
from verifier.facts.build import SUCCESS, Build
from verifier.facts.claims import unbacked_claims
from verifier.facts.source import Source, source_of
from verifier.history.judged_build import JudgedBuild

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


def judge_listed(build: Build, policy: Policy) -> JudgedBuild:
    """Return what policy makes of a listed build. Never raises.

    Its judgement is as of the build's own end: when the past is looked at changes nothing about it. Whether a message
    announced it is not known, so that check is left out.
    """
    source = source_of(build)
    judgement = _judgement(build, source, policy)
    return JudgedBuild(
        key=build.key,
        status=build.status,
        created=build.created,
        finished=build.finished,
        source=source,
        verdict=judgement.verdict,
        judgement=judgement,
        trigger_id=build.trigger_id,
        trigger_name=build.trigger_name,
        images=build.images,
        unbacked=tuple(claim.shown for claim in unbacked_claims(build, source)),
    )


def _judgement(build: Build, source: Source, policy: Policy) -> Judgement:
    decided = build.finished or build.created or _NO_MOMENT
    if build.status != SUCCESS:
        return Judgement(None, (), decided)
    every = source_findings(build, source, policy, announced=True)
    findings = tuple(finding for finding in every if finding.check in SOURCE_CHECKS)
    return Judgement(decide(findings, SOURCE_CHECKS), findings, decided)
