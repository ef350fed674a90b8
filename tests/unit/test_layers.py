"""The rule of the layers: what may import what. `docs/architecture.md` says why."""

from __future__ import annotations

import pytest

from tests.tree import ROOT, arrows, imported, levels

SHARED = {"errors", "config", "problems", "services", "redact", "times", "strict_json"}
"""What every layer may use."""
BELOW: dict[str, set[str]] = {
    "facts": set(),
    "checks": {"facts"},
    "reporting": {"facts", "checks"},
    "controller": {"facts", "checks", "reporting"},
    "history": {"facts", "checks", "reporting"},
    "adapters": {"facts", "checks", "reporting", "controller", "history"},
    "standin": set(),
    "demo": {"facts", "checks", "reporting", "standin"},
    "doctor": {"facts", "checks", "reporting", "controller", "history", "adapters"},
    "cli": {"facts", "checks", "reporting", "controller", "history", "adapters", "doctor", "standin", "demo"},
}
"""A package, and the packages that it may import besides itself and what is shared."""
STANDIN_MAY_USE = {"errors", "times"}
NOT_DEPLOYED = {"history", "standin", "demo", "doctor", "cli"}
OF_THE_COMMAND_LINE = {
    "account.py",
    "build_files.py",
    "build_history.py",
    "build_search.py",
    "comparer.py",
    "completions.py",
    "git.py",
    "git_clone.py",
    "job_history.py",
    "service_count.py",
    "sqlite.py",
}
"""Adapters that are not deployed either."""
FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("package", sorted(BELOW))
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    shared = STANDIN_MAY_USE if package == "standin" else SHARED
    allowed = BELOW[package] | shared | {package}
    wrong = {file.name: sorted(extra) for file in (ROOT / package).rglob("*.py") if (extra := imported(file) - allowed)}
    assert not wrong


@pytest.mark.parametrize("module", sorted(SHARED))
def test_what_is_shared_imports_no_layer_above_the_facts(module: str) -> None:
    files = [ROOT / f"{module}.py"] if (ROOT / f"{module}.py").exists() else list((ROOT / module).glob("*.py"))
    assert files
    for file in files:
        assert imported(file) <= SHARED | {"facts"}, file


def test_what_is_deployed_imports_nothing_that_is_not() -> None:
    deployed = [file for file in FILES if file.relative_to(ROOT).parts[0] not in NOT_DEPLOYED | {"__main__.py"}]
    for file in deployed:
        if file.name not in OF_THE_COMMAND_LINE:
            assert not imported(file) & NOT_DEPLOYED, file


def test_what_is_deployed_compares_nothing_with_git() -> None:
    """`facts/comparison` is left out of the bundle, and so is what uses it."""
    left_out = NOT_DEPLOYED | {"comparison"}
    for file in FILES:
        if left_out.isdisjoint(file.relative_to(ROOT).parts) and file.name not in OF_THE_COMMAND_LINE:
            assert "verifier.facts.comparison" not in file.read_text(), file


def test_there_are_few_modules_beside_the_packages() -> None:
    assert len([file for file in ROOT.glob("*.py") if not file.name.startswith("__")]) <= 10


def test_no_packages_import_each_other_in_a_circle() -> None:
    assert sum(len(level) for level in levels(arrows())) == len(arrows())


def test_a_circle_is_told() -> None:
    with pytest.raises(ValueError, match="a circle among b, c"):
        levels({"a": set(), "b": {"a", "c"}, "c": {"b"}})
