"""The morning after the story's night, as data: hours of scheduled runs, a build that makes it worse, and its fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verifier.checks.verdict import Verdict
from verifier.demo.scenario import FIX, GOOD_RUN, JOB, Episode, commit_build
from verifier.demo.threads import ThreadReply
from verifier.standin.script import Line, Script

FEATURE = "64e5a7ce0c945c3cd31ee08decce1b94b7d829d2"
"""The commit after the fix: its worker logs an error for a lesson that has no teacher."""
MENDED = "faebadee734e6ca44c3c65651b2cc98f9d015524"
"""The commit that mends that."""
WORSE, MENDED_BUILD = "d0a4b6e3", "a96f01c7"
"""The beginnings of the ids of their builds."""
NEW_ERROR = "AttributeError: 'NoneType' object has no attribute 'email'"
BACK = "gcloud run jobs update"
"""How the commands of the way back begin."""
_TRACE = (
    'lesson 215 is left out\nTraceback (most recent call last):\n  File "/app/app/worker.py", line 14, in write_index\n'
    '    print(line(lesson))\n  File "/app/app/worker.py", line 8, in line\n'
    f'    return f"{{lesson.title}}, {{lesson.teacher.email}}"\n{NEW_ERROR}'
)
_NO_TEACHER = Script(
    start_after=0.3, runs=1.0, lines=(*GOOD_RUN.lines, Line(0.7, _TRACE, severity="ERROR", stream="stderr"))
)


@dataclass(frozen=True, slots=True)
class ThreadWord:
    """What Slack says of how a build goes, in the thread of a message or by an edit of it."""

    of: str
    """The beginning of the id of the build whose message it is."""
    says: tuple[str, ...]
    """Parts of it, in their order."""
    replies: bool = False
    """It is a reply; else the message itself says so."""
    broadcast: bool = False
    """The channel shows the reply, too."""

    def is_said_by(self, text: str) -> bool:
        """Return whether a text has all of these parts, in their order."""
        place = 0
        for part in self.says:
            place = text.find(part, place)
            if place < 0:
                return False
            place += len(part)
        return True


@dataclass(frozen=True, slots=True)
class Chapter:
    """Some hours of the morning."""

    title: str
    until: timedelta
    """When they are over, from the night's beginning on."""
    build: Episode | None = None
    """The build that ends then."""
    words: tuple[ThreadWord, ...] = ()
    """What Slack says by then that it did not say before."""
    later: Script | None = None
    """How the runs to come of what is deployed go; None: as before."""
    status: tuple[str, ...] = ()
    """What `verifier status` says then, with exit code 3; empty: it is not asked."""


WATCHED = (
    ("watch-ended", "e7e5acae", "REPLACED"),
    ("watch-ended", "2d1da3a3", "REPLACED"),
    ("watch-ended", "4e841fcb", "REPLACED"),
    ("checkpoint", "c3d85f1e", "WATCHING"),
    ("watch-ended", "c3d85f1e", "REPLACED"),
    ("regressed", WORSE, "WATCHING"),
    ("watch-ended", WORSE, "REGRESSED"),
    ("checkpoint", MENDED_BUILD, "WATCHING"),
)
"""What the audit trail has of watches: kind, build and outcome."""
OTHER_KINDS = ("unconfirmed",)
"""The kinds of its other entries, verdicts and what ran aside: one for the forged message."""
OTHER_MESSAGES = ("🟡 Messages named 1 build that Cloud Build does not show", "👀 1 job is watched")
"""How the messages begin that are about no build."""


def morning(now: datetime) -> tuple[Chapter, ...]:
    """Return the chapters in order, with builds that finish now."""
    good, worse, mended = FIX[:7], FEATURE[:7], MENDED[:7]
    return (
        Chapter(
            "four hours pass, with a run every half hour",
            timedelta(minutes=347),
            words=(
                ThreadWord(
                    "c3d85f1e",
                    (
                        f"4 h since {good} in {JOB}: 9 runs, 9 succeeded, no new errors, ",
                        "“sqlalchemy.exc.InvalidRequestError: ",
                        "” is gone.",
                    ),
                ),
                ThreadWord(
                    "e7e5acae",
                    (f"✅ recovered · {JOB}\n", f"Gone since {good} (9 runs). It was LOCAL_SOURCE."),
                    replies=True,
                    broadcast=True,
                ),
            ),
        ),
        _build(f"the trigger builds {worse}, the next commit", timedelta(minutes=350), 7, WORSE, now, FEATURE),
        Chapter("it runs twice, and all is well", timedelta(minutes=410), later=_NO_TEACHER),
        Chapter(
            "somebody adds a lesson without a teacher: the third run",
            timedelta(minutes=436),
            words=(
                ThreadWord(
                    WORSE,
                    (f"👀 Seen once, in run 3 of 3 since {worse}: “{NEW_ERROR}”\n", "Not in the 12 runs before; "),
                    replies=True,
                ),
            ),
        ),
        Chapter(
            "the fourth run",
            timedelta(minutes=467),
            words=(
                ThreadWord(
                    WORSE,
                    (
                        f"🔴 REGRESSED · {JOB} · {worse} <!here>\n",
                        f"“{NEW_ERROR}”\n",
                        f"In 2 of 4 runs since {worse}, ",
                        "not in the 12 runs before.\n",
                        f"Way back to {good}, VERIFIED, 9 runs without a new error: {BACK} {JOB} ",
                        "@sha256:057d",
                        f": {BACK} {JOB} ",
                        "content-worker:latest",
                    ),
                    replies=True,
                    broadcast=True,
                ),
                ThreadWord(WORSE, (f"🔴 REGRESSED in {JOB}: “{NEW_ERROR}” in 2 of 4 runs since {worse}.",)),
            ),
            status=(
                f"build {WORSE} of commit {worse}, VERIFIED",
                "VERIFIED, REGRESSED",
                "REGRESSED, WATCHING since ",
                ": 4 runs, none failed",
            ),
        ),
        _build(f"the trigger builds {mended}, which mends that", timedelta(minutes=480), 8, MENDED_BUILD, now, MENDED),
        Chapter(
            "four hours pass",
            timedelta(minutes=737),
            words=(
                ThreadWord(
                    MENDED_BUILD,
                    (f"4 h since {mended} in {JOB}: 9 runs, 9 succeeded, no new errors, “{NEW_ERROR}” is gone.",),
                ),
                ThreadWord(
                    WORSE,
                    (f"✅ recovered · {JOB}\n", f"“{NEW_ERROR}”: gone since {mended} (9 runs). It was REGRESSED."),
                    replies=True,
                    broadcast=True,
                ),
                ThreadWord(WORSE, (f"over: {mended} runs since ", "; was REGRESSED, ", "\n✅ VERIFIED · ")),
            ),
        ),
    )


def _build(title: str, until: timedelta, number: int, short_id: str, now: datetime, sha: str) -> Chapter:
    document = commit_build(number, short_id, now, sha)
    return Chapter(title, until, Episode(title, document, Verdict.VERIFIED, until))


def differences_of_replies(replies: Sequence[ThreadReply], chapters: Sequence[Chapter]) -> list[str]:
    """Return what the threads do not say as the morning has it: each word once, in its order, and no others."""
    expected = [word for chapter in chapters for word in chapter.words if word.replies]
    wrong = [
        f"{word.of}: expected a reply with {word.says}{' in the channel, too' if word.broadcast else ''}, got {got}"
        for word, got in zip(expected, replies, strict=False)
        if not (got.of.startswith(word.of) and word.broadcast is got.broadcast and word.is_said_by(got.text))
    ]
    if len(replies) != len(expected):
        wrong.append(f"Slack: expected {len(expected)} replies about how builds go, got {len(replies)}: {replies}")
    return wrong


def differences_of_others(messages: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Return what else Slack and the audit trail say that the story does not have, or do not say that it has."""
    wrong = []
    got = sorted(next((known for known in OTHER_MESSAGES if text.startswith(known)), text) for text in messages)
    if got != sorted(OTHER_MESSAGES):
        wrong.append(f"Slack: expected as messages about no build {sorted(OTHER_MESSAGES)}, got {got}")
    if sorted(kinds) != sorted(OTHER_KINDS):
        wrong.append(f"audit trail: expected as other entries {sorted(OTHER_KINDS)}, got {sorted(kinds)}")
    return wrong


def differences_of_watches(entries: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return what the audit trail does not say of watches: its kind, build and outcome are given of each entry."""
    got = sorted((kind, build[:8], outcome) for kind, build, outcome in entries)
    return [] if got == sorted(WATCHED) else [f"audit trail: expected of watches {sorted(WATCHED)}, got {got}"]
