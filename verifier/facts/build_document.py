"""The part of a build's document that its record keeps: enough to judge it again, and never too much to be written.

Firestore takes 1 MiB a document, and a build may have 200 substitutions of 4,000 bytes: what a submitter can make long
is cut where no meaning is lost, and what is too long all the same is left out as a whole and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import re2

from verifier.errors import Malformed

MOST_BYTES = 500_000
"""As the ledger writes it. About half of what a record may have: the other half is for the judgement."""

_IDENTITY = "id name projectId status buildTriggerId createTime startTime finishTime".split()
"""What the service writes, which is short."""
_FIELDS = [*_IDENTITY, *"statusDetail source serviceAccount gitConfig failureInfo oversize".split()]
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
_UNICODE = json.JSONEncoder(ensure_ascii=False)
_AS_STORED = json.JSONEncoder(sort_keys=True)


def trimmed(document: object) -> dict[str, Any]:
    """What is kept of a build's document; of what was kept, the same.

    Where that would be more than `MOST_BYTES` it is the build's identity alone, with `oversize`: how many bytes it
    would have been, and their digest. Raises Malformed for a wrong shape, and for what is no JSON in valid Unicode.
    """
    kept = _fields(_mapping(document, "build"))
    try:
        text = _AS_STORED.encode(kept)
        if "\\ud" in text:  # a half of a surrogate pair, if it is not both of them, or a text that looks like one
            _UNICODE.encode(kept).encode()
    except (TypeError, ValueError) as error:
        raise Malformed(f"build: expected JSON values in valid Unicode, got one that is not ({error})") from error
    if len(text) <= MOST_BYTES:
        return kept
    identity = {field: kept[field] for field in _IDENTITY if field in kept}
    # The record's digest of its input is made of what is kept: this one ties it to what is not.
    return _fields(identity | {"oversize": {"bytes": len(text), "sha256": sha256(text.encode()).hexdigest()}})


def _fields(top: Mapping[str, Any]) -> dict[str, Any]:
    results = _mapping(top.get("results") or {}, "results")
    provenance = _lean(_mapping(top.get("sourceProvenance") or {}, "sourceProvenance"))
    provenance.pop("fileHashes", None)
    kept = {field: top[field] for field in _FIELDS if field in top} | {
        "sourceProvenance": provenance,
        "results": {"images": [_image(item) for item in _mappings(results.get("images"))][:_MOST_IMAGES]},
        "steps": list(_fetch_step(top)),
        "substitutions": _claims(top),
        "tags": [text_in(tag, "tags")[:_MOST_TAG] for tag in _list(top.get("tags"), "tags")][:_MOST_TAGS],
        "dependencies": [{"empty": True} for item in _mappings(top.get("dependencies")) if item.get("empty")][:1],
    }
    if kept.get("source") is not None:
        kept["source"] = _lean(_mapping(kept["source"], "source"))
    return kept


def _lean(sources: Mapping[str, Any]) -> dict[str, Any]:
    """Without the substitutions that a repository's source may bring along: nothing reads them."""
    unread = "substitutions"
    return {
        kind: {name: part[name] for name in part if name != unread} if isinstance(part, Mapping) else part
        for kind, part in sources.items()
    }


def _image(item: Mapping[str, Any]) -> Mapping[str, str]:
    name, digest = (str(item.get(field) or "") for field in ("name", "digest"))
    return {"name": name[:_MOST_IMAGE], "digest": digest[:_MOST_DIGEST]}


def _fetch_step(top: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The first step, when it fetches from Cloud Storage: services that deploy functions work that way."""
    for step in list(_mappings(top.get("steps")))[:1]:
        args = [str(arg)[:_MOST_ARG] for arg in _list(step.get("args"), "steps[0].args") if "gs://" in str(arg)]
        if args:
            yield {"name": str(step.get("name", ""))[:_MOST_ARG], "args": args[:_MOST_ARGS]}


def _claims(top: Mapping[str, Any]) -> Mapping[str, str]:
    claims = _mapping(top.get("substitutions") or {}, "substitutions")
    read = {name: text_in(value, f"substitutions.{name}") for name, value in claims.items() if _is_read(name)}
    return {name: value[: _MOST_OWN_CLAIM if name.startswith("_") else _MOST_CLAIM] for name, value in read.items()}


@lru_cache(maxsize=4096)
def _is_read(name: str) -> bool:
    return bool(_READ_CLAIMS.match(name))


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(f"{place}: expected an object, got {type(value).__name__}")
    return value


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, Mapping):
            yield item


def _list(value: object, place: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{place}: expected a list, got {type(value).__name__}")
    return value


def text_in(value: object, place: str) -> str:
    """The value, which must be text. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"{place}: expected text, got {type(value).__name__}")
    return value
