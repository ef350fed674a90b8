"""What a text of twice the size costs, for everything that reads what somebody else wrote.

Each decoder reads hostile texts of two sizes, in turns; the row shows the text of which the double costs the most.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import process_time
from typing import Any

from google.cloud.logging_v2.types import LogEntry as RawEntry

from tests.benchmarks.effort import Effort
from tests.benchmarks.messages import build
from tests.benchmarks.results import Measurement, ratio, typical
from verifier.adapters.cloud_logging import log_entry
from verifier.checks.policy_file import read_policy
from verifier.config import Watched
from verifier.controller.events import COMPLETION, decode
from verifier.errors import VerifierError
from verifier.facts.build import parse_build
from verifier.facts.claims import unbacked_claims
from verifier.facts.logs import EXECUTION_LABEL, LogEntry, LogReading, LogRules
from verifier.facts.source import source_of
from verifier.facts.upload.archive import Archive
from verifier.facts.upload.ignore import rules_of
from verifier.facts.upload.reading import read_listing
from verifier.facts.upload.summary import summary_of
from verifier.history.gcloud_export import read_documents
from verifier.redact import excerpt, one_line, plain, redact
from verifier.strict_json import parse_json

_GOAL = 2.2
_LEAST_SECONDS = 0.002
"""What costs less says nothing about growth: the clock and the machine's other work do."""
_WATCHED = Watched({"vividly-dev": "402118557731"})
_NOWHERE = Archive("", "", "")
_WHEN = datetime(2026, 11, 23, tzinfo=UTC)

UNITS = (
    "x",
    " ",
    "\n",
    "1,",
    "[",
    "{",
    '{"a":',
    '"a",',
    '"',
    "\\",
    "\\ud800",
    "\n{",
    '{"a": tru}\n',
    "é",
    "\u200b",
    "\x1b[31m",
    "password=a,",
    "password: none ",
    'secret="',
    "token: a ",
    "a,password\n",
    "password: |\n a\n",
    "credentials: ['",
    "postgres://a:b,password=x,",
    "//a:b@",
    "%3a%2f%2fa%3apassword%3dx%26",
    "login a/",
    "-----BEGIN PRIVATE KEY",
    "AKIAABCDEFGHIJKLMNOP\n",
    "eyJhbGciOiJIUzI1NiIsInR5",
    "Traceback (most recent call last)\n",
    "a = 1\n",
    "[[worker]]\n",
    "a = [",
    "(",
    "a.",
    "Error: ",
    "\n\tat a.b(C.java:1)",
    "thread 'a' panicked at 'b', ",
    "'\"",
    "https://aaaaaaaaaaaaaaaaaaaaaaaaa,pwd=x,token=z,",
    "eyJaaaaaaaaaaaaaaaaaaaa-AKIAABCDEFGHIJKLMNOP-",
    "authorization: ",
)
"""What hostile texts are made of: what decoders stumble at, and what begins a secret without ending it."""

Read = Callable[[Any], object]


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure each decoder. No ledger is needed."""
    for name, (read, prepare) in DECODERS.items():
        pairs = [_pairs(read, prepare, unit, effort) for unit in UNITS]
        worst = max((pair for pair in pairs if _counts(pair)), key=ratio, default=max(pairs, key=_seconds))
        double, once = typical([(a * 1e3, b * 1e3) for a, b in worst], "{:.2f} ms")
        value = ratio(worst) if _counts(worst) else 1.0
        yield Measurement(f"decoders: {name}, a text of twice the size", double, once, value, "×", at_most=_GOAL)


def _pairs(read: Read, prepare: Read, unit: str, effort: Effort) -> list[tuple[float, float]]:
    """Return seconds of processor time for the double and the single size, measured in turns."""
    count = max(1, effort.hostile_characters // len(unit))
    single, double = prepare(unit * count), prepare(unit * count * 2)
    _seconds_of(read, single)
    return [(_seconds_of(read, double), _seconds_of(read, single)) for _ in range(effort.doublings)]


def _seconds_of(read: Read, text: object) -> float:
    start = process_time()
    with suppress(VerifierError):
        read(text)
    return process_time() - start


def _seconds(pairs: Sequence[tuple[float, float]]) -> float:
    return min(double for double, _ in pairs)


def _counts(pairs: Sequence[tuple[float, float]]) -> bool:
    return min(single for _, single in pairs) >= _LEAST_SECONDS


def _same(text: str) -> str:
    return text


def _pushed(text: str) -> bytes:
    data = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return json.dumps({"message": {"data": data, "messageId": "17"}}).encode()


def _completed(text: str) -> bytes:
    env = [{"name": part, "value": part} for part in _parts(text)]
    spec = {"spec": {"template": {"spec": {"containers": [{"env": env}]}}}}
    entry = {"protoPayload": {"methodName": COMPLETION, "response": spec}, "labels": {EXECUTION_LABEL: "a"}}
    return _pushed(json.dumps(entry))


def _document(text: str) -> dict[str, Any]:
    """Return a build whose every field that may be long is: the parts of the text."""
    parts = _parts(text)
    return build(
        17,
        substitutions={f"_SHA_{number}": part for number, part in enumerate(parts)} | {"COMMIT_SHA": text},
        steps=[{"name": part, "args": [part]} for part in parts],
        results={"images": [{"name": part, "digest": part} for part in parts]},
        tags=parts,
    )


def _parts(text: str) -> list[str]:
    return [text[at : at + 64] for at in range(0, len(text), 64)]


def _parsed(document: dict[str, Any]) -> object:
    found = parse_build(document)
    return [claim.shown for claim in unbacked_claims(found, source_of(found))]


def _entries(text: str) -> list[LogEntry]:
    """Return the text as one entry, and as one for each of its parts."""
    texts = [text, *_parts(text)]
    return [LogEntry(_WHEN, 500, "run.googleapis.com/stderr", each, "a", "0", "0") for each in texts]


def _long_entry(text: str) -> list[LogEntry]:
    """Return one entry, short enough to be searched whole in both sizes: of a longer one the ends are."""
    return _entries(text[: len(text) // 7])[:1]


def _judged(entries: list[LogEntry]) -> object:
    reading = LogReading(LogRules(), "a")
    reading.feed(entries)
    return reading.facts(truncated=False)


def _raw_entry(text: str) -> object:
    """Return the entry as the service's library reads it."""
    payload = {"message": text, "parts": _parts(text)}
    return RawEntry.pb(RawEntry(log_name="projects/p/logs/x", json_payload=payload, timestamp=_WHEN))


def _archive(text: str) -> bytes:
    """Return a tar archive with a file for each part of the text, named and filled with it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for part in _parts(text):
            member = tarfile.TarInfo(part.encode("utf-8", "replace").decode())
            member.size = len(member.name.encode())
            archive.addfile(member, io.BytesIO(member.name.encode()))
    return out.getvalue()


def _left_out(rules: bytes) -> object:
    return rules_of({".gcloudignore": rules}, has_git=False).leaves_out("app/models/organization.py")


def _policy(text: str) -> bytes:
    return text.encode("utf-8", "replace")


DECODERS: dict[str, tuple[Read, Read]] = {
    "a message's body": (lambda body: decode(body, "/builds", _WATCHED), lambda text: text.encode()),
    "a message's data": (lambda body: decode(body, "/builds", _WATCHED), _pushed),
    "a completion's entry": (lambda body: decode(body, "/executions", _WATCHED), _completed),
    "strict JSON": (lambda text: parse_json(text, "text"), lambda text: text.encode()),
    "strict JSON, a list": (lambda text: parse_json(text, "text"), lambda text: json.dumps(_parts(text)).encode()),
    "a build and its claims": (_parsed, _document),
    "a log entry": (log_entry, _raw_entry),
    "judging log entries": (_judged, _entries),
    "judging a long log entry": (_judged, _long_entry),
    "a policy": (read_policy, _policy),
    "an uploaded archive": (lambda archive: summary_of(read_listing(io.BytesIO(archive)), _NOWHERE), _archive),
    "an upload's rules": (_left_out, _policy),
    "builds in a file": (lambda text: sum(1 for _ in read_documents(io.StringIO(text))), _same),
    "redact": (redact, _same),
    "excerpt": (lambda text: excerpt(text, 4_000), _same),
    "one line": (lambda text: one_line(text, 200), _same),
    "plain": (lambda text: plain(text, 4_000), _same),
}
"""How each reads, and how what it reads is made of a text."""
