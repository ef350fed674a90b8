"""May this build's source be what runs? Findings about the commit, its repository, its branch and its claims."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from verifier.build import Build
from verifier.claims import unbacked_claims
from verifier.policy import Policy, Worker, allows
from verifier.source import Commit, NoSource, Source, Unclear, Upload
from verifier.verdict import Check, Finding, Outcome

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


def ref_of(build: Build) -> tuple[str, str]:
    """`branch` or `tag` and its name, as best the build tells; an empty name when it does not, or contradicts itself.

    Only Cloud Source Repositories builds carry it in a field that the service writes; otherwise it is a
    substitution, which counts where a trigger ran the build and both of its names for it agree.
    """
    asked = (build.source or {}).get("repoSource")
    if isinstance(asked, dict):
        for kind in ("branch", "tag"):
            if asked.get(f"{kind}Name"):
                return kind, str(asked[f"{kind}Name"])
    if not build.trigger_id:
        return "branch", ""
    ref = build.claims.get("REF_NAME", "")
    for kind, claim in (("tag", "TAG_NAME"), ("branch", "BRANCH_NAME")):
        name = build.claims.get(claim, "")
        if name:
            return kind, name if ref in ("", name) else ""
    return "branch", ref


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


def right_command(build: Build, policy: Policy) -> str:
    """The command that builds the same thing from the repository. Made of policy and the build's place alone.

    Documentation: "gcloud builds triggers run", "gcloud builds triggers create github".
    """
    worker = worker_of_images(build, policy) or _only_worker(policy)
    region = (worker.region if worker else "") or build.key.location
    place = f" --region={quote(region)}" if region != "global" else ""
    place += f" --project={quote(build.key.project)}" if build.key.project else ""
    if worker:
        branch = _plain_branch(worker.branches or policy.branches)
        return f"gcloud builds triggers run {quote(worker.trigger)} --branch={quote(branch)}{place}"
    owner, name = next(_github_repositories(policy), ("OWNER", "REPOSITORY"))
    branch = _plain_branch(policy.branches)
    return (
        f"gcloud builds triggers create github --name={quote(name.lower())}-{quote(branch)} "
        f"--repo-owner={quote(owner)} --repo-name={quote(name)} --branch-pattern='^{branch}$' "
        f"--build-config=cloudbuild.yaml{place}"
    )


def worker_of_images(build: Build, policy: Policy) -> Worker | None:
    """The worker whose image this build pushed."""
    pushed = {image.name.partition("@")[0].rpartition(":")[0] or image.name for image in build.images}
    pushed |= {image.name for image in build.images}
    return next((worker for worker in policy.workers if worker.image and worker.image in pushed), None)


def _only_worker(policy: Policy) -> Worker | None:
    """The one worker that there is, where nothing says that it is for other images."""
    return policy.workers[0] if len(policy.workers) == 1 and not policy.workers[0].image else None


def _plain_branch(branches: tuple[str, ...]) -> str:
    """A branch that may be built: the first that is named in full, or a word to put one in the place of."""
    return next((branch for branch in branches if "*" not in branch), "BRANCH" if branches else "main")


def _github_repositories(policy: Policy) -> Iterator[tuple[str, str]]:
    for repository in sorted(policy.repositories, key=str):
        if repository.host == "github.com":
            yield repository.owner_and_name


def _field(source: Source) -> str:
    return source.field
