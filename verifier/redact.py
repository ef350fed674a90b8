"""Secrets out of text, and text made plain, before anything from builds or logs is shown or stored.

The rules know what secrets look like by their makers' prefixes, and where people write them (headers, assignments,
addresses). They run in RE2 as one expression: one pass, linear time, whatever the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import quote

import re2

REDACTED = "[redacted]"
FAILED = "[could not be redacted]"
"""Stands for the whole text when a secret in it might otherwise be shown."""

_SHORTEST_SECRET = 4
"""Shorter values would redact ordinary words and protect nothing."""

_NAME = (
    r"(?:password|passwd|passphrase|[_;-]pwd|secret|token|client[_-]?secret"
    r"|(?:api|access|secret|private|signing|encryption|account)[_-]?key)"
)
_QUOTED = r"""[bru]{0,2}(?:"((?:[^"\\\r\n]|\\.)+)|'((?:[^'\\\r\n]|\\.)+))"""
_DATABASE = r"(?:postgres|postgresql|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle)(?:\+\w+)?"
_HEADER_SIGNS = r"""\\?["']?\s*[:=]\s*\\?["']?"""

RULES = (
    (
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-[^-])*(?:-----END [A-Z0-9 ]*-----)?",
    ),
    ("age key", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    ("authorization header", rf"""(?i:authorization{_HEADER_SIGNS}(?:[a-z0-9-]{{4,20}} +)?([^\r\n"'\\]+))"""),
    ("cookie header", rf"""(?i:\bcookie{_HEADER_SIGNS}([^\s"'=]{{1,40}}=[^\r\n"'\\]+))"""),
    ("key header", rf"""(?i:\b(?:x-[a-z-]{{0,30}}(?:key|token|secret)|private-token){_HEADER_SIGNS}([^\s"',;\\]+))"""),
    ("bearer token", r"(?i:\bbearer\s+([a-z0-9._~+/=-]{20,}))"),
    ("basic credentials", r"(?i:\bbasic\s+([a-z0-9+/]{24,}={0,2}|[a-z0-9+/]{6,}={1,2}))"),
    ("JWT or JSON in base64", r"eyJ[\w-]{17,}(?:\.[\w-]*)*"),
    ("AWS key id", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    ("Google API key", r"AIza[\w-]{35,}"),
    ("Google access token", r"ya29\.[\w.-]{10,}"),
    ("Google refresh token", r"\b1//0[\w-]{20,}"),
    ("Google client secret", r"GOCSPX-[\w-]{16,}"),
    ("Google HMAC key id", r"GOOG1[A-Z0-9]{16,}"),
    ("GitHub token", r"gh[pousr]_\w{20,}|github_pat_\w{20,}"),
    ("GitLab token", r"gl(?:pat|ptt|dt|rt|cbt|soat|agent|ft|imt|oas)-[\w.-]{16,}"),
    ("Slack token", r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}|xapp-[\w-]{8,}"),
    ("Slack webhook", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]+)"),
    ("Discord webhook", r"discord(?:app)?\.com/api/webhooks/([\w/-]+)"),
    ("Stripe key", r"\b[rs]k_(?:live|test)_\w{10,}|whsec_[\w+/=]{16,}"),
    ("OpenAI or Anthropic key", r"\bsk-[\w-]{20,}"),
    ("npm token", r"npm_\w{30,}"),
    ("PyPI token", r"pypi-AgE[\w-]{16,}"),
    ("SendGrid key", r"\bSG\.[\w-]{16,}(?:\.[\w-]+)?"),
    ("Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("Telegram bot token", r"\b\d{8,10}:AA[\w-]{32,}"),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    ("DigitalOcean token", r"do[opr]_v1_[0-9a-f]{32,}"),
    ("Docker token", r"dckr_[po]at_[\w-]{20,}"),
    ("Vault token", r"hv[sbr]\.[\w-]{20,}"),
    ("Grafana token", r"gl(?:sa|c)_[\w+/=]{20,}"),
    ("Databricks token", r"\bdapi[0-9a-f]{32}"),
    ("Shopify token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("Azure key", r"""(?i:\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([^\s;"']+))"""),
    ("database address", rf"""(?i:\b{_DATABASE}://[^\s/:@"']*:((?:/?[^\s"'<>/])+)@)"""),
    ("password in an address", r"""//[^\s/?#:@"']*:([^\s/"'<>]+)@"""),
    ("token in an address", r"""//([^\s/?#:@"']{20,})@"""),
    (
        "signed address",
        r"""(?i:[?&](?:x-(?:goog|amz)-(?:signature|credential|security-token)|sig|signature)=([^\s&"']+))""",
    ),
    ("key in an address", r"""(?i:[?&]key=([^\s&"']{16,}))"""),
    ("quoted assignment", rf"""(?i:{_NAME}["']?\]?\s*(?:=>|[:=])\s*{_QUOTED})"""),
    ("assignment in quoted JSON", rf"""(?i:{_NAME}\\+["']\s*:\s*\\+["']([^"'\\]+))"""),
    ("assignment", rf"""(?i:{_NAME}[ \t]*=[ \t]*([^\s&"',;=\\][^\s&"',;\\]*))"""),
    ("flag", rf"""(?i:--[a-z-]{{0,20}}{_NAME}[ \t]+([^\s"'-][^\s"']*))"""),
    (
        "password in YAML",
        r"""(?i:(?:password|passwd|passphrase|(?:api|access|secret|private)[_-]?key):[ \t]+([^\s"',;&]{6,}))""",
    ),
    ("token in YAML", r"(?i:(?:token|secret):[ \t]+([a-z0-9+/_=.-]{20,}))"),
)
"""What is looked for, by name. At the leftmost place where a rule fits, the first that does decides.

Where a rule has a group, the group is the secret; where it has none, all that it matches is. What a rule may scan in
vain ends at the next place where it can begin: so the time stays linear in the text, however many secrets it holds.
"""

_NEWLINES = str.maketrans(dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"))
_UNSEEN = re2.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # ANSI: colours and cursor movements
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # ANSI: titles and links
    r"|\x1b[@-Z\\^_]"
    r"|[^\P{Cc}\n\t]+"  # control characters
    r"|[\p{Cf}\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}]+"
)
"""The last line: what has no width or turns the direction of text, and the fillers that look like nothing."""


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with `[redacted]` for everything that looks like a secret, and for these very values.

    Never raises and fails closed: when it can't do its work, the answer is `[could not be redacted]`.
    """
    try:
        return _by_rules(_without(_encodable(text), secrets))
    except Exception:  # noqa: BLE001 - whatever went wrong, the text must not get out
        return FAILED


def plain(text: str, most: int) -> str:
    """Text of at most `most` characters that is what it looks like.

    Control characters (but newline and tab), ANSI escapes, bidi and zero-width characters are dropped, every kind
    of line end is a newline, a lone surrogate is U+FFFD; what is too long ends in an ellipsis.
    """
    return _capped(_seen(text), most)


def excerpt(text: str, most: int, secrets: Iterable[str] = ()) -> str:
    """Plain text without secrets, of at most `most` characters.

    Made plain first, so that no invisible character parts a secret; cut last, so that no part of a secret is left.
    """
    return _capped(redact(_seen(text), [_seen(secret) for secret in secrets]), most)


def one_line(text: str, most: int) -> str:
    """Return the same as `excerpt` in a single line: what comes from outside must not look like a line of ours."""
    return " ".join(excerpt(text, most).split())


def _encodable(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _seen(text: str) -> str:
    lines: str = _encodable(text).replace("\r\n", "\n").translate(_NEWLINES)
    return str(_UNSEEN.sub("", lines))


def _capped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)] + "…"[:most]


def _without(text: str, secrets: Iterable[str]) -> str:
    """Without these values, in the forms that they take in text, JSON and addresses."""
    values = {secret.strip() for secret in secrets}
    forms = {form for value in values for form in (value, json.dumps(value)[1:-1], quote(value, safe=""))}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _SHORTEST_SECRET and form not in REDACTED:
            text = text.replace(form, REDACTED)
    return text


def _by_rules(text: str) -> str:
    return str(_rules().sub(_redacted, text))


def _redacted(match: Any) -> str:
    group = match.lastindex or 0
    whole, start = match.group(), match.start()
    return f"{whole[: match.start(group) - start]}{REDACTED}{whole[match.end(group) - start :]}"


@cache
def _rules() -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile("|".join(f"(?:{expression})" for _, expression in RULES), options)
