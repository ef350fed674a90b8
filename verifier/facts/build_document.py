"""The part of a build's document that its record keeps: enough to judge it again, and never too much to be written.

Firestore takes 1 MiB a document, and a build may have 200 substitutions of 4,000 bytes: what a submitter can make long
is cut where no meaning is lost, and what is too long all the same is left out as a whole and said to be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any

import re2

from verifier.errors import Malformed

MOST_BYTES = 500_000
"""As the ledger writes it. About half of what a record may have: the other half is for the judgement."""

_SUCCESS = "SUCCESS"
_IDENTITY = "id name projectId status buildTriggerId createTime startTime finishTime".split()
"""What the service writes, which is short."""
_FIELDS = [*_IDENTITY, *"statusDetail source serviceAccount gitConfig failureInfo oversize".split()]
_FORM = "kept"
FORM = 2
"""What a document says of itself that was trimmed as it is here. 0.1.0 said nothing, and cut without counting."""
_READ_CLAIMS = re2.compile(
    r"^(COMMIT_SHA|REVISION_ID|SHORT_SHA|BRANCH_NAME|TAG_NAME|REF_NAME|REPO_NAME|REPO_FULL_NAME|TRIGGER_NAME"
    r"|_PR_NUMBER|_HEAD_BRANCH|_BASE_BRANCH|_HEAD_REPO_URL|_GAE_APPLICATION_YAML_PATH|_\w*(SHA|COMMIT|REVISION)\w*)$"
)
"""The substitutions that judgement or a report reads; the others are not kept."""
_MOST_CLAIM = 300
"""Characters: no branch's name is longer."""
_MOST_OWN_CLAIM = 100
"""Characters of a claim whose name is the submitter's own: no commit is longer, and 200 of them fit, in any script."""
_MOST_TAGS = 64
_MOST_TAG = 128
_MOST_IMAGES = 200
_MOST_IMAGE = 600
_MOST_DIGEST = 100
_MOST_ARGS = 4
_MOST_ARG = 300
_MOST_SCRIPT = 10_000
_MOST_STEPS = 100
_MOST_WORD = 100
_MOST_DEPENDENCIES = 64
_MOST_ADDRESS = 600
_PLACE = re.compile(r"gs://[^\t\n\f\r '\"]+")
_UNICODE = json.JSONEncoder(ensure_ascii=False)
_AS_STORED = json.JSONEncoder(sort_keys=True)
_ANY_ORDER = json.JSONEncoder()
"""As long as what is stored."""


def trimmed(document: object) -> dict[str, Any]:
    """Return what is kept of a build's document; of what was kept, the same.

    Where that would be more than `MOST_BYTES` it is the build's identity alone, with `oversize`: how many bytes it
    would have been, and their digest. Raises Malformed for a wrong shape, and for what is no JSON in valid Unicode.
    """
    kept = _fields(_mapping(document, "build"))
    try:
        text = _ANY_ORDER.encode(kept)
        if "\\ud" in text:  # a half of a surrogate pair, if it is not both of them, or a text that looks like one
            _UNICODE.encode(kept).encode()
    except (TypeError, ValueError) as error:
        raise Malformed(f"build: expected JSON values in valid Unicode, got one that is not ({error})") from error
    if len(text) <= MOST_BYTES:
        return kept
    text = _AS_STORED.encode(kept)
    identity = {field: kept[field] for field in _IDENTITY if field in kept}
    # The record's digest of its input is made of what is kept: this one ties it to what is not.
    return _fields(identity | {"oversize": {"bytes": len(text), "sha256": sha256(text.encode()).hexdigest()}})


def is_whole(document: Mapping[str, Any]) -> bool:
    """Whether this kept document was trimmed as it is here: what was cut off is counted in it."""
    return document.get(_FORM) == FORM


def _fields(top: Mapping[str, Any]) -> dict[str, Any]:
    provenance = _lean(_mapping(top.get("sourceProvenance") or {}, "sourceProvenance"))
    provenance.pop("fileHashes", None)
    kept = {field: top[field] for field in _FIELDS if field in top} | {
        _FORM: FORM,
        "sourceProvenance": provenance,
        "results": _results(_mapping(top.get("results") or {}, "results")),
        "steps": [*_fetch_step(top), *_shipping_steps(top)],
        "substitutions": _claims(top),
        "tags": [text_in(tag, "tags")[:_MOST_TAG] for tag in _list(top.get("tags"), "tags")][:_MOST_TAGS],
        "dependencies": list(_dependencies(_list(top.get("dependencies"), "dependencies"))),
    }
    if kept.get("source") is not None:
        kept["source"] = _lean(_mapping(kept["source"], "source"))
    return kept


def _results(results: Mapping[str, Any]) -> dict[str, Any]:
    images = [_image(item) for item in _mappings(results.get("images"))]
    before = results.get("imagesCut", 0)
    cut = max(len(images) - _MOST_IMAGES, 0) + (before if type(before) is int else 0)
    return {"images": images[:_MOST_IMAGES]} | ({"imagesCut": cut} if cut > 0 else {})


def _lean(sources: Mapping[str, Any]) -> dict[str, Any]:
    """Without the substitutions that a repository's source may bring along: nothing reads them."""
    unread = "substitutions"
    return {
        kind: {name: part[name] for name in part if name != unread} if isinstance(part, (dict, Mapping)) else part
        for kind, part in sources.items()
    }


def _image(item: Mapping[str, Any]) -> Mapping[str, str]:
    name, digest = (str(item.get(field) or "") for field in ("name", "digest"))
    return {"name": name[:_MOST_IMAGE], "digest": digest[:_MOST_DIGEST]}


def _fetch_step(top: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the first step, when it fetches from Cloud Storage: services that deploy functions work that way.

    Of its arguments, the places that it fetches from.
    """
    for step in list(_mappings(top.get("steps")))[:1]:
        args = (str(arg)[:_MOST_SCRIPT] for arg in _list(step.get("args"), "steps[0].args"))
        found = (place[:_MOST_ARG] for arg in args if "gs://" in arg for place in _PLACE.findall(arg))
        places = list(islice(found, _MOST_ARGS))
        if places:
            yield {"name": str(step.get("name", ""))[:_MOST_ARG], "args": places}


def _shipping_steps(top: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps that may have shipped, of a build that did not succeed: never what they were told to do.

    Of a build that succeeded, nothing hangs on them.
    """
    if top.get("status") == _SUCCESS:
        return
    from verifier.facts.shipping import shipping_word  # only failed builds need its table

    found = 0
    for step in _mappings(top.get("steps")):
        if step.get("status") != _SUCCESS or found == _MOST_STEPS:
            continue
        word = str(step.get("word") or "") or shipping_word(step)
        if word:
            found += 1
            named = {name: str(step.get(name, ""))[:_MOST_WORD] for name in ("id", "name")}
            yield named | {"status": _SUCCESS, "word": word[:_MOST_WORD]}


def _dependencies(entries: list[object]) -> Iterator[Mapping[str, Any]]:
    """Where each further source came from, once where several are the same; the last one says how many more."""
    distinct: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    for entry in entries:
        lean = _dependency(entry)
        mark = repr(lean)
        if mark not in seen:
            seen.add(mark)
            distinct.append(lean)
    if len(distinct) <= _MOST_DEPENDENCIES:
        yield from distinct
        return
    # Where one of them says that the source was not fetched, that one is not among those that are cut.
    distinct.sort(key=lambda lean: "empty" not in lean)
    yield from distinct[: _MOST_DEPENDENCIES - 1]
    yield {"other": f"one of {len(distinct) - _MOST_DEPENDENCIES + 1} more than are kept"}


def _dependency(entry: object) -> Mapping[str, Any]:
    if not isinstance(entry, (dict, Mapping)):
        return {"other": type(entry).__name__}
    if entry.get("empty") not in (None, False):
        return {"empty": True}
    git = entry.get("gitSource")
    if isinstance(git, (dict, Mapping)):
        named = git.get("repository", git.get("address", ""))
        if isinstance(named, (dict, Mapping)):
            named = named.get("url") or named.get("developerConnect") or ""
        revision = str(git.get("revision", ""))[:_MOST_ARG]
        return {"gitSource": {"address": str(named)[:_MOST_ADDRESS], "revision": revision}}
    other = entry.get("other") or ", ".join(sorted(str(kind) for kind in entry if kind != "empty"))
    return {"other": str(other)[:_MOST_WORD]}


def _claims(top: Mapping[str, Any]) -> Mapping[str, str]:
    claims = _mapping(top.get("substitutions") or {}, "substitutions")
    read = {name: text_in(value, f"substitutions.{name}") for name, value in claims.items() if _is_read(name)}
    return {name: value[: _MOST_OWN_CLAIM if name.startswith("_") else _MOST_CLAIM] for name, value in read.items()}


@lru_cache(maxsize=4096)
def _is_read(name: str) -> bool:
    return bool(_READ_CLAIMS.match(name))


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, (dict, Mapping)):
        raise Malformed(f"{place}: expected an object, got {type(value).__name__}")
    return value


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, (dict, Mapping)):
            yield item


def _list(value: object, place: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{place}: expected a list, got {type(value).__name__}")
    return value


def text_in(value: object, place: str) -> str:
    """Return the value, which must be text. Raise Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"{place}: expected text, got {type(value).__name__}")
    return value
