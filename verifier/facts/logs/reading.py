"""A reading of an execution's logs: judges entries as they come, in memory that does not grow with their number."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from verifier.facts.logs.ends import Ends
from verifier.facts.logs.entry import PLATFORM_LOGS, SYSTEM_LOG, LogEntry
from verifier.facts.logs.folding import ErrorGroup, folded, repeated
from verifier.facts.logs.identity import Described, describe
from verifier.facts.logs.judge import (
    CALM,
    FAIL_PATTERN,
    LEVEL_FIELD,
    LEVEL_WORD,
    NOTHING,
    ErrorReason,
    Judge,
    Look,
    is_calm,
)
from verifier.facts.logs.patterns import LogRules
from verifier.facts.logs.query import MOST_UNLED
from verifier.facts.logs.result import LogFacts, Unlabelled
from verifier.facts.logs.shown import shown_line, shown_name, shown_text
from verifier.facts.logs.streams import RIGHT_BEFORE, Crash, Piece, crashes

MOST_KINDS = 50
"""The most kinds of errors that are named where nothing else is asked for."""

_MOST_TEXT = 4_000
_MOST_TASK = 20
_MOST_SEARCHED = 16_000
"""Characters at an entry's beginning and at its end that are searched: hostile text costs time, even in RE2."""
_MOST_WAITING = 2000
"""Pieces of stack traces and errors that wait for what belongs to them."""
_KEPT_WAITING = 60
_MOST_OF_ONE = 500
"""Lines of one stack trace that wait for its end."""
_MOST_CHARACTERS = 2_000_000
_MOST_NAMES = 50
_MOST_FOLDED = 20
ANNOUNCED = "announced by a calm line"
"""The name under which stack traces are counted as ignored that a DEBUG or INFO line was logged with."""
_SAID = frozenset((FAIL_PATTERN, LEVEL_FIELD, LEVEL_WORD))
"""Reasons that are no guess from a stack trace's looks."""
_AFTER_THE_END = timedelta(minutes=1)
_PANICKED = re.compile(r"^thread '.*panicked at \S+:$")


class LogReading:
    """Judges entries as they come. Their order and the pages that they come in make no difference."""

    def __init__(
        self,
        rules: LogRules,
        execution: str | None,
        *,
        most: int = MOST_KINDS,
        container: str = "",
        ran: tuple[datetime, datetime | None] | None = None,
        around: Sequence[datetime] = (),
    ) -> None:
        """Prepare to read.

        `execution` is the short name of the execution that is judged, None for every entry whatever its labels; `most`
        the kinds of errors that are named; `container` the worker's own in a job that has several; `ran` from when to
        when it ran; `around` the moments that an earlier reading told as `unled`. Raises re2.error where the patterns
        can't be looked for together.
        """
        self.rules = rules
        self.execution = execution
        self._judge = Judge(rules)
        self._most = most
        self._ran = ran
        self._groups: dict[str, ErrorGroup] = {}
        self._more = 0
        self._seen: dict[str, set[str]] = {}
        self._ends = Ends(container)
        self._unlabelled: Counter[str] = Counter()
        self._possible: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()
        self._waiting: dict[tuple[str, str, str, str, str], list[Piece]] = {}
        self._texts: dict[str, str] = {}
        self._awaited: set[tuple[str, str, str, str, str]] = set()
        self._pieces = 0
        self._characters = 0
        self._number = 0
        self._cut = False
        self._around = sorted(around)
        self._unled: list[datetime] = []

    def feed(self, entries: Iterable[LogEntry]) -> int:
        """Judge these entries too, and say how many they were."""
        wanted, count = self.execution, 0
        for entry in entries:
            count += 1
            if wanted is not None and entry.execution != wanted:
                if not entry.execution:
                    self._without_label(entry)
            elif entry.log != SYSTEM_LOG or not self._ends.note(entry):
                self._look(entry)
        return count

    def facts(self, *, truncated: bool) -> LogFacts:
        """Return what was seen so far."""
        self._settle(keep=0)
        errors = [repeated(cause, follow_ups) for cause, follow_ups in folded(list(self._groups.values()))]
        return LogFacts(
            errors=tuple(sorted(errors, key=lambda error: (error.first, error.name, error.identity))),
            more_errors=self._more,
            seen=frozenset(self._seen),
            exits=self._ends.seen(),
            unlabelled=sum(self._unlabelled.values()),
            truncated=truncated or self._cut or self._ends.cut,
            seen_in=tuple(sorted((name, log) for name, logs in self._seen.items() for log in logs)),
            unlabelled_logs=self._unlabelled_logs(),
            endings=self._ends.endings(),
            ignored=tuple(sorted(self._ignored.items())),
            unled=tuple(sorted(self._unled)),
        )

    def _unlabelled_logs(self) -> tuple[Unlabelled, ...]:
        found = sorted(self._unlabelled.items(), key=lambda item: (-item[1], item[0]))
        return tuple(Unlabelled(log, count, self._possible[log]) for log, count in found)

    def _without_label(self, entry: LogEntry) -> None:
        log = entry.log if entry.log in self._unlabelled or len(self._unlabelled) < _MOST_NAMES else "others"
        self._unlabelled[log] += 1
        if entry.log.startswith(PLATFORM_LOGS):
            return  # the platform labels what it takes from a container: somebody else wrote this
        if self._ran is not None:
            start, end = self._ran
            if entry.time < start or (end is not None and entry.time > end + _AFTER_THE_END):
                return
        self._possible[log] += 1

    def _look(self, entry: LogEntry) -> None:
        text = entry.text
        if len(text) > 2 * _MOST_SEARCHED:
            text = f"{text[:_MOST_SEARCHED]}\n{text[-_MOST_SEARCHED:]}"
        look, seen = self._judge.look(entry, text)
        if seen:
            self._expected(seen, entry.log)
        if look is CALM or look is NOTHING:
            self._pass_over(entry, text, look)
        elif look.judged is not None and entry.structured:
            described = describe(text, lines=2)
            self._note(described, look.judged, entry.time, entry.task, text, {}, alone=True)
        elif look.judged is not None or look.relevant:
            self._wait(entry, text, look.judged, calm=False)
        else:
            self._cut = self._cut or (text is not entry.text and not look.calm)

    def _pass_over(self, entry: LogEntry, text: str, look: Look) -> None:
        """Look at a line that is no error: it may belong to the stack trace before it, or after it."""
        near = bool(self._around) and self._is_near(entry.time)
        if look is CALM or (near and is_calm(text)):
            if near or (("Error" in text or "Exception" in text) and len(text) < _MOST_TEXT):
                self._wait(entry, text, None, calm=True)
        elif self._awaited and self._stream(entry) in self._awaited:
            self._wait(entry, text, None, calm=False)
        elif text is not entry.text:
            # What the server sent for what stands in the middle is not clean for having been cut here.
            self._cut = True

    def _is_near(self, time: datetime) -> bool:
        """Whether a moment is right before one around which everything is looked at."""
        at = bisect_left(self._around, time)
        return at < len(self._around) and self._around[at] - time <= RIGHT_BEFORE

    def _expected(self, names: Iterable[str], log: str) -> None:
        for name in names:
            logs = self._seen.setdefault(name, set())
            if len(logs) < _MOST_NAMES:
                logs.add(log)

    @staticmethod
    def _stream(entry: LogEntry) -> tuple[str, str, str, str, str]:
        return (entry.execution, entry.log, entry.task, entry.attempt, entry.container)

    def _wait(self, entry: LogEntry, text: str, judged: ErrorReason | None, *, calm: bool) -> None:
        text = self._texts.setdefault(text, text)  # what waits is kept once, however often it is logged
        stream = self._stream(entry)
        self._number += 1
        piece = Piece(entry.time, self._number, text, judged, calm, entry.task)
        waiting = self._waiting.get(stream)
        if waiting is None:
            waiting = self._waiting[stream] = []
        waiting.append(piece)
        self._awaited.discard(stream)
        if judged is not None and _PANICKED.match(text) and "\n" not in text:
            self._awaited.add(stream)
        self._pieces += 1
        self._characters += len(text)
        if self._pieces > _MOST_WAITING or self._characters > _MOST_CHARACTERS:
            self._settle(keep=_KEPT_WAITING if self._characters <= _MOST_CHARACTERS else 0)

    def _settle(self, *, keep: int) -> None:
        """Name what waited long enough; the latest pieces go on waiting, `keep` of them at most."""
        waiting, border = self._waiting, None
        for pieces in waiting.values():
            pieces.sort()
        if keep and self._pieces > keep:
            latest = sorted(piece[:2] for pieces in waiting.values() for piece in pieces[-keep:])
            border = latest[-keep]
        self._waiting, self._texts, self._pieces, self._characters = {}, {}, 0, 0
        for stream, pieces in waiting.items():
            at = len(pieces) if border is None else bisect_left(pieces, border)
            ready, left = list(crashes(pieces[:at])), pieces[at:]
            if left and ready and len(ready[-1].pieces) < _MOST_OF_ONE:
                left = [*ready.pop().all_pieces(), *left]  # its end may be still to come
            for crash in ready:
                self._settled(crash)
            if left:
                self._waiting[stream] = left
                self._pieces += len(left)
                self._characters += sum(len(piece.text) for piece in left)

    def _settled(self, crash: Crash) -> None:
        judged = crash.judged
        if judged is None:
            return
        text, first = crash.text, crash.pieces[0]
        described = describe(text)
        if judged.rule not in _SAID and crash.announced(described.own):
            self._ignored[ANNOUNCED] += 1
            return
        if crash.stack and judged.rule not in _SAID and crash.headline is None and len(self._unled) < MOST_UNLED:
            self._unled.append(first.time)
        headlines = {}
        if crash.headline is not None:
            head = describe(crash.headline.text)
            headlines[head.identity] = head.name
        alone = len(crash.pieces) == 1 and "\n" not in text
        if not self._note(described, judged, first.time, first.task, text, headlines, alone=alone) and crash.headline:
            head_judged = crash.headline.judged
            if head_judged is not None:
                self._note(
                    describe(crash.headline.text),
                    head_judged,
                    crash.headline.time,
                    crash.headline.task,
                    crash.headline.text,
                    {},
                    alone=True,
                )

    def _note(
        self,
        described: Described,
        judged: ErrorReason,
        time: datetime,
        task: str,
        text: str,
        headlines: dict[str, str],
        *,
        alone: bool,
    ) -> bool:
        """Count an error, and say whether it means anything."""
        silenced = self._judge.silenced_by(described, judged, alone=alone)
        if silenced:
            self._ignored[silenced] += 1
            return False
        group = self._groups.get(described.identity)
        if group is None and len(self._groups) >= self._most:
            self._more += 1
            return True
        if group is None or time < group.first:
            shown = shown_text(text)
            name = judged.pattern if judged.rule == FAIL_PATTERN else shown_name(described.name, text)
            count, known = (group.count, group.headlines) if group else (0, {})
            group = ErrorGroup(described, judged.rule, judged.level, name, count, time, task[:_MOST_TASK], shown, known)
            self._groups[described.identity] = group
        group.count += 1
        for identity, name in headlines.items():
            if identity in group.headlines or len(group.headlines) < _MOST_FOLDED:
                group.headlines[identity] = (
                    shown_line(name),
                    group.headlines.get(identity, ("", 0))[1] + 1,
                )
        return True


def read_twice(
    entries: Callable[[Sequence[datetime]], Iterable[LogEntry]], prepare: Callable[[Sequence[datetime]], LogReading]
) -> LogFacts:
    """Return what the entries say, read again where stack traces came without a level.

    `entries` gives them for moments around which everything is wanted, and `prepare` the reading for those.
    """
    around: Sequence[datetime] = ()
    reading = prepare(around)
    reading.feed(entries(around))
    facts = reading.facts(truncated=False)
    if not facts.unled:
        return facts
    reading = prepare(facts.unled)
    reading.feed(entries(facts.unled))
    return reading.facts(truncated=False)
