"""An audit of the past, summed up as its builds go by: memory does not grow with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from verifier.checks.verdict import SEVERITY, Verdict
from verifier.history.judged_build import JudgedBuild
from verifier.history.local_stretch import LocalStretch, Stretches
from verifier.redact import excerpt

MOST_NAMES = 1_000
"""Of each kind, so many are counted by name; those that are first met after them are counted together."""
MOST_SHOWN = 10
NOT_KNOWN = "(not known)"
NO_TRIGGER = "(by hand)"
NO_IMAGE = "(no image)"
_OTHERS = "(others)"
_MOST_NAME = 100
_MOST_STRETCHES = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, so that the audit is not whole."""

    place: str
    """What was being read: `project/location` or a file's name, and where in it."""
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people should know of what was read, although nothing is missing."""

    place: str
    """As in `Problem`."""
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class BuildGroup:
    """Builds that have one thing in common."""

    name: str
    verdicts: Mapping[Verdict, int]
    """How many got which verdict; none of them is zero."""

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Summary:
    """What an audit found."""

    builds: int
    verdicts: Mapping[Verdict, int]
    """How many builds got which verdict; every verdict is there, worst first."""
    not_successful: Mapping[str, int]
    """How many builds did not succeed, or go on, and so were not judged, by their status."""
    unjudged: Mapping[str, int]
    """How many could not be judged, by a status that is missing (empty) or that Cloud Build does not have."""
    first: datetime | None
    """When the oldest build was created."""
    last: datetime | None
    submitters: tuple[BuildGroup, ...]
    """Judged builds that no trigger ran, by who submitted them; most local source first, as in those that follow."""
    triggers: tuple[BuildGroup, ...]
    images: tuple[BuildGroup, ...]
    stretches: tuple[LocalStretch, ...]
    """For each image the longest time on local source, longest first."""
    out_of_order: int
    """Builds that came out of order of time, so that the stretches do not count them."""
    unbacked: int
    """Successful builds with a claim that nothing backs."""
    claims: Mapping[str, int]
    """How often which claim was not backed, by its name."""
    compared: int = 0
    """Uploads that were compared with a clone."""
    identical: int = 0
    """Those of them that are a pushed commit, byte by byte."""
    not_compared: int = 0
    """Uploads that could not be compared, because their archive is gone, say."""

    def flagged(self, verdicts: frozenset[Verdict]) -> int:
        """Return how many builds have one of these verdicts."""
        return sum(self.verdicts[verdict] for verdict in verdicts)


@dataclass(slots=True)
class _Groups:
    """Counts by name, for so many names; the rest together."""

    counts: dict[str, Counter[Verdict]] = field(default_factory=dict)

    def add(self, name: str, verdict: Verdict) -> None:
        name = name if name in self.counts or len(self.counts) < MOST_NAMES else _OTHERS
        self.counts.setdefault(name, Counter())[verdict] += 1

    def summed(self) -> tuple[BuildGroup, ...]:
        groups = (BuildGroup(name, dict(counts)) for name, counts in self.counts.items())
        return tuple(sorted(groups, key=lambda group: ([-group.verdicts.get(v, 0) for v in SEVERITY], group.name)))


class SummaryBuilder:
    """Counts judged builds; `add` each one, newest first or oldest first, and ask for the `summary`."""

    def __init__(self) -> None:
        self._verdicts: Counter[Verdict] = Counter()
        self._statuses: Counter[str] = Counter()
        self._unjudged: Counter[str] = Counter()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._submitters, self._triggers, self._images = _Groups(), _Groups(), _Groups()
        self._stretches: dict[str, Stretches] = {}
        self._out_of_order = 0
        self._unbacked = 0
        self._claims: Counter[str] = Counter()
        self._compared = self._identical = self._not_compared = 0

    def add(self, build: JudgedBuild) -> None:
        """Count one build."""
        if build.created:
            self._first = min(self._first or build.created, build.created)
            self._last = max(self._last or build.created, build.created)
        if build.verdict is None:
            counts = self._unjudged if build.problem else self._statuses
            counts[build.status if build.status in counts or len(counts) < MOST_NAMES else _OTHERS] += 1
            return
        self._verdicts[build.verdict] += 1
        self._group(build, build.verdict)
        if build.compared:
            self._not_compared += bool(build.compared.problem)
            self._compared += not build.compared.problem
            self._identical += build.compared.identical and build.compared.pushed is True
        self._count_claims(build)
        if moment := build.created or build.finished:
            self._follow(build, build.verdict is Verdict.LOCAL_SOURCE, moment)

    def summary(self, now: datetime) -> Summary:
        """Return what was counted so far; a time on local source that has no end lasts until now."""
        stretches = [stretch for each in self._stretches.values() if (stretch := each.longest(now))]
        return Summary(
            builds=self._verdicts.total() + self._statuses.total() + self._unjudged.total(),
            verdicts={verdict: self._verdicts[verdict] for verdict in SEVERITY},
            not_successful=dict(self._statuses.most_common()),
            unjudged=dict(self._unjudged.most_common()),
            first=self._first,
            last=self._last,
            submitters=self._submitters.summed(),
            triggers=self._triggers.summed(),
            images=self._images.summed(),
            stretches=tuple(sorted(stretches, key=lambda stretch: (-stretch.seconds(now), stretch.image))),
            out_of_order=self._out_of_order,
            unbacked=self._unbacked,
            claims=dict(self._claims.most_common()),
            compared=self._compared,
            identical=self._identical,
            not_compared=self._not_compared,
        )

    def _group(self, build: JudgedBuild, verdict: Verdict) -> None:
        if not build.trigger_id:
            self._submitters.add(build.submitter.principal if build.submitter else NOT_KNOWN, verdict)
        self._triggers.add((build.trigger_name or build.trigger_id) or NO_TRIGGER, verdict)
        for name in image_names(build) or [NO_IMAGE]:
            self._images.add(name, verdict)

    def _count_claims(self, build: JudgedBuild) -> None:
        self._unbacked += bool(build.unbacked)
        for claim in build.unbacked:
            name = claim.partition("=")[0]
            self._claims[name if name in self._claims or len(self._claims) < MOST_NAMES else _OTHERS] += 1

    def _follow(self, build: JudgedBuild, local: bool, moment: datetime) -> None:
        in_order = True
        for name in image_names(build):
            if name in self._stretches or len(self._stretches) < MOST_NAMES:
                in_order &= self._stretches.setdefault(name, Stretches(name)).add(moment, local=local)
        self._out_of_order += not in_order


def image_names(build: JudgedBuild) -> list[str]:
    """Return the images that it pushed, without tags and digests, each once."""
    return list(dict.fromkeys(image.untagged for image in build.images))


def summary_lines(summary: Summary, now: datetime) -> Iterator[str]:
    """Yield the summary as people read it."""
    yield f"{_count(summary.builds, 'build')}{_span(summary)}"
    for verdict, count in summary.verdicts.items():
        if count:
            yield f"  {count:>7}  {verdict}"
    for status, count in summary.not_successful.items():
        yield f"  {count:>7}  not judged: {_name(status)}"
    for status, count in summary.unjudged.items():
        yield f"  {count:>7}  could not be judged: {_name(status) or 'without status'}"
    if any(group.name != NOT_KNOWN for group in summary.submitters):
        yield from _section("By whom", "submitted by hand", summary.submitters)
    yield from _section("By trigger", "", summary.triggers)
    yield from _section("By image", "", summary.images)
    yield from _stretch_lines(summary, now)
    if summary.compared or summary.not_compared:
        rest = f", {summary.not_compared} could not be compared" if summary.not_compared else ""
        same = f"{summary.identical} {'is' if summary.identical == 1 else 'are'} a pushed commit's files"
        yield f"Uploads compared: {summary.compared}; {same}{rest}"
    if summary.unbacked:
        names = ", ".join(f"{_name(name)} ×{count}" for name, count in list(summary.claims.items())[:MOST_SHOWN])
        yield f"Claims that nothing backs: in {_count(summary.unbacked, 'build')} ({names})"


def _section(title: str, note: str, groups: Sequence[BuildGroup]) -> Iterator[str]:
    if not groups:
        return
    yield f"{title} ({note})" if note else title
    for group in groups[:MOST_SHOWN]:
        verdicts = ", ".join(f"{group.verdicts[v]} {v}" for v in SEVERITY if group.verdicts.get(v))
        yield f"  {group.total:>7}  {_name(group.name)}: {verdicts}"
    if len(groups) > MOST_SHOWN:
        yield f"  {sum(group.total for group in groups[MOST_SHOWN:]):>7}  {len(groups) - MOST_SHOWN} more"


def _stretch_lines(summary: Summary, now: datetime) -> Iterator[str]:
    if summary.stretches:
        yield "Longest on local source"
    for stretch in summary.stretches[:_MOST_STRETCHES]:
        end = f"until {_moment(stretch.end)}" if stretch.end else "and still is"
        yield f"  {lasting(stretch.seconds(now)):>7}  {_name(stretch.image)}: from {_moment(stretch.start)} {end}"
    if summary.out_of_order:
        yield f"  {_count(summary.out_of_order, 'build')} came out of order and could not be counted in these times"


def lasting(seconds: float) -> str:
    """Return so many seconds in the two largest units."""
    minutes = int(seconds) // 60
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def _span(summary: Summary) -> str:
    if summary.first is None or summary.last is None:
        return ""
    return f", created from {_moment(summary.first)} to {_moment(summary.last)}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _name(text: str) -> str:
    return excerpt(text, _MOST_NAME).replace("\n", " ")
