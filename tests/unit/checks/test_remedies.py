"""The command that builds the commit through its trigger: fit to be pasted, and made of policy alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.builders import DIGEST, IMAGE, WORKER, pushed, uploaded
from verifier.checks.policy import Policy, Worker
from verifier.checks.remedies import right_command, worker_of_images, workers_of_images
from verifier.facts.build import Build
from verifier.facts.execution import JobName
from verifier.facts.repository import Repository

OTHER = Worker("catalogue-main", JobName("", "us-central1", "catalogue"), image="eu.gcr.io:443/vividly/catalogue")
GITHUB = Repository("github.com", "vividly/content-worker")
PLACE = "--region=us-central1 --project=vividly-dev"
RUN = f"gcloud builds triggers run content-worker-main --branch=main {PLACE}"
CREATE = (
    "gcloud builds triggers create github --name={name} --repo-owner={owner} --repo-name={repository} "
    f"--branch-pattern='{{pattern}}' --build-config=cloudbuild.yaml {PLACE}"
)


def pushing(*names: str, **fields: Any) -> Build:
    return pushed(results={"images": [{"name": name, "digest": DIGEST} for name in names]}, **fields)


NOTHING = uploaded(results={"images": []})
ELSEWHERE = uploaded(results={"images": []}, name="projects/1/locations/global/builds/a")
NOWHERE = uploaded(results={"images": []}, name="", projectId="")


@pytest.mark.parametrize(
    ("build", "policy", "command"),
    [
        (pushed(), Policy(workers=(OTHER, WORKER)), RUN),
        (
            pushed(),
            Policy(workers=(replace(WORKER, region="europe-west1"),)),
            "gcloud builds triggers run content-worker-main --branch=main --region=europe-west1 --project=vividly-dev",
        ),
        (
            pushed(),
            Policy(workers=(replace(WORKER, branches=()),), branches=("release/*", "stable")),
            f"gcloud builds triggers run content-worker-main --branch=stable {PLACE}",
        ),
        (NOTHING, Policy(workers=(replace(WORKER, image=""),)), RUN),
        (
            ELSEWHERE,
            Policy(workers=(replace(WORKER, image=""),)),
            "gcloud builds triggers run content-worker-main --branch=main --project=vividly-dev",
        ),
    ],
    ids=[
        "the image's worker",
        "its trigger's own region",
        "the policy's branch in full",
        "the only worker",
        "in no region",
    ],
)
def test_a_workers_build_is_run_by_its_trigger(build: Build, policy: Policy, command: str) -> None:
    assert right_command(build, policy) == command


@pytest.mark.parametrize(
    ("build", "policy", "command"),
    [
        (
            NOTHING,
            Policy(),
            CREATE.format(name="repository-main", owner="OWNER", repository="REPOSITORY", pattern="^main$"),
        ),
        (
            pushed(),
            Policy(repositories=frozenset({Repository("", "projects/a"), Repository("github.com", "Vividly/Press")})),
            CREATE.format(name="press-main", owner="Vividly", repository="Press", pattern="^main$"),
        ),
        (
            pushed(),
            Policy(repositories=frozenset({Repository("github.com", "vividly/zoo"), GITHUB})),
            CREATE.format(name="content-worker-main", owner="vividly", repository="content-worker", pattern="^main$"),
        ),
        (
            pushed(),
            Policy(repositories=frozenset({GITHUB}), branches=("release/*",)),
            CREATE.format(
                name="content-worker-BRANCH", owner="vividly", repository="content-worker", pattern="^BRANCH$"
            ),
        ),
        (
            pushed(),
            Policy(),
            CREATE.format(name="content-worker-main", owner="vividly", repository="content-worker", pattern="^main$"),
        ),
        (
            NOTHING,
            Policy(workers=(WORKER,)),
            CREATE.format(name="repository-main", owner="OWNER", repository="REPOSITORY", pattern="^main$"),
        ),
        (
            NOTHING,
            Policy(workers=(replace(WORKER, image=""), replace(OTHER, image=""))),
            CREATE.format(name="repository-main", owner="OWNER", repository="REPOSITORY", pattern="^main$"),
        ),
        (
            NOWHERE,
            Policy(),
            CREATE.format(
                name="repository-main", owner="OWNER", repository="REPOSITORY", pattern="^main$"
            ).removesuffix(f" {PLACE}"),
        ),
    ],
    ids=[
        "nothing is known",
        "a repository of GitHub",
        "the first of two",
        "branches by pattern alone",
        "its own repository",
        "a worker for other images",
        "one of two workers",
        "no project",
    ],
)
def test_another_build_needs_a_trigger_first(build: Build, policy: Policy, command: str) -> None:
    assert right_command(build, policy) == command


def test_a_name_that_is_not_of_its_kind_gives_words_and_no_command() -> None:
    odd = Policy(workers=(replace(WORKER, branches=("fix 1",)),))
    assert right_command(pushed(), odd) == (
        "build the commit through its trigger, on an allowed branch (no command can be given: the branch's name is not "
        "of the form that a command takes)"
    )


@pytest.mark.parametrize(
    ("names", "workers"),
    [
        ([IMAGE], [WORKER]),
        ([f"{IMAGE}:latest"], [WORKER]),
        ([f"{IMAGE}@{DIGEST}"], [WORKER]),
        ([f"{IMAGE}:v1@{DIGEST}"], [WORKER]),
        ([OTHER.image], [OTHER]),
        ([f"{OTHER.image}:v1"], [OTHER]),
        (["eu.gcr.io"], []),
        ([f"{IMAGE}2"], []),
        ([f"{IMAGE}/part"], []),
        ([], []),
        ([f"{IMAGE}:v1", OTHER.image], [OTHER, WORKER]),
    ],
    ids=[
        "plain",
        "a tag",
        "a digest",
        "both",
        "a port",
        "a port and a tag",
        "what stands before a port",
        "a longer name",
        "an image below it",
        "none",
        "two, in the order of policy",
    ],
)
def test_a_workers_image_is_known_by_its_name_without_tag_and_digest(names: list[str], workers: list[Worker]) -> None:
    policy = Policy(workers=(OTHER, replace(WORKER, trigger="without", image=""), WORKER))
    assert list(workers_of_images(pushing(*names), policy)) == workers
    assert worker_of_images(pushing(*names), policy) is (workers[0] if workers else None)
