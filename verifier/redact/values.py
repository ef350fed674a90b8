"""Is this value a secret, or does it only stand where one could: a placeholder, a word, code, a file's name?"""

from __future__ import annotations

import re
from collections.abc import Callable

from verifier.redact.rule import SecretValues

# Not RE2, whose Python side is slow for short texts: what is looked at here has `LONGEST_JUDGED` characters at most.
_PLACEHOLDER = re.compile(
    r"""[-*.xX#_?+=\u2022\u25cf\u2026%s]+  # a mask; also what is left of a format or of an ellipsis
    |\[[A-Za-z\ _*.-]{0,40}\]?|<[^<>]*>?|\([a-z\ ]*\)?  # [redacted], <hidden>, (none)
    |\\?\$\{.*|\$\(.*|\$[A-Z_][A-Z0-9_]*|\$[a-z_]+|\{\{.*|\{[\w.!:]*\}?  # ${NAME}, $(command), $NAME, {name}
    |%\(?\w+\)?[sdr%]|%\w+%|\$\d+|@\w+@|@[\w.]+\(.*|:\w+|`.*  # %(name)s, %NAME%, $1, @name@
    |!(?:vault|secret|env|sub|ref|getatt|reference)\b.*  # a tag of YAML
    |(?i:redacted|masked|hidden|filtered|sensitive|scrubbed|removed|omitted|obfuscated|secret|changeme|change[_-]me
    |true|false|yes|no|on|off|none|null|nil|undefined|nan|void|empty|unset|unknown|missing|required|optional|default
    |invalid|expired|incorrect|wrong|failed|denied|rejected|mismatch|not|string|str|bytes|bool|int|object|any|self
    |await|async|new|lambda|function|return|typeof|example|placeholder|your[\w-]*|n/a|valuefrom|bearer|basic|jwt|oauth2?)""",
    re.VERBOSE,
)
_MASK = re.compile(
    r"[*\u2022\u2026.xX_-]+|<[^<>]*>|\$\{.*\}|\$[A-Za-z_]\w*|\{\{.*\}\}|\{\w*\}|%\w+%|%s|\[[Rr](?i:edacted)\]"
)
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)*[(\[].*"  # a call or an index
    r"|[a-z_]+(?:(?:\.|->|::)[A-Za-z_]+)+"  # self.secret, settings.TOKEN
    r"|(?i:[a-z_.-]*(?:password|passwd|passphrase|pass|pwd|secret|token|credentials?|key))"  # the name once more
)
_PLACE = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}:(?://.*)?|[a-z]{2,12}:[a-z:/].*"  # an address is judged by itself; vault:..., arn:aws:...
    r"|(?:~|\.{1,2})?(?:/[a-z0-9_.@-]{1,60})+/?|[A-Za-z]:\\.*"
    r"|(?:[a-z0-9_.-]{1,40}/)+[a-z0-9_.-]{1,40}"
    r"|projects/.*|[a-z0-9_-]{1,60}:(?:latest|\d+)"
    r"|[\w.-]{1,60}\.(?:py|js|ts|go|rb|java|json|ya?ml|toml|txt|pem|env|md|html|cs|php|rs|sh|conf|cfg|ini|log)"
)
_WORD = re.compile(
    r"[A-Za-z]?[a-z]*(?:[-_'./ ][A-Za-z]?[a-z]+)*|[A-Z][A-Z_]*|[Tt]est_?[A-Z_]\w*"
    r"|\d{1,5}(?:\.\d+)?(?:ms|s|m|h|d|%|[kKMG]i?B?)?|0x[0-9a-f]{1,4}"
)
_CAMEL = re.compile(r"[A-Z]{0,5}[a-z]{2,}(?:[A-Z]{1,5}[a-z]{2,})*[A-Z]{0,3}")
_KIND = re.compile(r"(?i:(?:scram-)?sha-?\d+(?:-[a-z]+)?|md5|[hrep]s(?:256|384|512)|oauth2?|v\d+|utf-?8|base64)")
_UUID = re.compile(r"(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})")
_SYMBOL = re.compile(r"[!@#$%^&*+/=~]")
_FLAG = re.compile(r"(?:^|[\s\"'=(\[])(?:-{1,2}|(?:ENV|setenv|setx|set|set -\w+)\s+)[A-Za-z0-9_-]{1,60}[\"',]*$")
_NO_SECRET = re.compile(
    r"(?i:(?:page|next|continuation|sync|resume|cancell?ation|pad|eos|bos|unk|sep|mask|cls|stop|special)[_-]?"
    r"|(?:unexpected|illegal|special|stop)\s|\barn:[\w:/-]{0,60}:)$"
)
"""What stands before `token` where it is a place in a listing or a word of a language."""
_PLAIN_KEY = re.compile(
    r"(?i:(?:cache|primary|foreign|public|publishable|partition|sort|idempotency|object|routing|row|hash|range|group"
    r"|unique|lookup|index|message|event|job|task|item|entity|document|blob|file|path|lock|dedup\w*|content|shard"
    r"|websocket)[_-]key)"
)
_PIN = re.compile(r"\d{4,10}")
_MOST_ROWS = 5
_CLOSERS = {")": "(", "]": "[", "}": "{", ">": "<"}


def is_secret(judge: SecretValues, before: str, lead: str, value: str) -> bool:
    """Return whether the value is one, of at most `LONGEST_JUDGED` characters.

    `lead` is what the rule matched before the value: the name and the signs; `before` is what stands before that.
    """
    value = without_closers(value)
    match judge:
        case SecretValues.ALL:
            return True
        case SecretValues.NO_MASK:
            return not _MASK.fullmatch(value)
        case SecretValues.NO_PLACEHOLDER:
            return not _is_placeholder(value) and not _NO_SECRET.search(before)
        case SecretValues.QUOTED:
            parts = re.split(r"[\"']", value)
            return any(not _is_placeholder(part.strip(" ,")) for part in parts) and not _NO_SECRET.search(before)
        case SecretValues.NO_WORD:
            return not _is_word(value) and not _NO_SECRET.search(before)
        case SecretValues.RANDOM:
            return _is_random(lead, value)
        case SecretValues.STRICT:
            return _is_random("", value) and (_has(value, str.isupper) or bool(_SYMBOL.search(value)))
        case SecretValues.MIXED:
            return _has(value, str.isupper) and _has(value, str.islower) and _has(value, str.isdigit)
        case SecretValues.AFTER_BLANK:
            if _is_column(before, lead):
                return not _is_word(value) and not _NO_SECRET.search(before)
            return _is_random(lead, value)
        case SecretValues.FLAG:
            return _is_column(before, lead) and _is_random(lead, value)
        case SecretValues.TABLE:
            return _is_table(before, lead, value)


def _is_column(before: str, lead: str) -> bool:
    """Return whether the value follows a flag, the name in a command that sets it, or more than one blank."""
    return lead.rstrip("\"'").endswith(("  ", "\t")) or _FLAG.search(before + lead.rstrip()) is not None


def without_closers(value: str) -> str:
    """Return the value without the brackets at its end that were opened before it."""
    while value and value[-1] in _CLOSERS and _CLOSERS[value[-1]] not in value:
        value = value[:-1]
    return value


def _is_placeholder(value: str) -> bool:
    value = value.strip().rstrip(": ")
    shapes = (_PLACEHOLDER, _CODE, _PLACE)
    return not value or any(shape.fullmatch(value) for shape in shapes)


def _is_word(value: str) -> bool:
    bare = value.strip().rstrip(".,:;!?")
    if bare.isascii() and bare.islower() and bare.isalpha():
        return True
    return _is_placeholder(bare) or bool(_WORD.fullmatch(bare)) or bool(_KIND.fullmatch(bare))


def _is_random(lead: str, value: str) -> bool:
    if _PIN.fullmatch(value):
        return "pin" in lead.lower() or "otp" in lead.lower()
    if len(value) < 6 or _is_word(value) or _UUID.fullmatch(value) or _PLAIN_KEY.search(lead):
        return False
    cases = _has(value, str.isupper) and _has(value, str.islower)
    if not _has(value, str.isalpha):
        return False
    if not _has(value, str.isdigit):
        return cases and len(value) >= 12 and value.isalpha() and not _CAMEL.fullmatch(value)
    return cases or len(value) >= 10 or _SYMBOL.search(value) is not None


def _has(value: str, kind: Callable[[str], bool]) -> bool:
    return any(map(kind, value))


def _is_table(before: str, lead: str, value: str) -> bool:
    """Return whether heading and rows have as many columns, and a value in them is no word."""
    heading = before.rpartition("\n")[2] + lead.partition("\n")[0]
    signs = [sign for sign in ",;\t" if sign in heading]
    if len(signs) != 1 or f"{signs[0]} " in heading:
        return False
    rows = value.splitlines()[:_MOST_ROWS]
    same = all(row.count(signs[0]) == heading.count(signs[0]) for row in rows)
    return same and any(not _is_word(field.strip("\"' ")) for row in rows for field in row.split(signs[0]))
