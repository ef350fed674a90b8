"""Are the steps that ran those of a configuration? Substitutions aside."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.comparison.steps import StepsAnswer, compared_steps

DOCKER = "gcr.io/cloud-builders/docker"
RAN = [
    {"name": DOCKER, "args": ["build", "-t", "us-docker.pkg.dev/vividly-dev/a/b:85cffd8", "."], "status": "SUCCESS"},
    {"name": "bash", "entrypoint": "bash", "args": ["-c", "echo $HOME costs 3$"], "env": ["A=1"], "timing": {}},
]
WRITTEN = [
    {"name": DOCKER, "args": ["build", "-t", "us-docker.pkg.dev/$PROJECT_ID/a/b:${SHORT_SHA}", "."]},
    {"name": "bash", "entrypoint": "bash", "args": ["-c", "echo $$HOME costs 3$"], "env": ["A=1"]},
]


def changed(number: int, **fields: Any) -> list[dict[str, Any]]:
    return [step | fields if place == number else step for place, step in enumerate(WRITTEN)]


def test_steps_are_the_same_where_only_variables_differ() -> None:
    assert compared_steps(RAN, [{"steps": WRITTEN}]) is StepsAnswer.SAME


def test_steps_are_the_same_where_the_document_has_the_variables_still() -> None:
    assert compared_steps(WRITTEN, [{"steps": WRITTEN}]) is StepsAnswer.SAME


def test_one_of_several_configurations_is_enough() -> None:
    other = {"steps": [{"name": "ubuntu"}]}
    assert compared_steps(RAN, [other, {"steps": WRITTEN}]) is StepsAnswer.SAME


@pytest.mark.parametrize(
    "written",
    [
        WRITTEN[:1],
        [*WRITTEN, {"name": "ubuntu"}],
        WRITTEN[::-1],
        changed(0, name="gcr.io/cloud-builders/docker:20"),
        changed(0, args=["build", "-t", "us-docker.pkg.dev/$PROJECT_ID/a/c:${SHORT_SHA}", "."]),
        changed(0, args=["build", "."]),
        changed(1, env=["A=2"]),
        changed(1, env=[]),
        changed(1, dir="backend"),
        changed(1, entrypoint="sh"),
        changed(1, script="echo"),
        changed(1, secretEnv=["TOKEN"]),
    ],
)
def test_steps_differ_where_anything_else_does(written: list[dict[str, Any]]) -> None:
    assert compared_steps(RAN, [{"steps": written}]) is StepsAnswer.DIFFER


@pytest.mark.parametrize("configuration", [None, [], "steps", {}, {"steps": []}, {"steps": "x"}, {"steps": [1]}])
def test_without_steps_in_a_configuration_nothing_is_compared(configuration: object) -> None:
    assert compared_steps(RAN, [configuration]) is StepsAnswer.NOT_COMPARED
    assert compared_steps(RAN, []) is StepsAnswer.NOT_COMPARED


@pytest.mark.parametrize("ran", [None, [], {}, [1, 2]])
def test_a_document_without_steps_is_not_compared(ran: object) -> None:
    assert compared_steps(ran, [{"steps": WRITTEN}]) is StepsAnswer.NOT_COMPARED


def test_what_stands_around_a_variable_is_taken_word_for_word() -> None:
    written = [{"name": "x", "args": ["a.c$_X"]}]
    assert compared_steps([{"name": "x", "args": ["abcd"]}], [{"steps": written}]) is StepsAnswer.DIFFER
    assert compared_steps([{"name": "x", "args": ["a.cd"]}], [{"steps": written}]) is StepsAnswer.SAME


def test_numbers_and_yes_or_no_are_the_texts_that_they_become() -> None:
    written = [{"name": "x", "args": [8080, True]}]
    assert compared_steps([{"name": "x", "args": ["8080", "true"]}], [{"steps": written}]) is StepsAnswer.SAME


def test_very_many_variables_take_no_time() -> None:
    written = [{"name": "x", "args": ["$_A" * 5_000 + "b"]}]
    assert compared_steps([{"name": "x", "args": ["a" * 50_000]}], [{"steps": written}]) is StepsAnswer.DIFFER
