"""Builds changed by their structure, by a seed: whatever comes out, only the one good source may be VERIFIED."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.conformance.builds import (
    ADDRESS,
    CONNECTED,
    EVIL,
    LINKED,
    OTHER_SHA,
    OTHER_TRIGGER_ID,
    REPO,
    SHA,
    TRIGGER_ID,
    UPLOADED,
    Document,
    asked_for,
    by_hand,
    copied_by_the_service,
    hidden,
    mirrored,
    pushed,
    run_deployed,
    uploaded,
    without_source,
)

BASES = (
    pushed,
    pushed,
    pushed,
    mirrored,
    mirrored,
    asked_for,
    by_hand,
    uploaded,
    run_deployed,
    without_source,
    copied_by_the_service,
    hidden,
)
"""Pushes more often than others: nearer to a pass, a mutation is more dangerous."""
_MOST_MUTATIONS = 4
_VALUES: tuple[Any, ...] = (
    *(
        SHA,
        OTHER_SHA,
        SHA[:7],
        SHA.upper(),
        f"{SHA}\n",
        "ab" * 32,
        "main",
        "evil",
        "release/1",
        "v1",
        "refs/pull/7/merge",
    ),
    *(
        ADDRESS,
        EVIL,
        "http://github.com/orchard/press",
        "https://github.com@evil.example/orchard/press",
        CONNECTED,
        LINKED,
    ),
    *(TRIGGER_ID, OTHER_TRIGGER_ID, "SUCCESS", "FAILURE", "WORKING", "", " ", "\u200b", "7", ".*", "main|evil", "true"),
    *(None, True, False, 0, 7, 1.5, [], {}, [SHA], {"empty": True}, ["main"], {"revision": OTHER_SHA}),
    {"gitSource": {"url": EVIL, "revision": OTHER_SHA}},
    {"storageSource": dict(UPLOADED)},
    {"repoSource": {**REPO, "branchName": "evil"}},
    {"resolvedGitSource": {"url": ADDRESS, "revision": SHA}},
    [{"gitSource": {"repository": {"url": EVIL}, "revision": OTHER_SHA}}],
    [{"gitSource": {"repository": {"url": ADDRESS}, "revision": SHA}}],
    [{"genericArtifact": {}}],
)
_KEYS = (
    "source sourceProvenance substitutions dependencies buildTriggerId status projectId name results steps gitConfig "
    "gitSource repoSource storageSource connectedRepository developerConnectConfig storageSourceManifest ociSource "
    "resolvedGitSource resolvedRepoSource resolvedStorageSource resolvedConnectedRepository url revision commitSha "
    "branchName tagName invertRegex repository gitRepositoryLink repoName bucket object generation BRANCH_NAME "
    "TAG_NAME REF_NAME COMMIT_SHA REVISION_ID SHORT_SHA REPO_FULL_NAME TRIGGER_NAME _PR_NUMBER _HEAD_BRANCH images "
    "empty"
).split()
_TWISTS: tuple[Callable[[str, Random], str], ...] = (
    lambda text, _: text.upper(),
    lambda text, _: text[:-1],
    lambda text, _: text[::-1],
    lambda text, chance: text + chance.choice("x\n\0 /.|*\u200b\u202e\U0001f34e"),
    lambda text, chance: chance.choice(" /-.\n") + text,
    lambda text, _: text.replace("orchard", "orchid"),
    lambda text, _: text.replace("https", "http"),
    lambda text, _: text.replace("a", "\u0430"),
    lambda text, _: f"refs/heads/{text}",
)


def mutated(seed: int) -> Document:
    """Return the build of this seed."""
    chance = Random(seed)
    document = chance.choice(BASES)()
    for _ in range(chance.randint(1, _MOST_MUTATIONS)):
        places = list(_places(document))
        chance.choice(_MUTATIONS)(document, places, chance)
    return document


_Place = tuple[Any, Any]
"""A mapping or list, and a key or index of it."""


def _places(value: Any) -> Iterator[_Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(inner):
        yield value, key
        yield from _places(item)


def _set(place: _Place, value: Any) -> None:
    place[0][place[1]] = copy.deepcopy(value)


def _drop(_: Document, places: list[_Place], chance: Random) -> None:
    holder, key = chance.choice(places)
    if isinstance(holder, dict):
        holder.pop(key, None)


def _replace(_: Document, places: list[_Place], chance: Random) -> None:
    _set(chance.choice(places), chance.choice(_VALUES))


def _twist(_: Document, places: list[_Place], chance: Random) -> None:
    texts = [place for place in places if isinstance(place[0][place[1]], str)]
    if texts:
        holder, key = chance.choice(texts)
        holder[key] = chance.choice(_TWISTS)(holder[key], chance)


def _swap(_: Document, places: list[_Place], chance: Random) -> None:
    one, other = chance.choice(places), chance.choice(places)
    values = copy.deepcopy(one[0][one[1]]), copy.deepcopy(other[0][other[1]])
    _set(other, values[0])
    _set(one, values[1])


def _move(_: Document, places: list[_Place], chance: Random) -> None:
    """Put a part under another name, beside the one that it has."""
    holders = [holder for holder, _ in places if isinstance(holder, dict)]
    source = chance.choice(places)
    chance.choice(holders)[chance.choice(_KEYS)] = copy.deepcopy(source[0][source[1]])


def _insert(document: Document, places: list[_Place], chance: Random) -> None:
    holders = [document, *(place[0][place[1]] for place in places if isinstance(place[0][place[1]], dict))]
    chance.choice(holders)[chance.choice(_KEYS)] = copy.deepcopy(chance.choice(_VALUES))


def _rename(_: Document, places: list[_Place], chance: Random) -> None:
    holder, key = chance.choice(places)
    if isinstance(holder, dict):
        value = holder.pop(key)
        holder[chance.choice((key.upper(), f"{key}\u200b", f"#{len(key)}", chance.choice(_KEYS)))] = value


def _graft(document: Document, places: list[_Place], chance: Random) -> None:
    """Put in a whole part of another build."""
    other = chance.choice(BASES)()
    key = chance.choice(list(other))
    document[key] = other[key]


_MUTATIONS: tuple[Callable[[Document, list[_Place], Random], None], ...] = (
    _drop,
    _replace,
    _replace,
    _twist,
    _twist,
    _swap,
    _move,
    _insert,
    _insert,
    _rename,
    _graft,
)
