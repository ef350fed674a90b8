"""Which greens are news, where policy lets the others rest: the first one after a red one that pushed the same image.

For each image there is a mark, by compare-and-set: which build's message was red last, and which green one told that it
is over. The green one is chosen before it is posted, so that after a crash the same one is, and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Greens
from verifier.checks.verdict import Verdict
from verifier.controller.attempt import Attempt
from verifier.controller.budget import LEDGER_SECONDS
from verifier.controller.ledger import MARKS
from verifier.errors import Unavailable
from verifier.facts.build import Build
from verifier.services import Document
from verifier.times import parse_time, show_time

_RED = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})
_MOST_IMAGES = 16
"""Of one build, that are looked after."""
_TRIES = 6


@dataclass(frozen=True, slots=True)
class RedImage:
    """An image of which a red message told."""

    red: str
    """The build that it was about last, by its record's name and how often that was judged anew."""
    decided: datetime
    over: str = ""
    """The green build that tells, or told, that it is over; empty while none does."""


def noted_as_news(attempt: Attempt, build: Build, judgement: Judgement) -> bool:
    """Take notice of a verdict, and return whether it is news: a green that is not the first one after a red is none.

    Without such a rule in policy all are. Raises ServiceError; made again, it comes to the same.
    """
    verdict = judgement.verdict
    if attempt.deployment.policy.verified is not Greens.CHANGES or verdict not in _RED | {Verdict.VERIFIED}:
        return True
    me = f"{attempt.key.digest}#{attempt.record.again}"
    images = list(dict.fromkeys(image.untagged for image in build.images))[:_MOST_IMAGES]
    if verdict in _RED:
        for image in images:
            _change(attempt, image, lambda known: with_red(known, me, judgement.decided))
        return True
    known = [_change(attempt, image, lambda known: with_green(known, me, judgement.decided)) for image in images]
    return any(one is not None and one.over == me for one in known)


def with_red(known: RedImage | None, build: str, decided: datetime) -> RedImage:
    """Return the image of which this build's message is red; one that was decided before changes nothing."""
    if known is not None and (known.red == build or decided <= known.decided):
        return known
    return RedImage(build, decided)


def with_green(known: RedImage | None, build: str, decided: datetime) -> RedImage | None:
    """Return the image with this build as the one that tells that it is over, where none does and it was red before."""
    if known is None or known.over or decided <= known.decided:
        return known
    return replace(known, over=build)


def _change(attempt: Attempt, image: str, changed: Callable[[RedImage | None], RedImage | None]) -> RedImage | None:
    """Return what is known of the image once this is known, too. Raises ServiceError."""
    store, budget = attempt.services.store, attempt.budget
    name = name_of_image(image)
    for _ in range(_TRIES):
        stored = store.read(MARKS, name, timeout=budget.seconds(LEDGER_SECONDS))
        known = _parsed(stored.document) if stored else None
        after = changed(known)
        if after is None or after == known:
            return after
        document, timeout = _document(after), budget.seconds(LEDGER_SECONDS)
        try:
            if stored is None:
                written = store.create(MARKS, name, document, timeout=timeout)
            else:
                written = store.replace(MARKS, name, document, stored.revision, timeout=timeout)
        except Unavailable as error:
            if not error.ambiguous:
                raise
            continue  # the next look shows whether it is there
        if written is not None:
            return after
    raise Unavailable(f"{image}: expected to note in the ledger what became of it, others always did; try again")


def name_of_image(image: str) -> str:
    """Return the name of the image's mark."""
    return f"red-{sha256(image.encode()).hexdigest()}"


def _document(known: RedImage) -> Document:
    return {"red": known.red, "decided": show_time(known.decided), "over": known.over}


def _parsed(document: Document) -> RedImage | None:
    """Return what is stored; None for what can't be read, as if there had been no red one."""
    try:
        return RedImage(str(document["red"]), parse_time(document["decided"]), str(document["over"]))
    except (KeyError, TypeError, ValueError):
        return None
