"""A build of the past, judged by its source and policy alone: no worker runs, and nobody is told."""

from __future__ import annotations

from datetime import UTC, datetime

from verifier.checks.by_source import judge_source
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.verdict import Check, Outcome
from verifier.errors import Malformed
from verifier.facts.build import Build
from verifier.facts.claims import unbacked_claims
from verifier.facts.source import Source, Upload, source_of
from verifier.facts.upload.archive import Archive, archive_of_upload
from verifier.history.judged_build import JudgedBuild

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


def judge_listed(build: Build, policy: Policy) -> JudgedBuild:
    """Return what policy makes of a listed build. Never raises.

    Its judgement is as of the build's own end: when the past is looked at changes nothing about it. Whether a message
    announced it is not known, so that check is left out.
    """
    source = source_of(build)
    judgement = judge_source(build, source, policy, decided=build.finished or build.created or _NO_MOMENT)
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
        unbacked=_unbacked(build, source, judgement),
        archive=_archive(build, source) if isinstance(source, Upload) else None,
    )


def _unbacked(build: Build, source: Source, judgement: Judgement) -> tuple[str, ...]:
    """Return the claims that nothing backs. Where the judgement says that all are backed, nobody looks again."""
    finding = judgement.finding(Check.CLAIMS_ARE_BACKED)
    if finding is not None and finding.outcome is Outcome.HOLDS:
        return ()
    return tuple(claim.shown for claim in unbacked_claims(build, source))


def _archive(build: Build, source: Upload) -> Archive | None:
    try:
        return archive_of_upload(build, source)
    except Malformed:
        return None
