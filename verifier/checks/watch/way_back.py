"""The way back: which build one may go back to, and by which commands. The verifier itself never goes it.

Going back pins the job to a digest: later pushes of its tag are not run any more, until the second command is run.
Documentation: "Manage jobs" (Cloud Run), `gcloud run jobs update`: it starts nothing, and what runs goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from verifier.checks.commands import Command, Kind, part
from verifier.checks.watch.watching import Good, Watch
from verifier.errors import Malformed
from verifier.facts.execution import JobName


@dataclass(frozen=True, slots=True)
class WayBack:
    """Two commands, and what they lead to."""

    good: Good
    back: Command
    undo: Command
    """Has the job follow its tag again, or run what it runs now where the tag is not known."""
    undo_follows_tag: bool


def way_back(watch: Watch) -> WayBack | None:
    """Return the way back to the last build that is known to have gone well; None where there is none.

    None, too, where a name is of no form that a command takes.
    """
    good = watch.good
    if good is None or good.digest == watch.digest:
        return None
    tagged = watch.image if _has_tag(watch.image) else ""
    try:
        back = _update(watch.job, _pinned(good.repository, good.digest))
        undo = _update(watch.job, part(Kind.IMAGE, tagged) if tagged else _pinned(watch.repository, watch.digest))
    except Malformed:
        return None
    return WayBack(good, back, undo, bool(tagged))


def _has_tag(image: str) -> bool:
    return ":" in image.rpartition("/")[2]


def _pinned(repository: str, digest: str) -> str:
    return f"{part(Kind.IMAGE, repository)}@{part(Kind.DIGEST, digest)}"


def _update(job: JobName, image: str) -> Command:
    place = (f"--region={part(Kind.REGION, job.location)}", f"--project={part(Kind.PROJECT, job.project)}")
    return Command(("gcloud", "run", "jobs", "update", part(Kind.JOB, job.job), *place, f"--image={image}"))
