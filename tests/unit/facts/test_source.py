"""The fact about a build's source: one for each document, proven by what the service wrote and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.builds import CASES, EXPECTED, document
from verifier.errors import Malformed
from verifier.facts.build import SUCCESS, parse_build
from verifier.facts.source import Commit, NoSource, Source, Strength, Unclear, Upload, source_of

SHA = "9f3c1d20a7be45f6681d0e5c27b94a3380fe62d1"
OTHER_SHA = "04be77d1c2a94f3e8d605b1927ce33fa41d8e690"
CLAIMS = st.dictionaries(
    st.sampled_from(
        ["COMMIT_SHA", "REVISION_ID", "SHORT_SHA", "BRANCH_NAME", "REPO_FULL_NAME", "TRIGGER_NAME", "_SHA"]
    ),
    st.sampled_from([SHA, SHA[:7], OTHER_SHA.upper(), "", "main", "vividly/content-worker"]) | st.text(max_size=8),
)
TAGS = st.lists(
    st.sampled_from(["p-gcf", "t-function", f"trigger-{SHA}", SHA, "p-run"]) | st.text(max_size=8), max_size=3
)


def fact_of(changed: Mapping[str, Any]) -> Source:
    return source_of(parse_build(changed))


def described(source: Source) -> dict[str, object]:
    """Return the fact in the words of `expected.json`."""
    values = {field.name: getattr(source, field.name) for field in fields(source)}
    return {"fact": type(source).__name__} | {
        name: None if value is None else str(value) for name, value in values.items()
    }


def is_resolved(source: Source) -> bool:
    return isinstance(source, Commit) and source.strength is Strength.RESOLVED


def test_every_document_has_an_expectation_and_every_expectation_a_document() -> None:
    assert set(CASES) == set(EXPECTED)


@pytest.mark.parametrize("case", CASES)
def test_the_document_shows_the_fact_that_its_name_promises(case: str) -> None:
    expected = {name: value for name, value in EXPECTED[case].items() if name != "unbacked"}
    assert described(fact_of(document(case))) == expected


@pytest.mark.parametrize("fact", ["Commit", "Upload", "NoSource", "Unclear"])
def test_every_kind_of_fact_has_a_document(fact: str) -> None:
    assert any(expected["fact"] == fact for expected in EXPECTED.values())


@pytest.mark.parametrize("strength", Strength)
def test_every_strength_has_a_document(strength: Strength) -> None:
    assert any(expected.get("strength") == strength for expected in EXPECTED.values())


def test_the_literal_rule_alone_would_call_builds_of_commits_local() -> None:
    """`source.repoSource.commitSha` is absent from nearly every build that a commit was built by."""
    commits = [document(case) for case in CASES if EXPECTED[case].get("strength") == "resolved"]
    without = [commit for commit in commits if "commitSha" not in commit["source"].get("repoSource", {})]
    assert len(without) > len(commits) / 2


@settings(deadline=None)
@given(case=st.sampled_from(CASES), claims=CLAIMS, tags=TAGS)
def test_no_substitution_or_tag_makes_or_changes_a_resolved_commit(
    case: str, claims: dict[str, str], tags: list[str]
) -> None:
    original = document(case)
    before = fact_of(original)
    kept = original.get("substitutions", {})
    for substitutions in (claims, kept | claims):
        after = fact_of(original | {"substitutions": substitutions, "tags": tags})
        assert is_resolved(after) == is_resolved(before)
        assert after == before or not is_resolved(before)


@settings(deadline=None)
@given(case=st.sampled_from(CASES), claims=CLAIMS, tags=TAGS)
def test_no_substitution_or_tag_makes_a_commit_of_a_build_that_no_trigger_ran(
    case: str, claims: dict[str, str], tags: list[str]
) -> None:
    submitted = {name: value for name, value in document(case).items() if name != "buildTriggerId"}
    before = fact_of(submitted | {"substitutions": {}, "tags": []})
    after = fact_of(submitted | {"substitutions": claims, "tags": tags})
    assert isinstance(after, Commit) == isinstance(before, Commit)


@pytest.mark.parametrize("case", CASES)
def test_removing_any_one_substitution_or_tag_never_makes_a_resolved_commit(case: str) -> None:
    original = document(case)
    before = is_resolved(fact_of(original))
    claims, tags = original.get("substitutions", {}), original.get("tags", [])
    for name in claims:
        fewer = {other: value for other, value in claims.items() if other != name}
        assert is_resolved(fact_of(original | {"substitutions": fewer})) == before
    for tag in tags:
        assert is_resolved(fact_of(original | {"tags": [other for other in tags if other != tag]})) == before


@pytest.mark.parametrize("case", [case for case in CASES if EXPECTED[case]["fact"] == "Commit"])
def test_a_kind_of_source_that_we_do_not_know_is_never_overlooked(case: str) -> None:
    original = document(case)
    source = {**original["source"], "somethingNew": {}}
    assert fact_of(original | {"source": source}) == Unclear(
        "this version does not know this kind of source", "source.somethingNew"
    )


@pytest.mark.parametrize("case", CASES)
def test_a_source_that_was_not_fetched_proves_nothing_and_excuses_nothing(case: str) -> None:
    ignored = document(case) | {"dependencies": [{"gitSource": {"revision": SHA}}, {"empty": True}]}
    fact = fact_of(document(case))
    if isinstance(fact, Commit | Unclear):
        assert isinstance(fact_of(ignored), Unclear)
    else:
        assert fact_of(ignored) == fact


def test_a_trigger_may_fetch_through_a_proxy_and_a_person_may_not() -> None:
    by_hand = document("unclear-proxied-by-hand")
    assert isinstance(fact_of(by_hand), Unclear)
    assert isinstance(fact_of(by_hand | {"buildTriggerId": "0c1f2f9e-4a5b-4c3d-8e7f-6a5b4c3d2e1f"}), Commit)


@pytest.mark.parametrize("case", [case for case in CASES if EXPECTED[case].get("strength") == "requested"])
def test_a_request_counts_only_when_the_build_succeeded(case: str) -> None:
    for status in ("FAILURE", "WORKING", "TIMEOUT", "CANCELLED", "", "NEW_STATUS"):
        assert isinstance(fact_of(document(case) | {"status": status}), Unclear)
    assert isinstance(fact_of(document(case) | {"status": SUCCESS}), Commit)


def test_a_commit_is_written_in_lower_case() -> None:
    git = {"url": "https://github.com/vividly/content-worker", "revision": SHA.upper()}
    fact = fact_of({"source": {"gitSource": git}, "sourceProvenance": {"resolvedGitSource": git}})
    assert isinstance(fact, Commit)
    assert fact.sha == SHA


@pytest.mark.parametrize(
    "revision",
    ["", "main", SHA[:39], f"{SHA}0", SHA[:7], f"{SHA} ", f"{SHA}\n", f"g{SHA[1:]}", "٣" * 40, f"refs/{SHA}", "HEAD"],
)
def test_only_a_full_commit_is_a_commit(revision: str) -> None:
    git = {"url": "https://github.com/vividly/content-worker", "revision": revision}
    fact = fact_of({"status": SUCCESS, "source": {"gitSource": git}, "sourceProvenance": {"resolvedGitSource": git}})
    assert isinstance(fact, Unclear)


def test_an_empty_source_and_none_are_different_facts() -> None:
    triggered = {"buildTriggerId": "nightly", "substitutions": {"COMMIT_SHA": SHA}, "sourceProvenance": {}}
    assert isinstance(fact_of(triggered | {"source": {}}), Commit)
    assert isinstance(fact_of(triggered), NoSource)


@pytest.mark.parametrize(
    "bucket", ["", "1.cloudbuild-source.googleusercontent.com.evil.example", "x1.cloudbuild-source"]
)
def test_only_the_services_own_bucket_makes_an_upload_a_commit(bucket: str) -> None:
    place = {"bucket": bucket, "object": f"{SHA}-1.tar.gz"}
    claimed = {"buildTriggerId": "nightly", "substitutions": {"COMMIT_SHA": SHA}}
    assert isinstance(fact_of(claimed | {"source": {"storageSource": place}}), Upload)
    owned = place | {"bucket": "402118557731.cloudbuild-source.googleusercontent.com"}
    assert isinstance(fact_of(claimed | {"source": {"storageSource": owned}}), Commit)


STAMP = "1793697255.481132-39d1c221e0e5aa6e15c67179c887048f"


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        (f"source/{STAMP}.tgz", "gcloud builds submit"),
        (f"source/{STAMP}.zip", "gcloud builds submit"),
        (f"{STAMP}.tgz", "gcloud builds submit --gcs-source-staging-dir"),
        (f"nightly/content worker/{STAMP}.tgz", "gcloud builds submit --gcs-source-staging-dir"),
        (f"a/source/{STAMP}.gz", "gcloud builds submit --gcs-source-staging-dir"),
        (f"a\nb/{STAMP}.zip", "gcloud builds submit --gcs-source-staging-dir"),
        (f"a-{STAMP}.tgz", "unknown"),
        (f"a/{STAMP}.tgz.bak", "unknown"),
        (f"a/{STAMP}.tgz\n", "unknown"),
        (f"a/{STAMP}.json", "unknown"),
        (f"a/{STAMP[:-1]}.tgz", "unknown"),
        ("a/1793697255.481132-39D1C221E0E5AA6E15C67179C887048F.tgz", "unknown"),
        ("source.tgz", "unknown"),
    ],
)
def test_an_upload_by_builds_submit_is_known_by_its_name_wherever_it_was_put(name: str, tool: str) -> None:
    place = {"bucket": "vividly-handover", "object": name, "generation": "17"}
    assert fact_of({"source": {"storageSource": place}}) == Upload(
        "vividly-handover", name, "17", tool, "source.storageSource"
    )


def test_a_generation_that_was_not_asked_for_contradicts_nothing() -> None:
    place = {"bucket": "vividly-dev_cloudbuild", "object": "source/a.tgz"}
    for asked in ({}, {"generation": "0"}, {"generation": "17"}):
        both = {
            "source": {"storageSource": place | asked},
            "sourceProvenance": {"resolvedStorageSource": place | {"generation": "17"}},
        }
        assert isinstance(fact_of(both), Upload)


KINDS = st.sampled_from(
    "storageSource repoSource gitSource storageSourceManifest connectedRepository developerConnectConfig "
    "resolvedGitSource resolvedRepoSource resolvedConnectedRepository resolvedStorageSource somethingNew".split()
)
FIELDS = st.sampled_from("url revision commitSha branchName repoName bucket object generation repository".split())
VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(SHA) | st.lists(st.text(), max_size=2)
)
PARTS = st.dictionaries(KINDS, VALUES | st.dictionaries(FIELDS, VALUES, max_size=4), max_size=3)


@settings(deadline=None)
@given(source=PARTS, provenance=PARTS, claims=CLAIMS, trigger=st.sampled_from(["", "nightly"]))
def test_every_document_has_exactly_one_fact(
    source: dict[str, Any], provenance: dict[str, Any], claims: dict[str, str], trigger: str
) -> None:
    whole = {
        "status": SUCCESS,
        "source": source,
        "sourceProvenance": provenance,
        "substitutions": claims,
        "buildTriggerId": trigger,
    }
    try:
        fact = fact_of(whole)
    except Malformed:
        return
    assert isinstance(fact, Commit | Upload | Unclear)
    assert not is_resolved(fact) or SHA in str(source) + str(provenance)
