"""Whose image does this build push? A worker's image is for its own trigger: another's would be run untried."""

from __future__ import annotations

from verifier.checks.policy import Policy, Worker
from verifier.checks.remedies import workers_of_images
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.build import Build
from verifier.facts.trigger import Trigger, Unread


def image_of_another(build: Build, policy: Policy, trigger: Trigger | Unread) -> tuple[Finding, ...]:
    """Return the finding where a build pushes a worker's image and is not run by that worker's trigger; else nothing.

    Its image may be what the worker's job runs next, and nobody would try it out.
    """
    owners = workers_of_images(build, policy)
    mine = policy.worker_for(build)
    if owners and (mine is None or mine not in owners):
        return (_not_ours(owners[0], "no trigger ran it" if not build.trigger_id else "its trigger is another"),)
    if mine is not None and isinstance(trigger, Trigger) and mine.trigger not in (build.trigger_id, trigger.name):
        # It was found by the name that the build claims for its trigger.
        return (_not_ours(mine, f"its trigger's name is {trigger.name or 'empty'}"),)
    if build.images_cut and any(worker.image for worker in policy.workers):
        seen = f"it pushes {build.images_cut} more images than are looked at: one of them may be a worker's"
        return (Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen, "push fewer images in one build"),)
    return ()


def _not_ours(worker: Worker, why: str) -> Finding:
    seen = f"it pushes {worker.image or 'the image of a worker'}, which is for trigger {worker.trigger}, and {why}"
    remedy = "build through that trigger; name it by its id under [[worker]], and give other builds images of their own"
    return Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen, remedy)
