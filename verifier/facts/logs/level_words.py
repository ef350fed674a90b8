"""The first level word of a line of text: outside quotes, after six words at most.

A word counts where its writing shows that a logger put it there: capitals, brackets, a colon after a prefix, `level=`,
tabs around it, or a letter in one of the shapes of `_LETTER`. What stands in a sentence does not.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from verifier.facts.logs.levels import ERROR, INFO, SPELLINGS, WARNING, level_of_priority

_HEAD = 400
_MOST_WORDS = 7
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

_LETTER = re.compile(
    r"(?:\[rank\d+\]:)?(?:"
    r"([DIWEF])(?:20\d\d)?\d{4} \d\d:\d\d:\d\d"  # klog, glog, absl: E1128 04:06:09.646694 28134 main.go:41]
    r"|\[[\d:., -]+\] (?:\[[\w-]+\] )?\[([DIWEFCT])\] "  # spdlog: [06:43:06] [E] message
    r"|([DIWEFA]), \[\d{4}-"  # Ruby's Logger: E, [2026-11-28T04:06:12.317358 #28385]
    r"|\[([DIWEFC])[ ,](?:\d{4}-\d\d-\d\d|\d{6} |\d\d:\d\d:)"  # Tornado: [E 2026-11-28 04:03:10,989 pycases:435]
    r"|(?:\(\w+\) )?\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ([DIWEFC]) \d+ \d+\]"  # Ray
    r"|\[([DIWEF])(?:\d{4} \d\d:\d\d| ?[\w/]+\.(?:cpp|cc|h|cu|py):\d+)"  # PyTorch: [E socket.cpp:858]
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: ([DIWEF]) \S+:\d+\]"  # TensorFlow
    r"|(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+:? +\d+ +\d+ ([VDIWEF]) "  # logcat
    r"|(?:(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+:? )?([VDIWEF])/\S+?\( *\d+\): "  # logcat, shorter: E/sync(11167):
    r")"
)
_LETTERS = {"D": 100, "V": 100, "I": INFO, "W": WARNING, "E": ERROR, "F": 600, "C": 600, "A": 0, "T": 100}
_NAMED = re.compile(
    r"([A-Z]{4})\[\d{4,}\]"  # logrus on a terminal: ERRO[0000] message
    r"|=([A-Z]+) REPORT===="  # Erlang: =ERROR REPORT==== 2-Jan-2026::10:00:00 ===
    r"|npm (ERR!|error|WARN|warn|notice|info)(?= |$)"
    r"|\w\S* (Critical|Error|Warning|Information|Verbose): \d+ : "  # .NET's TraceSource: Shop Error: 9 : message
    r"|<([0-7])>"  # syslog's number, as systemd and kernels write it
)
_REPORTS = {"crash": ERROR, "supervisor": ERROR, "err!": ERROR, "progress": INFO}

_CAPITALS = frozenset(
    "TRACE VERBOSE FINEST FINER DEBUG DBG INFO INF SUCCESS NOTICE WARNING WARN WRN ERROR ERR SEVERE CRITICAL CRIT FATAL"
    " FTL PANIC DPANIC ALERT EMERGENCY EMERG VRB TRC ERRO FATA DEBU".split()
)
"""Capitals that are a level without any sign beside them."""
_SENTENCE = frozenset("NO NOT ZERO UNKNOWN ANY LAST ON IN OF TO AN THE IF".split())
"""Capitals before a level word that make it a part of a sentence."""
_POSTGRES = frozenset(("LOG:", "DETAIL:", "HINT:", "STATEMENT:", "CONTEXT:", "LOCATION:", "CONFIG:"))
"""PostgreSQL's lines that belong to another or are chatter, and java.util.logging's CONFIG."""

_FIELD = re.compile(
    r"""[\[({]?["']?(?:level|lvl|severity|loglevel|log_level|levelname|log\.level|@level"
    r"|sev)["']?[=:]["']?([A-Za-z]+)"""
    r"""["']?[,;\])}]?(?:[+-]\d)?$""",
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?:^|[\]|>(\[]|(?<=[A-Za-z0-9]):)([A-Z]{3,11})(?=[:\[/|(\]>]|$)")
"""`ERROR:worker:text`, `ERROR/MainProcess]`, `?it/s]ERROR:`, `[0102/120000.1:ERROR:dbus.cc(407)]`."""
_CHANNEL = re.compile(r"^[\w-]+\.([A-Z]{4,9}):$")
"""Monolog: `app.ERROR:`."""
_KEY = re.compile(r"[A-Za-z_]+:$")
_MODULE = re.compile(r"^\[\w+:(\w+)\]$")
"""Apache: `[core:error]`."""
_BEFORE_COLON = re.compile(r"^\d[\d:.,TZ+/-]{4,}$|^[\[(<|-]|[^\d]:$|\d:\d+:$|[\]|)>-]$")
"""What may stand before `error:` in small letters: a time, a bracket, a program's name with a colon."""
_LIST = re.compile(r"(?:[*+>#-]|##+) |\|? *[`$] ?\w")
"""An item of a list, a heading, a change or a quotation."""
_COUNT = re.compile(r"[\s:=|]*(?:\d+[\s|,;.]*)+$|[\s:=]*0\b")
"""What follows a word that is a heading of numbers: `ERROR: 0`."""
_SIGNS = "[](){}<>|:,;*-!.#="


class LevelWord(NamedTuple):
    """A level that a line of text says, and where its word ends."""

    level: int
    end: int


NONE = LevelWord(0, 0)


def without_colours(text: str) -> str:
    """Return the text without ANSI colours."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def level_of_text(text: str) -> LevelWord:
    """Return the first level word of the first line that says anything; `NONE` for none. Colours must be gone."""
    head = text[:_HEAD].lstrip("\n \ufeff").partition("\n")[0]
    if _LIST.match(head):
        return NONE
    offset = text.find(head) if head else 0
    found = _by_letter(head)
    if not found.level:
        found = _by_word(head)
    return LevelWord(found.level, offset + found.end) if found.level else NONE


def _by_letter(head: str) -> LevelWord:
    match = _LETTER.match(head)
    if match:
        return LevelWord(_LETTERS[match[match.lastindex or 0]], match.end())
    match = _NAMED.match(head)
    if match:
        word = match[match.lastindex or 0]
        if word.isdigit():
            return LevelWord(level_of_priority(word), match.end())
        folded = word.casefold()
        return LevelWord(SPELLINGS.get(folded, 0) or _REPORTS.get(folded, 0), match.end())
    return NONE


def _by_word(head: str) -> LevelWord:
    quote, before, end = "", "", 0
    words = head.split(None, _MOST_WORDS)
    for index, word in enumerate(words[:_MOST_WORDS]):
        start = head.find(word, end)
        end = start + len(word)
        if quote:
            quote = "" if quote in word else quote
        elif len(word) < 120:
            level = _level_at(head, start, word, before, last=end >= len(head.rstrip()), index=index)
            if level:
                return LevelWord(level, end)
            if word[0] in "\"'`" and word.find(word[0], 1) < 0:
                quote = word[0]
        before = word
    return NONE


def _level_at(head: str, start: int, word: str, before: str, *, last: bool, index: int) -> int:
    core = word.strip(_SIGNS)
    folded = core.casefold()
    level = SPELLINGS.get(folded, 0)
    if level:
        if _COUNT.match(head, start + len(word)):
            return 0
        if core in _CAPITALS and core.isupper():
            is_value = _is_a_value(word, before, core, last=last)
            is_value = is_value or (index == 1 and word == core and _KEY.match(before) is not None)
            return 0 if is_value else level
        if core == "Error" or folded == "alert" or (word in ("panic:", "fatal:") and index == 0):
            return 0  # a program's last words, for which there are rows, or a key
        if _is_marked(head, start, word, before, index):
            return level
        return 0
    if word in _POSTGRES:
        return INFO
    match = _FIELD.match(word) or _GLUED.search(word) or _CHANNEL.match(word) or _MODULE.match(word)
    return SPELLINGS.get(match[1].casefold(), 0) if match else 0


def _is_a_value(word: str, before: str, core: str, *, last: bool) -> bool:
    """Whether capitals are a setting's value (`log_level: ERROR`) or a sentence's part (`UNKNOWN ERROR`)."""
    if before in _SENTENCE or before == "0":
        return True
    return last and word == core and before[-1:] in (":", "=", "")


def _is_marked(head: str, start: int, word: str, before: str, index: int) -> bool:
    """Whether a level in small letters is marked as one: `[error]`, `| error |`, `error:`, a tab on both sides."""
    end = start + len(word)
    if word[0] in "[(<|" and (word[-1] in "])>|:" or head[end : end + 40].lstrip().startswith("]")):
        return True
    if word[-1] == ":" and (not before or _BEFORE_COLON.search(before) is not None):
        return True
    if head[start - 1 : start] == "\t" and head[end : end + 1] == "\t":
        return True
    stamped = before[:1].isdigit() and (":" in before or "T" in before)
    return index in (1, 2) and stamped and word.islower() and word.isalpha()
