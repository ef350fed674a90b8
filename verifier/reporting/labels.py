"""What people know a build by, in few words."""

from __future__ import annotations

from verifier.facts.build import Build
from verifier.facts.ref import ref_of
from verifier.facts.source import Commit, Source, Unclear
from verifier.redact import excerpt
from verifier.times import show_minute

MOST_NAME = 60
"""The longest name that a line has room for."""


def subject(build: Build, job: str = "") -> str:
    """Return what people know a build by: its trigger, its image, its worker or its id, the first that it has."""
    if build.trigger_name:
        return excerpt(build.trigger_name, MOST_NAME)
    if build.images:
        return excerpt("/".join(build.images[0].name.split("/")[-2:]), MOST_NAME)
    return excerpt(job, MOST_NAME) or f"build {short_id(build)}"


def commit(build: Build, source: Source) -> str:
    """Return the short commit with its branch or tag."""
    match source:
        case Commit():
            return f"{source.sha[:7]} {ref(build)}".rstrip()
        case Unclear():
            return "commit unclear"
        case _:
            return "no commit"


def ref(build: Build) -> str:
    """Return the branch, tag or pull request that it was built for, as far as the build tells."""
    if build.pull_request:
        return f"pull request {excerpt(build.pull_request, 20)}"
    found = ref_of(build)
    name = excerpt(found.name, MOST_NAME)
    return f"tag {name}" if name and found.kind == "tag" else name


def short_id(build: Build) -> str:
    """Return the beginning of the build's id."""
    return excerpt(build.key.id, MOST_NAME).partition("-")[0][:12] or "without id"


def named(build: Build) -> str:
    """Return the build as a sentence begins with it."""
    return f"Build {short_id(build)}" + (f" ({show_minute(build.finished)})" if build.finished else "")
