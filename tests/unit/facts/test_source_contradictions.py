"""Two places of a document that name a source: each pair that differs in one part is unclear, and says where.

A row a part. What both places agree on, and what one of them leaves out, contradicts nothing.
"""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.build import SUCCESS, parse_build
from verifier.facts.repository import parse_repository
from verifier.facts.source import Commit, Source, Strength, Unclear, Upload, source_of

SHA = "9f3c1d20a7be45f6681d0e5c27b94a3380fe62d1"
OTHER_SHA = "04be77d1c2a94f3e8d605b1927ce33fa41d8e690"
ADDRESS = "https://github.com/vividly/content-worker.git"
OTHER_ADDRESS = "https://github.com/vividly/catalogue.git"
CONNECTION = "projects/vividly-dev/locations/us-central1/connections/github/repositories/content-worker"
OTHER_CONNECTION = "projects/vividly-dev/locations/us-central1/connections/github/repositories/catalogue"
WORKER = parse_repository(ADDRESS)
GIT = {"url": ADDRESS, "revision": SHA}
LINKED = {"repository": CONNECTION, "revision": SHA}
MIRROR = {"projectId": "vividly-dev", "repoName": "content-worker", "commitSha": SHA}
PLACE = {"bucket": "vividly-dev_cloudbuild", "object": "source/a.tgz", "generation": "17"}

Parts = dict[str, dict[str, Any]]


def fact_of(source: Parts | None, provenance: Parts) -> Source:
    return source_of(
        parse_build({"projectId": "vividly-dev", "status": SUCCESS, "source": source, "sourceProvenance": provenance})
    )


RESOLVED_GIT = "sourceProvenance.resolvedGitSource.revision"
RESOLVED_LINKED = "sourceProvenance.resolvedConnectedRepository.revision"
RESOLVED_MIRROR = "sourceProvenance.resolvedRepoSource.commitSha"


@pytest.mark.parametrize(
    ("source", "provenance", "fact"),
    [
        (
            {},
            {"resolvedGitSource": GIT, "resolvedConnectedRepository": LINKED | {"revision": OTHER_SHA}},
            Unclear(f"it names another commit than {RESOLVED_LINKED}", RESOLVED_GIT),
        ),
        (
            {},
            {"resolvedRepoSource": MIRROR, "resolvedGitSource": GIT | {"revision": OTHER_SHA}},
            Unclear(f"it names another commit than {RESOLVED_GIT}", RESOLVED_MIRROR),
        ),
        (
            {"gitSource": GIT | {"revision": OTHER_SHA}},
            {"resolvedGitSource": GIT},
            Unclear("it names another commit than source.gitSource.revision", RESOLVED_GIT),
        ),
        (
            {"repoSource": MIRROR | {"commitSha": OTHER_SHA}},
            {"resolvedRepoSource": MIRROR},
            Unclear("it names another commit than source.repoSource.commitSha", RESOLVED_MIRROR),
        ),
        (
            {},
            {"resolvedGitSource": GIT, "resolvedConnectedRepository": LINKED | {"revision": "main"}},
            Unclear("expected a full commit, got 'main'", RESOLVED_LINKED),
        ),
    ],
    ids=["two resolved", "a mirror's and another", "asked for and resolved", "a mirror's own", "the second is none"],
)
def test_two_places_that_name_two_commits_are_unclear(source: Parts, provenance: Parts, fact: Source) -> None:
    assert fact_of(source, provenance) == fact


@pytest.mark.parametrize(
    ("source", "provenance", "fact"),
    [
        (
            {},
            {"resolvedRepoSource": MIRROR, "resolvedGitSource": GIT},
            Unclear(f"it names another repository than {RESOLVED_GIT}", RESOLVED_MIRROR),
        ),
        (
            {"gitSource": GIT | {"url": OTHER_ADDRESS}},
            {"resolvedGitSource": GIT},
            Unclear("it names another repository than source.gitSource.revision", RESOLVED_GIT),
        ),
        (
            {"gitSource": GIT | {"url": OTHER_ADDRESS, "revision": "main"}},
            {"resolvedGitSource": GIT},
            Unclear("it names another repository than source.gitSource.revision", RESOLVED_GIT),
        ),
        (
            {"connectedRepository": LINKED | {"repository": OTHER_CONNECTION}},
            {"resolvedConnectedRepository": LINKED},
            Unclear("it names another repository than source.connectedRepository.revision", RESOLVED_LINKED),
        ),
        (
            {"repoSource": MIRROR | {"projectId": "vividly-prod"}},
            {"resolvedRepoSource": MIRROR},
            Unclear("it names another repository than source.repoSource.commitSha", RESOLVED_MIRROR),
        ),
    ],
    ids=["two resolved", "asked for and resolved", "asked for by a branch", "two connections'", "two projects'"],
)
def test_two_places_that_name_two_repositories_are_unclear(source: Parts, provenance: Parts, fact: Source) -> None:
    assert fact_of(source, provenance) == fact


@pytest.mark.parametrize(
    ("source", "provenance"),
    [
        ({"gitSource": GIT}, {"resolvedGitSource": GIT}),
        ({"gitSource": GIT | {"revision": "main"}}, {"resolvedGitSource": GIT}),
        ({"gitSource": GIT | {"revision": SHA.upper()}}, {"resolvedGitSource": GIT}),
        ({"gitSource": {"revision": SHA}}, {"resolvedGitSource": GIT}),
        ({}, {"resolvedGitSource": GIT, "resolvedConnectedRepository": LINKED}),
        ({"connectedRepository": LINKED}, {"resolvedGitSource": GIT}),
    ],
    ids=["the same", "a branch", "another case", "no address", "an address and a connection", "asked by connection"],
)
def test_two_places_that_agree_are_one_commit(source: Parts, provenance: Parts) -> None:
    assert fact_of(source, provenance) == Commit(SHA, Strength.RESOLVED, WORKER, RESOLVED_GIT)


@pytest.mark.parametrize(
    "part",
    [{"bucket": "another"}, {"object": "source/b.tgz"}, {"generation": "18"}],
    ids=["bucket", "object", "generation"],
)
@pytest.mark.parametrize("kind", ["Source", "SourceManifest"])
def test_two_places_in_storage_that_differ_in_one_part_are_unclear(kind: str, part: dict[str, str]) -> None:
    fact = fact_of({f"storage{kind}": PLACE}, {f"resolvedStorage{kind}": PLACE | part})
    assert fact == Unclear(
        f"it names another file than sourceProvenance.resolvedStorage{kind}", f"source.storage{kind}"
    )


@pytest.mark.parametrize("part", [{"bucket": "another"}, {"object": "source/b.tgz"}], ids=["bucket", "object"])
def test_so_are_two_places_without_a_generation(part: dict[str, str]) -> None:
    bare = {name: PLACE[name] for name in ("bucket", "object")}
    fact = fact_of({"storageSource": bare}, {"resolvedStorageSource": bare | part})
    assert fact == Unclear("it names another file than sourceProvenance.resolvedStorageSource", "source.storageSource")


def test_a_file_and_a_list_of_files_are_two_sources_even_of_one_name() -> None:
    fact = fact_of({"storageSource": PLACE}, {"resolvedStorageSourceManifest": PLACE})
    assert fact == Unclear(
        "it names another file than sourceProvenance.resolvedStorageSourceManifest", "source.storageSource"
    )


@pytest.mark.parametrize(
    ("asked", "generation"),
    [(PLACE, "17"), (PLACE | {"generation": "0"}, "0"), ({"bucket": PLACE["bucket"], "object": PLACE["object"]}, "")],
    ids=["the same", "no generation asked for", "none named"],
)
def test_two_places_that_name_one_file_are_one_upload(asked: dict[str, str], generation: str) -> None:
    fact = fact_of({"storageSource": asked}, {"resolvedStorageSource": PLACE})
    assert fact == Upload(PLACE["bucket"], PLACE["object"], generation, "unknown", "source.storageSource")


@pytest.mark.parametrize(
    ("source", "provenance"),
    [
        ({"storageSource": PLACE, "gitSource": GIT}, {}),
        ({"storageSource": PLACE}, {"resolvedGitSource": GIT}),
        ({"storageSource": PLACE, "repoSource": MIRROR}, {}),
    ],
    ids=["both asked for", "a file asked for, a commit resolved", "a mirror's"],
)
def test_a_file_and_a_commit_are_unclear(source: Parts, provenance: Parts) -> None:
    expected = Unclear("it names both an uploaded file and a repository", "source.storageSource")
    assert fact_of(source, provenance) == expected


def test_two_requests_and_nothing_resolved_are_unclear() -> None:
    fact = fact_of({"gitSource": GIT, "connectedRepository": LINKED}, {})
    assert fact == Unclear(
        "it names another source than source.connectedRepository.revision", "source.gitSource.revision"
    )
