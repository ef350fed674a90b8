"""The way back is two commands that can be pasted, or none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.checks.watch.made import JOB, REPOSITORY, START, digest, watch
from verifier.checks.commands import pieces
from verifier.checks.watch.watching import Good, Watch
from verifier.checks.watch.way_back import way_back

GOOD = Good("sha256:" + "a1" * 32, REPOSITORY, "projects/p/locations/l/builds/a", "a" * 40, 12, START)
REGRESSED = replace(watch(good=GOOD, image=f"{REPOSITORY}:latest"), digest="sha256:" + "b2" * 32)
UPDATE = "gcloud run jobs update dev-vividly-content-worker --region=us-central1 --project=vividly-dev"


def test_the_way_back_pins_the_job_and_the_way_on_follows_its_tag_again() -> None:
    way = way_back(REGRESSED)
    assert way is not None
    assert str(way.back) == f"{UPDATE} --image={REPOSITORY}@sha256:{'a1' * 32}"
    assert str(way.undo) == f"{UPDATE} --image={REPOSITORY}:latest"
    assert way.undo_follows_tag


@pytest.mark.parametrize("image", ["", REPOSITORY])
def test_where_the_tag_is_not_known_the_way_on_is_what_runs_now(image: str) -> None:
    way = way_back(replace(REGRESSED, image=image))
    assert way is not None
    assert str(way.undo) == f"{UPDATE} --image={REPOSITORY}@sha256:{'b2' * 32}"
    assert not way.undo_follows_tag


def test_the_commands_are_found_again_in_a_text() -> None:
    way = way_back(REGRESSED)
    assert way is not None
    assert [command for _, command in pieces(f"Back: {way.back}")] == [False, True]


@pytest.mark.parametrize(
    "one",
    [
        replace(REGRESSED, good=None),
        replace(REGRESSED, digest=GOOD.digest),
        replace(REGRESSED, good=replace(GOOD, repository="x;rm -rf /")),
        replace(REGRESSED, image="x$(id):latest"),
        replace(REGRESSED, job=replace(JOB, location="us central1")),
        replace(REGRESSED, good=replace(GOOD, digest=digest("z"))),
    ],
)
def test_there_is_no_way_where_nothing_good_is_known_or_a_name_is_no_name(one: Watch) -> None:
    assert way_back(one) is None
