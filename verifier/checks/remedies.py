"""What to do instead: the command that builds the commit through its trigger."""

from __future__ import annotations

import re
from functools import lru_cache

from verifier.checks.commands import Command, Kind, part
from verifier.checks.policy import Policy, Worker
from verifier.errors import Malformed
from verifier.facts.build import Build
from verifier.facts.source import Commit, Source, Strength, source_of

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9-]+")


def right_command(build: Build, policy: Policy, source: Source | None = None) -> str:
    """Return the command that builds the same thing from the repository; words where a part of it is not of its kind.

    `source` is the fact about the build's source, where it is known already.
    Documentation: "gcloud builds triggers run", "gcloud builds triggers create github".
    """
    try:
        return _command(build, policy, source)
    except Malformed as error:
        return f"build the commit through its trigger, on an allowed branch (no command can be given: {error})"


def _command(build: Build, policy: Policy, source: Source | None) -> str:
    """Return the command. Raises Malformed where a part is not of its kind."""
    worker = worker_of_images(build, policy) or _only_worker(policy)
    region = (worker.region if worker else "") or build.key.location
    if worker:
        return _run(region, build.key.project, worker.trigger, _plain_branch(worker.branches or policy.branches))
    owner, name = _owner_and_name(source or source_of(build), policy)
    return _create(region, build.key.project, owner, name, _plain_branch(policy.branches))


@lru_cache(maxsize=256)  # the same command recurs from build to build
def _run(region: str, project: str, trigger: str, branch: str) -> str:
    place = _place(region, project)
    branch, trigger = part(Kind.BRANCH, branch), part(Kind.TRIGGER, trigger)
    return str(Command(("gcloud", "builds", "triggers", "run", trigger, f"--branch={branch}", *place)))


@lru_cache(maxsize=256)
def _create(region: str, project: str, owner: str, name: str, branch: str) -> str:
    place = _place(region, project)
    owner, name, branch = part(Kind.OWNER, owner), part(Kind.REPOSITORY, name), part(Kind.BRANCH, branch)
    command = Command(
        (
            *("gcloud", "builds", "triggers", "create", "github"),
            f"--name={_trigger_name(name, branch)}",
            f"--repo-owner={owner}",
            f"--repo-name={name}",
            f"--branch-pattern=^{branch.replace('.', '[.]')}$",
            "--build-config=cloudbuild.yaml",
            *place,
        )
    )
    return str(command)


def _place(region: str, project: str) -> list[str]:
    place = [f"--region={part(Kind.REGION, region)}"] if region != "global" else []
    return place + ([f"--project={part(Kind.PROJECT, project)}"] if project else [])


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


def _owner_and_name(source: Source, policy: Policy) -> tuple[str, str]:
    """Return the repository to build: the resolved one where policy allows it, else the first that policy lists."""
    own = source.repository if isinstance(source, Commit) and source.strength is Strength.RESOLVED else None
    allowed = sorted((one for one in policy.repositories if one.host == "github.com"), key=str)
    if own and own.host == "github.com" and (own in allowed or not policy.repositories):
        return own.owner_and_name
    return allowed[0].owner_and_name if allowed else ("OWNER", "REPOSITORY")


def _trigger_name(repository: str, branch: str) -> str:
    """Return a name that a trigger may have: letters, digits and hyphens, 64 at the most."""
    return _NOT_IN_A_NAME.sub("-", f"{repository.lower()}-{branch}").strip("-")[:64].rstrip("-")
