"""May this build's source be what runs? Findings about the commit, its repository, its branch and its claims."""

from __future__ import annotations

from verifier.checks.policy import Policy, allows
from verifier.checks.remedies import right_command
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.claims import ref_of, unbacked_claims
from verifier.facts.source import Commit, NoSource, Source, Unclear, Upload

_REPO_SOURCE_FIELDS = frozenset({"source.repoSource.commitSha", "sourceProvenance.resolvedRepoSource.commitSha"})


def source_findings(build: Build, source: Source, policy: Policy, *, announced: bool) -> tuple[Finding, ...]:
    """What policy makes of the fact about the build's source; one finding for each check, and no verdict.

    `announced` says that a message about the build came; without one, its notifications went elsewhere.
    """
    return (
        _source_is_a_commit(build, source, policy),
        _repository_is_allowed(source, policy),
        _branch_is_allowed(build, source, policy),
        _claims_are_backed(build, source),
        _build_was_triggered(build, source, policy),
        _build_was_announced(announced=announced),
    )


def _source_is_a_commit(build: Build, source: Source, policy: Policy) -> Finding:
    check = Check.SOURCE_IS_A_COMMIT
    if isinstance(source, Upload | NoSource):
        for exemption in policy.exemptions:
            if exemption.covers(build, source):
                return Finding(check, Outcome.NOT_APPLICABLE, f"exempt: {exemption.reason}")
    match source:
        case Commit() if policy.repo_source_only and source.field not in _REPO_SOURCE_FIELDS:
            seen = f"policy counts only repoSource's commit; {source.field} says {source.sha}"
            return Finding(check, Outcome.FAILS, seen, 'build through repoSource, or drop evidence = "repo-source"')
        case Commit() if source.strength in policy.strengths:
            return Finding(check, Outcome.HOLDS, f"{source.field} is {source.sha} ({source.strength})")
        case Commit():
            seen = f"{source.field} says {source.sha}, which is only {source.strength}"
            remedy = (
                f'compare the commit with the image\'s provenance, or accept "{source.strength}" under `evidence` '
                "in policy.toml"
            )
            return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)
        case Upload():
            seen = f"{source.field} is gs://{source.bucket}/{source.object}; no commit is recorded"
            return Finding(check, Outcome.FAILS, seen, right_command(build, policy))
        case NoSource():
            return Finding(check, Outcome.FAILS, "no source is recorded, so no commit is", right_command(build, policy))
        case Unclear():
            seen = f"{source.field}: {source.reason}"
            remedy = "look at the build's source in Cloud Build, and build the commit again through its trigger"
            return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)


def _repository_is_allowed(source: Source, policy: Policy) -> Finding:
    check = Check.REPOSITORY_IS_ALLOWED
    if not isinstance(source, Commit):
        return Finding(check, Outcome.NOT_APPLICABLE, "no commit, so no repository")
    if not policy.repositories:
        return Finding(check, Outcome.NOT_APPLICABLE, "policy lists no repositories")
    if source.repository is None:
        remedy = "build through a trigger whose source names its repository, or add the repository's trigger again"
        return Finding(check, Outcome.COULD_NOT_CHECK, f"{source.field} names no repository that can be read", remedy)
    if source.repository in policy.repositories:
        return Finding(check, Outcome.HOLDS, str(source.repository))
    remedy = f'build from an allowed repository, or add "{source.repository}" to `repositories` in policy.toml'
    return Finding(check, Outcome.FAILS, f"{source.repository} is not on the policy's list", remedy)


def _branch_is_allowed(build: Build, source: Source, policy: Policy) -> Finding:
    check = Check.BRANCH_IS_ALLOWED
    if not isinstance(source, Commit):
        return Finding(check, Outcome.NOT_APPLICABLE, "no commit, so no branch")
    if build.pull_request:
        seen = f"built for pull request {build.pull_request[:20]}, which is no branch yet"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "merge it; the build of the branch is what gets verified")
    worker = policy.worker_for(build)
    branches = (worker.branches if worker else ()) or policy.branches
    if not branches and not policy.tags:
        return Finding(check, Outcome.NOT_APPLICABLE, "policy lists no branches")
    kind, name = ref_of(build)
    if not name:
        remedy = "build through a trigger on an allowed branch"
        return Finding(check, Outcome.COULD_NOT_CHECK, "the build names no branch or tag", remedy)
    if allows(policy.tags if kind == "tag" else branches, name):
        return Finding(check, Outcome.HOLDS, f"{kind} {name}")
    remedy = f"build from an allowed branch, or add it to `{'tags' if kind == 'tag' else 'branches'}` in policy.toml"
    return Finding(check, Outcome.FAILS, f"{kind} {name} is not on the policy's list", remedy)


def _claims_are_backed(build: Build, source: Source) -> Finding:
    check = Check.CLAIMS_ARE_BACKED
    claims = unbacked_claims(build, source)
    if not claims:
        return Finding(check, Outcome.HOLDS, "no claim goes beyond the fact")
    seen = ", ".join(claim.shown for claim in claims)
    if any(claim.contradicted for claim in claims):
        remedy = "find out who set these substitutions; build the commit again through its trigger, without them"
        return Finding(check, Outcome.FAILS, f"contradicted by {_field(source)}: {seen}", remedy)
    return Finding(check, Outcome.NOT_APPLICABLE, f"nothing proves that: {seen}")


def _build_was_triggered(build: Build, source: Source, policy: Policy) -> Finding:
    check = Check.BUILD_WAS_TRIGGERED
    if build.trigger_id:
        return Finding(check, Outcome.HOLDS, f"trigger {build.trigger_name or build.trigger_id}")
    if not isinstance(source, Commit):
        return Finding(check, Outcome.NOT_APPLICABLE, "no commit that a trigger could have built")
    if policy.repositories and not policy.require_trigger:
        return Finding(check, Outcome.NOT_APPLICABLE, "submitted by hand, from a repository that policy lists")
    why = "policy wants a trigger" if policy.require_trigger else "anybody may submit any public repository"
    remedy = right_command(build, policy)
    if not policy.require_trigger:
        remedy += "; or list the repository under `repositories` in policy.toml"
    return Finding(check, Outcome.FAILS, f"submitted by hand; {why}", remedy)


def _build_was_announced(*, announced: bool) -> Finding:
    check = Check.BUILD_WAS_ANNOUNCED
    if announced:
        return Finding(check, Outcome.HOLDS, "a message about it came")
    return Finding(check, Outcome.NOT_APPLICABLE, "no message came: found by listing; its notifications went elsewhere")


def _field(source: Source) -> str:
    return source.field
