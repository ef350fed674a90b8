"""What to do instead: the command that builds the commit through its trigger."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from verifier.checks.policy import Policy, Worker
from verifier.facts.build import Build


def right_command(build: Build, policy: Policy) -> str:
    """Return the command that builds the same from the repository. It is made of policy and the build's place.

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
    """Return the worker whose image this build pushed."""
    return next(iter(workers_of_images(build, policy)), None)


def workers_of_images(build: Build, policy: Policy) -> tuple[Worker, ...]:
    """Return all workers whose image this build pushed, in the order of policy."""
    names = {str(image["name"]).partition("@")[0] for image in build.document["results"]["images"]}
    # What follows the last colon is a tag, or a port and all that comes after.
    names |= {name.rpartition(":")[0] for name in names if "/" not in name.rpartition(":")[2]}
    return tuple(worker for worker in policy.workers if worker.image and worker.image in names)


def _only_worker(policy: Policy) -> Worker | None:
    """Return the one worker that there is, where nothing says that it is for other images."""
    return policy.workers[0] if len(policy.workers) == 1 and not policy.workers[0].image else None


def _plain_branch(branches: tuple[str, ...]) -> str:
    """Return a branch that may be built: the first that is named in full, or a word to put one in the place of."""
    return next((branch for branch in branches if "*" not in branch), "BRANCH" if branches else "main")


def _github_repositories(policy: Policy) -> Iterator[tuple[str, str]]:
    for repository in sorted(policy.repositories, key=str):
        if repository.host == "github.com":
            yield repository.owner_and_name
