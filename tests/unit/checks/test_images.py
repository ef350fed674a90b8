"""Whose image a build pushes, and what is to be done about it. The tables of conformance have the cases."""

from __future__ import annotations

from tests.unit.builders import IMAGE, POLICY, WORKER, pushed
from verifier.checks.images import image_of_another
from verifier.checks.verdict import Check, Finding, Outcome
from verifier.facts.trigger import OFFLINE

BY_ANOTHER = pushed(substitutions={"TRIGGER_NAME": "docs", "BRANCH_NAME": "main", "REF_NAME": "main"})


def test_the_finding_names_the_image_its_trigger_and_the_way_out() -> None:
    remedy = "build through that trigger; name it by its id under [[worker]], and give other builds images of their own"
    seen = f"it pushes {IMAGE}, which is for trigger {WORKER.trigger}, and its trigger is another"
    expected = Finding(Check.WORKER_STARTED, Outcome.COULD_NOT_CHECK, seen, remedy)
    assert image_of_another(BY_ANOTHER, POLICY, OFFLINE) == (expected,)


def test_its_own_trigger_may_push_it() -> None:
    assert image_of_another(pushed(), POLICY, OFFLINE) == ()
