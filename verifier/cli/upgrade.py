"""Which builds a policy judges otherwise than version 0.1.0 did: what to read before an upgrade."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from verifier.checks.by_source import judge_source
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Policy
from verifier.checks.verdict import Outcome
from verifier.facts.build import Build
from verifier.facts.source import NoSource, Source, Upload, source_of
from verifier.facts.trigger import Trigger, Unread
from verifier.history.before import judge_before, policy_before
from verifier.history.summary import Problem
from verifier.redact import one_line
from verifier.reporting.slack_message import is_posted

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)
_UNSETTLED = (Outcome.FAILS, Outcome.COULD_NOT_CHECK)


@dataclass(frozen=True, slots=True)
class ComparedBuild:
    """What one version makes of a build, and whether Slack hears of it."""

    verdict: str
    told: bool

    def __str__(self) -> str:
        return f"{self.verdict}{', told' if self.told else ''}"


@dataclass(slots=True)
class Comparison:
    """The builds that were looked at, under one policy."""

    policy: Policy
    require_trigger: bool
    """What the policy's file says of `require_trigger`; where it says nothing, 0.1.0's default."""
    trigger_of: Callable[[Build], Trigger | Unread]
    count: int = 0
    problems: list[Problem] = field(default_factory=list)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    accounts: dict[str, Counter[bool]] = field(default_factory=dict)
    """Of each account that an exemption names: how many builds it made that are exempt, and how many that are not."""

    def lines(self, items: Iterable[Build | Problem]) -> Iterator[str]:
        """Yield a line for each build that is judged otherwise; what is counted is right when all were asked for."""
        before = policy_before(self.policy, require_trigger=self.require_trigger)
        for item in items:
            if isinstance(item, Problem):
                self.problems.append(item)
                continue
            self.count += 1
            yield from self._line(item, before)

    def _line(self, build: Build, before: Policy) -> Iterator[str]:
        moment = build.finished or build.created or _NO_MOMENT
        source = source_of(build)
        then = judge_before(build, before, decided=moment)
        now = judge_source(build, source, self.policy, decided=moment, trigger=self.trigger_of(build))
        self._count_accounts(build, source)
        one, other = _judged(build, then, before), _judged(build, now, self.policy)
        if one == other:
            return
        self.changes[str(one), str(other)] += 1
        when = f"{moment:%Y-%m-%d %H:%M}" if moment is not _NO_MOMENT else "without a time"
        name = one_line(build.key.name if build.key.project else build.key.id, 200)
        yield f"  {when}  {name}: {one} -> {other} ({_why(now)})"

    def _count_accounts(self, build: Build, source: Source) -> None:
        account = str(build.document.get("serviceAccount", "")).rpartition("/")[2]
        if account and any(one.service_account == account for one in self.policy.exemptions):
            needs_one = isinstance(source, Upload | NoSource)
            is_exempt = needs_one and any(one.covers(build, source) for one in self.policy.exemptions)
            self.accounts.setdefault(account, Counter())[is_exempt] += 1

    def summary(self) -> Iterator[str]:
        """Yield how many are judged otherwise, and which accounts make more than what is exempt."""
        total = sum(self.changes.values())
        yield f"{total} of {self.count} builds would be judged otherwise than by 0.1.0{':' if total else '.'}"
        for (one, other), count in self.changes.most_common():
            yield f"  {count:5}  {one} -> {other}"
        for account, counts in sorted(self.accounts.items()):
            if counts[False]:
                yield (
                    f"warning: {one_line(account, 200)}, which an exemption names, made {counts[False]} other builds: "
                    "give the exempt ones an account of their own"
                )


def _judged(build: Build, judgement: Judgement, policy: Policy) -> ComparedBuild:
    return ComparedBuild(judgement.verdict or "not judged", is_posted(build, judgement, policy))


def _why(judgement: Judgement) -> str:
    """Return the worst finding, and of several the first; or that nothing is open."""
    unsettled = (one for outcome in _UNSETTLED for one in judgement.findings if one.outcome is outcome)
    finding = next(unsettled, None)
    return f"{finding.check}: {one_line(finding.seen, 200)}" if finding else "nothing is open"
