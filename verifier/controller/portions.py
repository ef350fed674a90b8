"""Lease an API's quota in portions. Pure: what is written down goes in, and comes out with one portion more.

A quota is a number of calls a minute, of one API and of the project that pays for them. An instance leases a portion,
some seconds' worth, before it makes the calls. All portions of the last minute are written down together, so that all
instances together lease no more in any minute than the quota allows. Who dies with a portion has lost it for a minute.

| who reads | may lease |
|---|---|
| for a verdict | all but the calls that are kept for the others, as far as they have not leased them |
| the others | what is above a sixth of the quota, ten seconds' worth, and the calls that are kept for them |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.services import Document
from verifier.times import parse_time, show_time

MINUTE = timedelta(minutes=1)
_RESERVED = 6
"""One in so many calls is left to verdicts."""
_TOLD_FOR = timedelta(hours=1)
"""For how long a limit counts that the service told of: somebody may have raised it since."""


class Reader(StrEnum):
    """What a call is made for."""

    VERDICT = "verdict"
    OTHER = "other"
    """Listings, and whatever else can wait."""


@dataclass(frozen=True, slots=True)
class QuotaRule:
    """What may be leased in a minute."""

    per_minute: int
    kept: int = 0
    """Of these, the calls that verdicts leave to the others."""

    def worth(self, span: timedelta) -> int:
        """Return how many calls this span is worth; one at the least."""
        return max(1, int(self.per_minute * (span / MINUTE)))


@dataclass(frozen=True, slots=True)
class Portion:
    """Calls that somebody has leased."""

    at: datetime
    calls: int
    reader: Reader


@dataclass(frozen=True, slots=True)
class Leased:
    """What is written down about one quota."""

    portions: tuple[Portion, ...] = ()
    """Of the last minute, the oldest first."""
    closed: datetime | None = None
    """The service has refused a call, and takes none before that moment."""
    told: int | None = None
    """How many calls a minute the service said it takes, where it refused one."""
    told_at: datetime | None = None

    def under(self, rule: QuotaRule, now: datetime) -> QuotaRule:
        """Return the rule, or a stricter one where the service told of a lower limit lately."""
        if not self.told or not self.told_at or now >= self.told_at + _TOLD_FOR or self.told >= rule.per_minute:
            return rule
        return QuotaRule(self.told, min(rule.kept, self.told // 4))


def lease(leased: Leased, rule: QuotaRule, reader: Reader, want: int, now: datetime) -> tuple[Leased, int] | datetime:
    """Return what is to be written down, and for how many calls; or the moment from which a portion can be had.

    Portions become free as they were leased, so that under load nobody is served call by call.
    """
    if leased.closed and now < leased.closed:
        return leased.closed
    rule = leased.under(rule, now)
    recent = tuple(portion for portion in leased.portions if now < portion.at + MINUTE)
    free = _free(recent, rule, reader)
    if free > 0:
        calls = min(want, free)
        return replace(leased, portions=(*recent, Portion(now, calls, reader)), closed=None), calls
    ends = sorted(portion.at + MINUTE for portion in recent)
    later = (end for end in ends if _free([one for one in recent if end < one.at + MINUTE], rule, reader) > 0)
    return next(later, now + MINUTE)


def _free(recent: Sequence[Portion], rule: QuotaRule, reader: Reader) -> int:
    """Return how many calls this reader may lease beside these portions."""
    left = rule.per_minute - sum(portion.calls for portion in recent)
    kept = rule.kept - sum(portion.calls for portion in recent if portion.reader is Reader.OTHER)
    if reader is Reader.VERDICT:
        return left - max(0, kept)
    return max(left - rule.per_minute // _RESERVED, min(kept, left))


def closed(leased: Leased, now: datetime, seconds: float, told: int | None = None) -> Leased:
    """Return what is to be written down after the service has refused a call and wants to be left alone for so long."""
    until = now + timedelta(seconds=seconds)
    noted = replace(leased, closed=max(until, leased.closed) if leased.closed else until)
    return replace(noted, told=told, told_at=now) if told else noted


def leased_document(leased: Leased) -> Document:
    """Return it as JSON values."""
    return {
        "portions": [f"{show_time(portion.at)} {portion.calls} {portion.reader}" for portion in leased.portions],
        "closed": show_time(leased.closed) if leased.closed else None,
        "told": leased.told,
        "told_at": show_time(leased.told_at) if leased.told_at else None,
    }


def parse_leased(document: Document) -> Leased:
    """Return what `leased_document` wrote. What can't be read is taken for nothing leased: it is a minute old soon."""
    try:
        portions = tuple(_portion(text) for text in document["portions"])
        closed_until, told, told_at = (document[name] for name in ("closed", "told", "told_at"))
        return Leased(
            tuple(sorted(portions, key=lambda portion: portion.at)),
            parse_time(closed_until) if closed_until else None,
            int(told) if told else None,
            parse_time(told_at) if told_at else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return Leased()


def _portion(text: str) -> Portion:
    moment, calls, reader = text.split(" ")
    return Portion(parse_time(moment), int(calls), Reader(reader))
