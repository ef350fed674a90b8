"""May this build's source be what runs? Findings about the commit, its repository, its branch and its claims."""

from __future__ import annotations

from collections.abc import Mapping

from verifier.checks.build_config import build_config_is_committed
from verifier.checks.commands import shown_trigger
from verifier.checks.policy import Policy, allows
from verifier.checks.remedies import right_command
from verifier.checks.verdict import Check, Finding, Outcome, recurring
from verifier.facts.build import Build
from verifier.facts.claims import unbacked_claims
from verifier.facts.dependencies import dependencies_of
from verifier.facts.ref import ref_of
from verifier.facts.source import Commit, NoSource, Source, Unclear, Upload
from verifier.facts.trigger import OFFLINE, Trigger, Unread

_REPO_SOURCE_FIELDS = frozenset({"source.repoSource.commitSha", "sourceProvenance.resolvedRepoSource.commitSha"})


def source_findings(
    build: Build, source: Source, policy: Policy, *, announced: bool | None, trigger: Trigger | Unread = OFFLINE
) -> tuple[Finding, ...]:
    """Return what policy makes of the fact about the build's source; one finding for each check, and no verdict.

    `announced` says that a message about the build came; without one, its notifications went elsewhere or could not be
    read; None where nobody knows: no finding is made of it then. `trigger` is the one that ran the build, as it was
    read, or why it was not.
    """
    findings = (
        _source_is_a_commit(build, source, policy),
        _repository_is_allowed(build, source, policy),
        _branch_is_allowed(build, source, policy, trigger),
        _claims_are_backed(build, source),
        _build_was_triggered(build, source, policy),
        build_config_is_committed(build, source, policy, trigger),
    )
    return findings if announced is None else (*findings, _build_was_announced(announced=announced))


def pull_request_of(build: Build, trigger: Trigger | Unread) -> str:
    """Return the pull request that the build is for, `?` without a number; empty where its trigger does not say so.

    What the build itself says is a claim: anybody may type `_PR_NUMBER`.
    """
    return (build.pull_request or "?") if isinstance(trigger, Trigger) and trigger.for_pull_requests else ""


def _source_is_a_commit(build: Build, source: Source, policy: Policy) -> Finding:
    check = Check.SOURCE_IS_A_COMMIT
    if isinstance(source, (Upload, NoSource)):
        for exemption in policy.exemptions:
            if exemption.covers(build, source):
                return Finding(check, Outcome.NOT_APPLICABLE, f"exempt: {exemption.reason}")
    match source:
        case Commit() if policy.repo_source_only and source.field not in _REPO_SOURCE_FIELDS:
            seen = f"policy counts only repoSource's commit; {source.field} says {source.sha}"
            return Finding(check, Outcome.FAILS, seen, 'build through repoSource, or drop evidence = "repo-source"')
        case Commit() if source.strength in policy.strengths and (fetched := _fetched_besides(build)):
            remedy = "let what it fetches besides be a full commit of a repository, or a part of the repository itself"
            return Finding(check, Outcome.COULD_NOT_CHECK, fetched, remedy)
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
            seen = f"{source.field} is gs://{source.bucket}/{source.object}; no commit is recorded{_shipped(build)}"
            return Finding(check, Outcome.FAILS, seen, right_command(build, policy, source))
        case NoSource():
            seen = f"no source is recorded, so no commit is{_shipped(build)}"
            return Finding(check, Outcome.FAILS, seen, right_command(build, policy, source))
        case Unclear():
            seen = f"{source.field}: {source.reason}"
            remedy = "look at the build's source in Cloud Build, and build the commit again through its trigger"
            return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)


def _shipped(build: Build) -> str:
    return f"; {build.shipped}" if build.shipped else ""


def _fetched_besides(build: Build) -> str:
    """Return what the build fetched besides its source that is no commit; empty where all is."""
    return next((f"{one.field}: {one.problem}" for one in dependencies_of(build) if one.problem), "")


def _repository_is_allowed(build: Build, source: Source, policy: Policy) -> Finding:
    check = Check.REPOSITORY_IS_ALLOWED
    if not isinstance(source, Commit):
        return recurring(check, Outcome.NOT_APPLICABLE, "no commit, so no repository")
    if not policy.repositories:
        return recurring(check, Outcome.NOT_APPLICABLE, "policy lists no repositories")
    besides = [one.repository for one in dependencies_of(build) if one.repository]
    for repository in (source.repository, *besides):
        if repository is not None and repository not in policy.repositories:
            remedy = f'build from an allowed repository, or add "{repository}" to `repositories` in policy.toml'
            return Finding(check, Outcome.FAILS, f"{repository} is not on the policy's list", remedy)
    if source.repository is None:
        remedy = "build through a trigger whose source names its repository, or add the repository's trigger again"
        return Finding(check, Outcome.COULD_NOT_CHECK, f"{source.field} names no repository that can be read", remedy)
    return Finding(check, Outcome.HOLDS, ", ".join(map(str, dict.fromkeys([source.repository, *besides]))))


def _branch_is_allowed(build: Build, source: Source, policy: Policy, trigger: Trigger | Unread) -> Finding:
    check = Check.BRANCH_IS_ALLOWED
    if not isinstance(source, Commit):
        return recurring(check, Outcome.NOT_APPLICABLE, "no commit, so no branch")
    unmerged = _unmerged(build, trigger)
    if unmerged:
        return unmerged
    worker = policy.worker_for(build)
    branches = (worker.branches if worker else ()) or policy.branches
    ref = ref_of(build)
    if not branches and not policy.tags and not _names_no_branch(build):
        return recurring(check, Outcome.NOT_APPLICABLE, "policy lists no branches")
    if not ref.name:
        remedy = "build through a trigger on an allowed branch"
        return Finding(check, Outcome.COULD_NOT_CHECK, ref.problem, remedy)
    if allows(policy.tags if ref.kind == "tag" else branches, ref.name):
        return Finding(check, Outcome.HOLDS, f"{ref.kind} {ref.name}")
    listed = "tags" if ref.kind == "tag" else "branches"
    remedy = f"build from an allowed branch, or add it to `{listed}` in policy.toml"
    return Finding(check, Outcome.FAILS, f"{ref.kind} {ref.name} is not on the policy's list", remedy)


def _names_no_branch(build: Build) -> bool:
    """Return whether it says itself that it was made of something that is no branch, such as refs/pull/7/merge."""
    asked = (build.source or {}).get("repoSource")
    named = [build.claims.get(name, "") for name in ("BRANCH_NAME", "TAG_NAME", "REF_NAME")]
    named += [str(asked.get(name, "")) for name in ("branchName", "tagName")] if isinstance(asked, Mapping) else []
    return any(name.startswith("refs/") for name in named) and not ref_of(build).name


def _unmerged(build: Build, trigger: Trigger | Unread) -> Finding | None:
    """Return the finding about a build of a pull request, or of one that says so and can't be told to be none.

    Where no trigger ran it, it is none. Where its trigger is not for pull requests, it is none.
    """
    check = Check.BRANCH_IS_ALLOWED
    number = pull_request_of(build, trigger)
    if number:
        seen = f"built for pull request {number[:20]}, which is no branch yet"
        return Finding(check, Outcome.COULD_NOT_CHECK, seen, "merge it; the build of the branch is what gets verified")
    if not (build.pull_request and build.trigger_id):
        return None
    if isinstance(trigger, Trigger) and trigger.for_pull_requests is False:
        return None
    why = trigger.why if isinstance(trigger, Unread) else "this version can't tell what starts it"
    seen = f"it says that it was built for pull request {build.pull_request[:20]}; its trigger would show it, but {why}"
    remedy = f"look at {shown_trigger(build.trigger_id)} in Cloud Build: is it one for pull requests?"
    return Finding(check, Outcome.COULD_NOT_CHECK, seen, remedy)


def _claims_are_backed(build: Build, source: Source) -> Finding:
    check = Check.CLAIMS_ARE_BACKED
    claims = unbacked_claims(build, source)
    if not claims:
        return recurring(check, Outcome.HOLDS, "no claim goes beyond the fact")
    seen = ", ".join(claim.shown for claim in claims)
    if any(claim.contradicted for claim in claims):
        remedy = "find out who set these substitutions; build the commit again through its trigger, without them"
        return Finding(check, Outcome.FAILS, f"contradicted by {_field(source)}: {seen}", remedy)
    return Finding(check, Outcome.NOT_APPLICABLE, f"nothing proves that: {seen}")


def _build_was_triggered(build: Build, source: Source, policy: Policy) -> Finding:
    check = Check.BUILD_WAS_TRIGGERED
    is_commit = isinstance(source, Commit)
    named = f"trigger {build.trigger_name or build.trigger_id}"
    if build.trigger_id and is_commit and policy.triggers and build.trigger_id.lower() not in policy.triggers:
        seen = f"{named} ({build.trigger_id}) is not on the policy's list"
        name = shown_trigger(build.trigger_id, quote=True)
        remedy = f"build through a listed trigger; or, if it is yours, add {name} to `triggers` in policy.toml"
        return Finding(check, Outcome.FAILS, seen, remedy)
    if build.trigger_id:
        return recurring(check, Outcome.HOLDS, named)
    if not is_commit:
        return recurring(check, Outcome.NOT_APPLICABLE, "no commit that a trigger could have built")
    if policy.require_trigger or policy.triggers:
        seen = "submitted by hand: whatever commit it names, its steps are the submitter's own"
        return Finding(check, Outcome.FAILS, seen, right_command(build, policy, source))
    if policy.repositories:
        return Finding(check, Outcome.NOT_APPLICABLE, "submitted by hand, from a repository that policy lists")
    remedy = f"{right_command(build, policy, source)}; or list the repository under `repositories` in policy.toml"
    return Finding(check, Outcome.FAILS, "submitted by hand; anybody may submit any public repository", remedy)


def _build_was_announced(*, announced: bool) -> Finding:
    check = Check.BUILD_WAS_ANNOUNCED
    if announced:
        return recurring(check, Outcome.HOLDS, "a message about it came")
    seen = "no message came that could be read: found by listing; its notifications went elsewhere or were quarantined"
    return recurring(check, Outcome.NOT_APPLICABLE, seen)


def _field(source: Source) -> str:
    return source.field
