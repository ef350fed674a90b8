"""The package's names are loaded when they are asked for, and each is what its module has."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from tests.busy import LONG_SECONDS
from verifier.facts import logs


@pytest.mark.parametrize("name", logs.__all__)
def test_a_name_is_what_its_module_has(name: str) -> None:
    module = import_module(f"verifier.facts.logs.{logs._MODULES[name]}")
    assert getattr(logs, name) is getattr(module, name)


def test_every_name_has_a_module_and_no_other_has() -> None:
    assert logs._MODULES.keys() == set(logs.__all__)
    with pytest.raises(AttributeError, match=r"module verifier\.facts\.logs has no attribute nothing"):
        logs.nothing  # noqa: B018 - that it is asked for is what is tested


def test_a_policy_without_patterns_is_read_without_what_judges_logs_or_redacts() -> None:
    script = (
        "import sys; from verifier.checks.policy_file import read_policy; read_policy(b'')\n"
        "print([name for name in sys.modules if name.startswith(('verifier.facts.logs.', 'verifier.redact.'))])"
    )
    command = [sys.executable, "-c", script]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONG_SECONDS).stdout
    loaded = {name for name in ("judge", "reading", "level_words", "rules", "values", "query") if f".{name}'" in told}
    assert loaded == set()
    assert "verifier.facts.logs.patterns" in told
