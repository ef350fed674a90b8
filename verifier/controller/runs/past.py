"""The builds of a project before anybody watched it: listed once, 90 days back, and kept by what they pushed.

Where a digest began to run after that, and still nobody knows its build, the listing goes on up to then: a message may
be lost, and the sweep's own listing late.

The collection `past` has a document for each project that says how far its listing is, and one for each page of it. A
listing goes on where it stopped, so many pages a piece of work; its reads count as listings do. The builds are judged
by their source and the policy alone: no worker runs, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from verifier.checks.by_source import judge_source
from verifier.checks.policy import Policy
from verifier.checks.pushed_by import PushedBy
from verifier.config import Watched
from verifier.controller.budget import CALL_SECONDS, KEEP_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.errors import OutOfTime, QuotaWait, RateLimited, Refused, ServiceError, Stopping
from verifier.facts.build import Build
from verifier.facts.source import Commit, source_of
from verifier.services import Document, Store, Stored
from verifier.times import parse_time, show_time

PAST = "past"
"""The collection."""
LOOKS_BACK = timedelta(days=90)
GIVEN_UP_AFTER = timedelta(days=1)
"""A listing that has not come to its end by then is not waited for any more; it goes on all the same."""
BY_SOURCE = "judged by its source alone: it ended before its runs were watched"

_STILL_GOING = timedelta(days=1)
"""A listing that goes on reaches so far back: builds that went on when it ended had pushed nothing yet."""
_MOST_DIGESTS = 4_000
"""Of one document: Firestore takes a mebibyte."""
_MOST_FOUND = 20
_FIRST_BACKOFF = timedelta(seconds=30)
_LAST_BACKOFF = timedelta(hours=1)
_MOST_ERROR = 300
_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PastListing:
    """How far the listing of a project is."""

    project: str
    since: str
    """From which moment on, as stored."""
    begun: datetime
    whole: bool
    error: str
    """Why it did not go on last; empty where it did."""

    def is_awaited(self, now: datetime) -> bool:
        """Return whether it is worth waiting for its end."""
        return not self.whole and now < self.begun + GIVEN_UP_AFTER


def listing_of(project: str, until: datetime, deployment: Deployment, watched: Watched, budget: Budget) -> PastListing:
    """Return how far the listing of this project's builds is. Raises ServiceError.

    Where there is none, it begins; where it ended before that moment, it goes on from there.
    """
    store, now, name = deployment.services.store, deployment.services.clock(), _name(project)
    stored = store.read(PAST, name, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is not None:
        if stored.document["whole"] is None or parse_time(stored.document["until"]) >= until:
            return _listing(stored.document)
        more = _more(stored.document, watched, now)
        store.replace(PAST, name, more, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
        return _listing(more)
    places = sorted(watched.locations)
    first = {
        "project": project,
        "location": places[0] if places else "",
        "places": places,
        "page": "",
        "number": 0,
        "since": show_time(now - LOOKS_BACK),
        "until": show_time(now),
        "begun": show_time(now),
        "whole": None if places else show_time(now),
        "due": show_time(now) if places else None,
        "builds": 0,
        "unread": 0,
        "attempts": 0,
        "error": "",
    }
    store.create(PAST, name, first, timeout=budget.seconds(LEDGER_SECONDS))
    return _listing(first)


def _more(listing: Document, watched: Watched, now: datetime) -> dict[str, Any]:
    """Return a listing that had come to its end, with the builds since then still to be listed."""
    places, moment = sorted(watched.locations), show_time(now)
    since = show_time(parse_time(listing["until"]) - _STILL_GOING)
    more = {"places": places, "since": since, "until": moment, "begun": moment, "due": moment, "page": ""}
    return {**listing, **more, "location": places[0] if places else "", "whole": None if places else moment}


def makers_in(digest: str, store: Store, budget: Budget) -> list[PushedBy]:
    """Return the builds of the past that pushed this digest, as far as they are listed. Raises ServiceError."""
    pages = store.holders(PAST, "images", digest, _MOST_FOUND, timeout=budget.seconds(LEDGER_SECONDS))
    return [maker for _, page in pages for maker in _makers(page.document, digest)]


def list_past(name: str, stored: Stored, deployment: Deployment, budget: Budget, most_pages: int) -> str:
    """List so many more pages at most; return why nothing was done, empty when something was.

    Nothing is done when another invocation was faster, and the listing waits where a quota is used up. Raises
    ServiceError where a page can't be read or kept: then it is tried again after a backoff; and Stopping.
    """
    store, clock = deployment.services.store, deployment.services.clock
    leased = {**stored.document, "due": show_time(clock() + deployment.ledger.lease)}
    claimed = store.replace(PAST, name, leased, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
    if claimed is None:
        return "another invocation has it"
    cursor = dict(claimed.document)
    try:
        for _ in range(most_pages):
            if not cursor["places"] or not budget.has(KEEP_SECONDS):
                break
            _one_page(name, deployment, budget, cursor)
        _note_end(cursor, clock())
    except (OutOfTime, Stopping):
        cursor["due"] = show_time(clock())
        raise
    except ServiceError as error:
        _note_failure(cursor, clock(), error)
        if not isinstance(error, QuotaWait):
            raise
    finally:
        store.replace(PAST, name, cursor, claimed.revision, timeout=LEDGER_SECONDS)
    return ""


def _note_end(cursor: dict[str, Any], now: datetime) -> None:
    is_whole = not cursor["places"]
    cursor |= {"due": None if is_whole else show_time(now), "attempts": 0, "error": ""}
    cursor["whole"] = show_time(now) if is_whole else None


def _note_failure(cursor: dict[str, Any], now: datetime, error: ServiceError) -> None:
    """Note why the listing did not go on, and when that is tried again. A quota that is used up is no failure."""
    if isinstance(error, RateLimited):
        wait = timedelta(seconds=max(error.retry_after or _FIRST_BACKOFF.total_seconds(), 1.0))
    else:
        wait = _FIRST_BACKOFF * 2 ** min(cursor["attempts"], 10)
        cursor |= {"attempts": cursor["attempts"] + 1, "error": str(error)[:_MOST_ERROR]}
    if isinstance(error, Refused):
        cursor["page"] = ""  # a page token that is not taken any more: this place is listed from its beginning
    cursor["due"] = show_time(now + min(wait, _LAST_BACKOFF))


def _one_page(name: str, deployment: Deployment, budget: Budget, cursor: dict[str, Any]) -> None:
    """Keep the next page, and move the cursor on. A page that was kept before a crash is kept once."""
    place = cursor["places"][0]
    page = deployment.services.builds.created(
        cursor["project"],
        place,
        parse_time(cursor["since"]),
        parse_time(cursor["until"]),
        cursor["page"],
        timeout=budget.seconds(CALL_SECONDS),
    )
    for part, document in enumerate(_documents(page.builds, deployment.policy)):
        kept = {"project": cursor["project"], "location": place, **document}
        number = f"{name}-{cursor['number']:06}-{part}"
        deployment.services.store.create(PAST, number, kept, timeout=budget.seconds(LEDGER_SECONDS))
    left = cursor["places"] if page.next_page else cursor["places"][1:]
    cursor |= {
        "page": page.next_page,
        "number": cursor["number"] + 1,
        "builds": cursor["builds"] + len(page.builds),
        "unread": cursor["unread"] + page.unread,
        "places": left,
        "location": left[0] if left else place,
    }


def _documents(builds: Sequence[Build], policy: Policy) -> Iterator[dict[str, Any]]:
    """Yield what is kept of a page: the builds that pushed something, in as many documents as they need.

    Of the digests in `images`, a build has `count` from its `first` on.
    """
    images: list[str] = []
    kept: list[dict[str, Any]] = []
    for build in builds:
        digests = list(dict.fromkeys(image.digest for image in build.images))
        if not digests:
            continue
        if kept and len(images) + len(digests) > _MOST_DIGESTS:
            yield {"images": images, "builds": kept}
            images, kept = [], []
        kept.append({**_kept(build, policy), "first": len(images), "count": len(digests)})
        images.extend(digests)
    if kept:
        yield {"images": images, "builds": kept}


def _kept(build: Build, policy: Policy) -> dict[str, Any]:
    source = source_of(build)
    judgement = judge_source(build, source, policy, decided=build.finished or build.created or _NO_MOMENT)
    return {
        "build": build.key.name,
        "commit": source.sha if isinstance(source, Commit) else "",
        "verdict": str(judgement.verdict or ""),
        "why": judgement.exemption or BY_SOURCE if judgement.verdict else f"it ended {build.status}",
        "policy": policy.digest,
        "ended": show_time(build.finished) if build.finished else None,
    }


def _makers(page: Document, digest: str) -> Iterator[PushedBy]:
    images = page["images"]
    for kept in page["builds"]:
        if digest in images[kept["first"] : kept["first"] + kept["count"]]:
            ended = parse_time(kept["ended"]) if kept["ended"] else None
            yield PushedBy(kept["build"], ended, kept["commit"], kept["verdict"], kept["why"], kept["policy"])


def _listing(document: Document) -> PastListing:
    return PastListing(
        project=document["project"],
        since=document["since"],
        begun=parse_time(document["begun"]),
        whole=document["whole"] is not None,
        error=document["error"],
    )


def _name(project: str) -> str:
    return f"listing-{sha256(project.encode()).hexdigest()}"
