"""How much is kept of each part that a submitter can make long, and that what is cut is counted."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.errors import Malformed
from verifier.facts.build_document import MOST_BYTES, is_whole, trimmed


def part(name: str, **document: Any) -> Any:
    """Return what is kept of a document under this name."""
    return trimmed(document)[name]


def long(length: int) -> str:
    return "x" * length


def test_of_nothing_little_is_kept() -> None:
    assert trimmed({}) == {
        "kept": 2,
        "sourceProvenance": {},
        "results": {"images": []},
        "steps": [],
        "substitutions": {},
        "tags": [],
        "dependencies": [],
    }


@pytest.mark.parametrize(
    ("name", "length"),
    [("BRANCH_NAME", 300), ("COMMIT_SHA", 300), ("_GIT_SHA", 100), ("_PR_NUMBER", 100), ("_HEAD_BRANCH", 100)],
)
def test_a_claim_is_kept_up_to_its_length(name: str, length: int) -> None:
    assert part("substitutions", substitutions={name: long(length)}) == {name: long(length)}
    assert part("substitutions", substitutions={name: long(length + 1)}) == {name: long(length)}


def test_a_substitution_that_nothing_reads_is_not_kept() -> None:
    assert part("substitutions", substitutions={"_ENV": "dev", "PROJECT": "p", "_SHA": "a"}) == {"_SHA": "a"}


def test_sixty_four_tags_of_128_characters_are_kept() -> None:
    assert part("tags", tags=[long(128)] * 64) == [long(128)] * 64
    assert part("tags", tags=[long(129)] * 65) == [long(128)] * 64


def image(name: int = 1, digest: int = 1) -> dict[str, str]:
    return {"name": long(name), "digest": long(digest)}


def test_two_hundred_images_are_kept_and_the_others_counted() -> None:
    assert part("results", results={"images": [image()] * 200}) == {"images": [image()] * 200}
    cut = part("results", results={"images": [image()] * 203})
    assert cut == {"images": [image()] * 200, "imagesCut": 3}
    assert part("results", results=cut) == cut
    assert part("results", results={"images": [image()], "imagesCut": 4}) == {"images": [image()], "imagesCut": 4}
    for odd in (True, "3", None, -1, 0):
        assert part("results", results={"images": [image()], "imagesCut": odd}) == {"images": [image()]}


def test_an_images_name_and_digest_are_kept_up_to_their_lengths() -> None:
    assert part("results", results={"images": [image(600, 100)]}) == {"images": [image(600, 100)]}
    assert part("results", results={"images": [image(601, 101)]}) == {"images": [image(600, 100)]}
    odd = [{"name": None}, "no image", {"digest": 7}]
    assert part("results", results={"images": odd}) == {
        "images": [{"name": "", "digest": ""}, {"name": "", "digest": "7"}]
    }


def test_of_the_first_step_that_fetches_the_places_are_kept() -> None:
    def steps(*args: str, name: str = "gsutil") -> Any:
        return part("steps", status="SUCCESS", steps=[{"name": name, "args": list(args)}])

    assert steps("cp", "gs://a/b", ".") == [{"name": "gsutil", "args": ["gs://a/b"]}]
    assert steps("-c", "fetch 'gs://a/b' gs://c") == [{"name": "gsutil", "args": ["gs://a/b", "gs://c"]}]
    assert steps(*["gs://a"] * 5) == [{"name": "gsutil", "args": ["gs://a"] * 4}]
    assert steps(f"gs://{long(295)}", name=long(300)) == [{"name": long(300), "args": [f"gs://{long(295)}"]}]
    assert steps(f"gs://{long(296)}", name=long(301)) == [{"name": long(300), "args": [f"gs://{long(295)}"]}]
    assert steps(long(9_990) + " gs://abcd") == [{"name": "gsutil", "args": ["gs://abcd"]}]
    assert steps(long(9_991) + " gs://abcd") == [{"name": "gsutil", "args": ["gs://abc"]}]
    assert steps("cp", "a", "b") == []
    two = [{"name": "ubuntu", "args": ["test"]}, {"name": "gsutil", "args": ["gs://a/b"]}]
    assert part("steps", status="SUCCESS", steps=two) == []
    assert part("steps", status="SUCCESS", steps=two[::-1]) == [{"name": "gsutil", "args": ["gs://a/b"]}]


PUSH = {"id": "Push", "name": "docker", "args": ["push", "a"], "status": "SUCCESS"}
PUSHED = {"id": "Push", "name": "docker", "status": "SUCCESS", "word": "docker push"}


@pytest.mark.parametrize("status", ["FAILURE", "CANCELLED", "TIMEOUT", None])
def test_of_a_build_that_did_not_succeed_the_steps_that_shipped_are_kept(status: str | None) -> None:
    assert part("steps", status=status, steps=[PUSH, {**PUSH, "status": "FAILURE"}, {"name": "ubuntu"}]) == [PUSHED]
    assert part("steps", status="SUCCESS", steps=[PUSH]) == []
    assert part("steps", status=status, steps=[PUSH] * 100) == [PUSHED] * 100
    assert part("steps", status=status, steps=[PUSH] * 101) == [PUSHED] * 100
    assert part("steps", status=status, steps=[PUSHED]) == [PUSHED]


def test_of_a_step_that_shipped_a_hundred_characters_are_kept_of_each_word() -> None:
    def kept(length: int) -> Any:
        step = {"id": long(length), "name": long(length), "word": long(length), "status": "SUCCESS"}
        return part("steps", status="FAILURE", steps=[step])

    assert kept(100) == kept(101) == [{"id": long(100), "name": long(100), "status": "SUCCESS", "word": long(100)}]


def git(address: object, revision: str = "a") -> dict[str, Any]:
    return {"gitSource": {"repository": address, "revision": revision}}


def kept_git(address: str, revision: str = "a") -> dict[str, Any]:
    return {"gitSource": {"address": address, "revision": revision}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (git({"url": "https://a"}), kept_git("https://a")),
        (git({"developerConnect": "projects/p"}), kept_git("projects/p")),
        (git({}), kept_git("")),
        (git("https://a"), kept_git("https://a")),
        ({"gitSource": {"address": "https://a", "revision": "a"}}, kept_git("https://a")),
        (git({"url": long(600)}, long(300)), kept_git(long(600), long(300))),
        (git({"url": long(601)}, long(301)), kept_git(long(600), long(300))),
        ({"empty": True}, {"empty": True}),
        ({"empty": "yes"}, {"empty": True}),
        ({"empty": False, "genericArtifact": {}}, {"other": "genericArtifact"}),
        ({"genericArtifact": {}, "another": {}}, {"other": "another, genericArtifact"}),
        ({"other": long(100)}, {"other": long(100)}),
        ({"other": long(101)}, {"other": long(100)}),
        ("text", {"other": "str"}),
        (None, {"other": "NoneType"}),
    ],
)
def test_a_further_source_is_kept_by_what_it_is(given: object, kept: dict[str, Any]) -> None:
    assert part("dependencies", dependencies=[given]) == [kept]
    assert part("dependencies", dependencies=[given, given]) == [kept]


def test_sixty_four_further_sources_are_kept_and_the_others_counted() -> None:
    many = [git(f"https://a/{number}") for number in range(66)]
    kept = [kept_git(f"https://a/{number}") for number in range(66)]
    assert part("dependencies", dependencies=many[:64]) == kept[:64]
    assert part("dependencies", dependencies=many[:65]) == [*kept[:63], {"other": "one of 2 more than are kept"}]
    assert part("dependencies", dependencies=many) == [*kept[:63], {"other": "one of 3 more than are kept"}]
    assert part("dependencies", dependencies=[*many, {"empty": True}])[0] == {"empty": True}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "build: expected an object, got list"),
        ({"source": 7}, "source: expected an object, got int"),
        ({"sourceProvenance": [1]}, "sourceProvenance: expected an object, got list"),
        ({"results": "x"}, "results: expected an object, got str"),
        ({"substitutions": 1.5}, "substitutions: expected an object, got float"),
        ({"substitutions": {"COMMIT_SHA": 7}}, "substitutions.COMMIT_SHA: expected text, got int"),
        ({"tags": "a"}, "tags: expected a list, got str"),
        ({"tags": [7]}, "tags: expected text, got int"),
        ({"dependencies": {}}, "dependencies: expected a list, got dict"),
        ({"steps": [{"args": "a"}]}, "steps[0].args: expected a list, got str"),
    ],
)
def test_a_wrong_shape_is_told_by_its_place(document: object, problem: str) -> None:
    with pytest.raises(Malformed) as caught:
        trimmed(document)
    assert str(caught.value) == problem


def test_what_was_trimmed_here_says_so() -> None:
    assert is_whole(trimmed({}))
    assert not is_whole({})
    assert not is_whole({"kept": 1})


def test_a_document_of_just_as_many_bytes_as_are_kept_is_kept_and_one_byte_more_is_not() -> None:
    def kept(length: int) -> dict[str, Any]:
        return trimmed({"id": "b-1", "serviceAccount": long(length)})

    room = MOST_BYTES - (len(str(kept(0)).replace("'", '"')))
    assert kept(room)["serviceAccount"] == long(room)
    assert "oversize" not in kept(room)
    assert kept(room + 1)["oversize"]["bytes"] == MOST_BYTES + 1
    assert "serviceAccount" not in kept(room + 1)
