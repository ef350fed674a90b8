"""What varies in a message is masked, what tells errors apart is kept.

A word that holds a number, an address, a path or a moment becomes `<*>`, and neighbours merge; a value's name stays
(`retries=<*>`). Quoted names stay (`'feature_flags'`): they are what differs between two errors. So do codes: of exits,
signals, HTTP, SQLSTATE and errno.
"""

from __future__ import annotations

import re

MASK = "<*>"
MOST = 1_000
"""Characters of a message that are looked at."""

_DATA = re.compile(
    r"(invalid literal for int\(\) with base \d+: |could not convert string to \w+: |Invalid isoformat string: "
    r"|unconverted data remains: |invalid input syntax for (?:type )?\w+: "
    r"|not a valid (?:integer|number|UUID|date)\w*: )"
    r".*|(time data ).*( does not match format ).*"
)
"""Runtimes' messages that quote data: what follows is masked."""

_CODE_WORDS = frozenset(
    "exit exited code status signal returned http errno sqlstate error exitcode http/1.1 http/1.0 http/2".split()
)
_PLAIN_WORDS = frozenset(
    "utf-8 utf8 utf-16 base64 base32 sha1 sha256 sha512 md5 s3 ec2 ipv4 ipv6 http2 http/1.1 http/2 oauth2 k8s x86_64"
    " amd64 arm64 int8 int16 int32 int64 uint8 uint32 uint64 float32 float64 python3 h264 mp3 mp4 i18n w3c v1 v2 v3 v4"
    " pkcs8 pkcs12 x509 tls1.2 tls1.3 latin-1 iso-8859-1 cp1252".split()
)
"""Words with figures that are names."""

_INNER_CODE = re.compile(r"^\W*(?:exit|signal|code|status|errno|error)\(?[=(:](\d{1,3})\)?\W*$", re.IGNORECASE)
_HTTP = re.compile(r"^\W*([1-5]\d\d)\W*$")
_STATE = re.compile(r"^\W*([0-9A-Z]{5})\W*$")
_SMALL = re.compile(r"^\W*(\d{1,5})\W*$")
_VENDOR = re.compile(r"^\W*[A-Z]{1,4}-?\d{3,6}:$")
_QUOTED_NAME = re.compile(r"""^[^\w'"`]*(["'`])[A-Za-z_][A-Za-z_.$-]*\d{0,2}\1\W*$""")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w|\w://")
_PATH = re.compile(r"(?:^|[\s\"'`(=:])(?:/|\./|\.\./|[A-Za-z]:\\|~/)[\w.]|\w/[\w.-]+/\w")
_NAMED_VALUE = re.compile(r"([A-Za-z_.()\[{-]{2,40})=")
"""A value with its name, which stays: `retries=7`."""
_WORDS = re.compile(r"\S+")


def masked(message: str) -> str:
    """Return the message with `<*>` for each run of words that vary."""
    message = _DATA.sub(_without_data, message[:MOST])
    said: list[str] = []
    words = _WORDS.findall(message)
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        after = words[index + 1] if index + 1 < len(words) else ""
        shown = _shown(word, before, after)
        if shown != MASK or not said or said[-1] != MASK:
            said.append(shown)
    return " ".join(said)


def _without_data(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}" if match[1] else f"{match[2]}{MASK}{match[3]}{MASK}"


def _shown(word: str, before: str, after: str) -> str:
    if word.isalpha():
        return word
    if not _varies(word, before, after):
        return word
    match = _NAMED_VALUE.match(word)
    return f"{match[1]}={MASK}" if match else MASK


def _varies(word: str, before: str, after: str) -> bool:
    if "@" in word or "://" in word:
        return _ADDRESS.search(word) is not None
    if ("/" in word or "\\" in word) and _PATH.search(word) is not None:
        return True
    if not any(character.isdigit() for character in word):
        return False
    if word.strip("\"'`()[]{}<>,;:.").casefold() in _PLAIN_WORDS or _QUOTED_NAME.match(word):
        return False
    return not _is_code(word, before, after)


def _is_code(word: str, before: str, after: str) -> bool:
    if _INNER_CODE.match(word) or _VENDOR.match(word):
        return True
    last = before.strip("\"'`()[]{}<>,;:.=#").casefold()
    if last in _CODE_WORDS:
        state = last == "sqlstate" and _STATE.match(word) is not None
        return state or (_SMALL.match(word) is not None)
    # 404 GET https://..., 504 Deadline Exceeded
    return _HTTP.match(word) is not None and word[0].isdigit() and after[:1].isupper() and after.isalpha()
