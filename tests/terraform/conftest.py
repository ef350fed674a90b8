"""Terraform's tests take half a minute: they are run once, whoever of the parallel workers comes first."""

from __future__ import annotations

import fcntl
import json
from typing import Any

import pytest

from tests.terraform.command import Terraform, initialised, installed


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Return terraform in a copy of the installer."""
    installed()
    return initialised(tmp_path_factory.mktemp("installer"))


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, list[dict[str, Any]]]:
    """Return what each run of terraform's tests planned to create, by its name."""
    installed()
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    kept = shared / "plans.json"
    with (shared / "plans.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(initialised(tmp_path_factory.mktemp("tested")).tested()))
    planned: dict[str, list[dict[str, Any]]] = json.loads(kept.read_text())
    return planned


@pytest.fixture(scope="session")
def one_project(plans: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the plan for one project with one job."""
    return plans["what_is_left_out_has_its_default"]


@pytest.fixture(scope="session")
def three_projects(plans: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the plan for three projects, one of them the home project, one without builds."""
    return plans["each_project_has_its_part_and_home_has_the_rest"]
