"""Whether a step ships something: each command of the table, and what stands around it."""

from __future__ import annotations

from typing import Any

import pytest

from verifier.facts.shipping import shipping_word
from verifier.facts.shipping_table import SHIPPING


def of_script(script: str) -> str:
    return shipping_word({"name": "ubuntu", "script": script})


def of_args(name: str, *args: object, **fields: Any) -> str:
    return shipping_word({"name": name, "args": list(args), **fields})


def command(line: str) -> str:
    """Return the line of the table as somebody would write it."""
    return line.replace("*", "something").replace("->", "gs://a-bucket")


@pytest.mark.parametrize("line", SHIPPING.strip().splitlines())
def test_every_command_of_the_table_ships_and_none_does_for_show(line: str) -> None:
    name = " ".join(word for word in line.split() if word not in ("*", "->"))
    assert of_script(command(line)) == name
    assert of_script(f"echo {command(line)}") == ""
    assert of_script(f"{command(line)} --dry-run") == ""


@pytest.mark.parametrize("line", [line for line in SHIPPING.strip().splitlines() if line.endswith("->")])
def test_a_copy_ships_only_into_a_bucket(line: str) -> None:
    copy = line.removesuffix(" ->")
    assert of_script(f"{copy} a.txt gs://a-bucket") == copy
    assert of_script(f"{copy} gs://a-bucket a.txt") == ""
    assert of_script(f"{copy} a.txt s3://a-bucket --quiet") == copy
    assert of_script(copy) == ""


@pytest.mark.parametrize(
    "script",
    [
        "npm test\nkubectl apply -f a.yaml\n",
        "npm test && kubectl apply -f a.yaml",
        "npm test; kubectl apply -f a.yaml",
        "npm test | kubectl apply -f -",
        "if true; then kubectl apply -f a.yaml; fi",
        "A=1 B_2=x sudo kubectl apply -f a.yaml",
        "timeout kubectl apply",
        "bash -c 'kubectl apply -f a.yaml'",
        "out=$(kubectl apply -f a.yaml)",
        "echo `kubectl apply -f a.yaml`",
        "kubectl \\\n  apply -f a.yaml",
        "  kubectl apply # now",
        "kubectl --context prod apply -f a.yaml",
        "kubectl --context=prod apply",
        "kubectl alpha apply",
        "/usr/bin/kubectl apply",
        '"kubectl" "apply"',
        "wrapper kubectl apply",
        "npm test\r\nkubectl apply\r\n",
    ],
)
def test_a_command_is_found_wherever_a_shell_would_run_it(script: str) -> None:
    assert of_script(script) == "kubectl apply"


@pytest.mark.parametrize(
    "script",
    [
        "",
        "# kubectl apply",
        "  # kubectl apply",
        "npm test # then kubectl apply",
        "kubectl get pods",
        "kubectl",
        "kubectl --context=prod get apply",
        "kubectl get apply",
        "kubectl applying",
        "mykubectl apply",
        "a b kubectl apply",
        "grep kubectl apply",
        "printf kubectl apply",
        "kubectl apply --dry-run=client",
        "kubectl apply --help",
        "docker buildx build .",
        "docker build --push=false --push .",
        "gcloud builds submit --no-push",
    ],
)
def test_nothing_is_found_where_nothing_ships(script: str) -> None:
    assert of_script(script) == ""


def test_a_steps_tool_is_its_entrypoint_or_the_last_part_of_its_image() -> None:
    assert of_args("gcr.io/cloud-builders/kubectl", "apply") == "kubectl apply"
    assert of_args("gcr.io/cloud-builders/kubectl:v1", "apply") == "kubectl apply"
    assert of_args("gcr.io/cloud-builders/kubectl@sha256:1f", "apply") == "kubectl apply"
    assert of_args("gcr.io/a/cloud-sdk", "kubectl", "apply") == "kubectl apply"
    assert of_args("ubuntu", "-c", "kubectl apply", entrypoint="bash") == "kubectl apply"
    assert of_args("gcr.io/cloud-builders/kubectl", "apply", entrypoint="cat") == ""
    assert shipping_word({"name": "kubectl", "args": "apply"}) == ""
    assert shipping_word({}) == ""


def test_options_count_as_parts_of_words() -> None:
    assert of_args("docker", "buildx", "build", "--output=type=image,push=true") == "docker buildx push=true"
    assert of_args("docker", "build", "--push", ".") == "docker build --push"
    assert of_args("docker", "build", ".") == ""


@pytest.mark.parametrize(
    ("image", "word"),
    [
        ("gcr.io/a/deploy", "image deploy"),
        ("gcr.io/a/cloud-run-deployer:v1", "image cloud-run-deployer"),
        ("gcr.io/a/npm_publish@sha256:1f", "image npm_publish"),
        (f"gcr.io/a/{'x' * 70}-push", f"image {'x' * 60}"),
        ("gcr.io/a/deployed", ""),
        ("gcr.io/deploy/test", ""),
    ],
)
def test_an_image_may_say_that_it_ships(image: str, word: str) -> None:
    assert shipping_word({"name": image}) == word


@pytest.mark.parametrize(
    ("step", "word"),
    [
        ("deploy", "id deploy"),
        (" Deploy-prod ", "id deploy"),
        ("PUSH 1", "id push"),
        ("publish_it", "id publish"),
        ("deployment", ""),
        ("then deploy", ""),
        ("", ""),
    ],
)
def test_a_steps_id_may_say_that_it_ships(step: str, word: str) -> None:
    assert shipping_word({"name": "ubuntu", "id": step}) == word


def test_a_command_is_named_before_an_image_and_an_image_before_an_id() -> None:
    step = {"name": "gcr.io/a/deploy", "id": "push", "script": "kubectl apply"}
    assert shipping_word(step) == "kubectl apply"
    assert shipping_word(step | {"script": ""}) == "image deploy"


def test_of_very_much_the_beginning_is_looked_at() -> None:
    assert of_script("x" * 40_000 + "\nkubectl apply") == "kubectl apply"
    assert of_script("x" * 50_000 + "\nkubectl apply") == ""
    assert of_script("\n" * 1_900 + "kubectl apply") == "kubectl apply"
    assert of_script("\n" * 2_000 + "kubectl apply") == ""
    assert of_args("bash", *["-c"] * 190, "kubectl", "apply") == "kubectl apply"
    assert of_args("bash", "x" * 50_000, ";", "kubectl", "apply") == ""


def test_of_a_steps_words_fifty_thousand_characters_are_looked_at() -> None:
    command = "\nkubectl apply"
    room = 50_000 - len(f"sh  {command}")
    assert of_args("sh", "x" * room, command) == "kubectl apply"
    assert of_args("sh", "x" * (room + 1), command) == ""
    assert of_script("x" * (50_000 - len(command)) + command) == "kubectl apply"
    assert of_script("x" * (50_001 - len(command)) + command) == ""


def test_of_a_step_a_thousand_arguments_two_thousand_commands_and_two_hundred_words_are_looked_at() -> None:
    assert of_args("sh", *["x\n"] * 999, "kubectl apply") == "kubectl apply"
    assert of_args("sh", *["x\n"] * 1_000, "kubectl apply") == ""
    assert of_script("true\n" * 1_999 + "kubectl apply") == "kubectl apply"
    assert of_script("true\n" * 2_000 + "kubectl apply") == ""
    assert of_script(f"kubectl {'-v ' * 198}apply") == "kubectl apply"
    assert of_script(f"kubectl {'-v ' * 199}apply") == ""
