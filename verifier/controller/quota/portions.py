"""Lease an API's quota in portions. Pure: what is written down goes in, and comes out with one portion more.

A quota is a number of calls a minute, of one API and of the project that pays for them. An instance leases a portion,
some seconds' worth, before it makes the calls, and may make them for ten seconds. All portions are written down
together, each with the moment until which its calls may be made, and count for a minute from then on: so all instances
together make no more calls in any minute than the quota allows. Who leases another one gives the last one back, and
says how many of its calls were made, and when. Who dies with one has lost it for that minute.

| who reads | may lease |
|---|---|
| for a verdict | all but the calls that are kept for the others, as far as they have not leased them |
| the others | what is above a twelfth of the quota, five seconds' worth, and the calls that are kept for them |
| who is last | what is above half of the quota; written down as one of the others |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.services import Document
from verifier.times import parse_time, show_time

MINUTE = timedelta(minutes=1)
SPAN = timedelta(seconds=10)
"""How much a portion is worth at the most, and for how long its calls may be made."""
_RESERVED = 12
"""One in so many calls is left to verdicts."""
_LEFT_TO_ALL = 2
"""And one in so many to all but who is last."""
_NOT_COUNTED_ON = 8
_TOLD_FOR = timedelta(hours=1)
"""For how long a limit counts that the service told of: somebody may have raised it since."""


class Reader(StrEnum):
    """What a call is made for."""

    VERDICT = "verdict"
    OTHER = "other"
    """Listings, and whatever else can wait."""
    LAST = "last"
    """What was before anybody asked: it takes what nobody needs."""


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

    until: datetime
    """When the last of them is made, or may be."""
    calls: int
    reader: Reader


@dataclass(frozen=True, slots=True)
class Returned:
    """Portions that somebody gives back."""

    portions: tuple[Portion, ...]
    """As they were leased."""
    made: int
    """So many of their calls were made."""
    last: datetime
    """When the last of these was made."""


@dataclass(frozen=True, slots=True)
class Leased:
    """What is written down about one quota."""

    portions: tuple[Portion, ...] = ()
    """That count, or did until a moment ago."""
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

    def for_others(self, rule: QuotaRule, now: datetime) -> int:
        """Return how many calls a minute the others can count on; one at the least.

        That is a little less than they may lease: what one instance holds and does not need, no other has.
        """
        per_minute = self.under(rule, now).per_minute
        return max(1, per_minute - per_minute // _NOT_COUNTED_ON)


def lease(
    leased: Leased, rule: QuotaRule, reader: Reader, want: int, now: datetime, back: Returned | None = None
) -> tuple[Leased, Portion] | datetime:
    """Return what is to be written down, and the portion; or the moment from which one can be had.

    Portions become free as they were leased, so that under load nobody is served call by call. `back` counts if all of
    it is still written down.
    """
    if leased.closed and now < leased.closed:
        return leased.closed
    rule = leased.under(rule, now)
    recent = [one for one in without(leased, back).portions if now < one.until + MINUTE]
    free = _free(recent, rule, reader)
    if free > 0:
        # Versions that know no third reader read it as well.
        portion = Portion(now + SPAN, min(want, free), Reader.OTHER if reader is Reader.LAST else reader)
        return replace(leased, portions=(*recent, portion), closed=None), portion
    ends = sorted(one.until + MINUTE for one in recent)
    later = (end for end in ends if _free([one for one in recent if end < one.until + MINUTE], rule, reader) > 0)
    return next(later, now + MINUTE)


def without(leased: Leased, back: Returned | None) -> Leased:
    """Return what is written down once these portions were given back: the calls that were made still count."""
    if back is None or not holds(leased, back):
        return leased
    left = list(leased.portions)
    for portion in back.portions:
        left.remove(portion)
    if back.made:
        left.append(Portion(back.last, back.made, back.portions[0].reader))
    return replace(leased, portions=tuple(left))


def holds(leased: Leased, back: Returned) -> bool:
    """Return whether all of these portions are written down."""
    counted, wanted = Counter(leased.portions), Counter(back.portions)
    return bool(back.portions) and wanted <= counted


def _free(recent: Sequence[Portion], rule: QuotaRule, reader: Reader) -> int:
    """Return how many calls this reader may lease beside these portions."""
    left = rule.per_minute - sum(portion.calls for portion in recent)
    if reader is Reader.LAST:
        return left - rule.per_minute // _LEFT_TO_ALL
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
        "portions": [f"{show_time(portion.until)} {portion.calls} {portion.reader}" for portion in leased.portions],
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
            portions,
            parse_time(closed_until) if closed_until else None,
            int(told) if told else None,
            parse_time(told_at) if told_at else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return Leased()


def _portion(text: str) -> Portion:
    moment, calls, reader = text.split(" ")
    return Portion(parse_time(moment), int(calls), Reader(reader))
