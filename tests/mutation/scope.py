"""Which modules are changed, and which tests must notice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_WHOLE = ("verifier/facts", "verifier/checks")
_SINGLE = ("verifier/controller/ledger.py",)
_CONFORMANCE = "tests/conformance/test_conformance.py::test_a_build_comes_to_what_its_row_says"
_POLICY_FILE = ("tests/unit/checks/test_policy_file.py", "tests/unit/checks/test_policy_file_problems.py")
_WIDER: dict[str, Sequence[str]] = {
    "verifier/controller/ledger.py": ("tests/contract/test_ledger.py", "tests/properties/test_ledger.py"),
    "verifier/facts/logs": ("tests/unit/facts/logs", "tests/properties/test_log_entries.py"),
    "verifier/facts/comparison": ("tests/unit/facts/comparison", "tests/properties/test_nearest.py"),
    "verifier/facts": (_CONFORMANCE,),
    "verifier/history/before.py": ("tests/conformance/test_mutations.py",),
    "verifier/checks/policy_advice.py": _POLICY_FILE,
    "verifier/checks/policy_table.py": _POLICY_FILE,
    "verifier/checks": (_CONFORMANCE,),
}
"""By module or package: slower tests, asked where those that bear its name notice nothing. The first place counts."""


def modules(only: Sequence[str]) -> list[str]:
    """Return the modules to change, all or those asked for, as paths. Raises ValueError for one that is not there."""
    inside = (
        file for package in _WHOLE for file in (ROOT / package).rglob("*.py") if file.name != "__init__.py"
    )  # those only re-export
    everything = sorted({*(str(file.relative_to(ROOT)) for file in inside), *_SINGLE})
    chosen = [path for path in everything if not only or any(_covers(path, asked) for asked in only)]
    for asked in only:
        if not any(_covers(path, asked) for path in chosen):
            raise ValueError(f"expected a module or package of {', '.join((*_WHOLE, *_SINGLE))}, got {asked}")
    return chosen


def stages(module: str) -> list[list[str]]:
    """Return what pytest is to be asked about this module, the quickest first."""
    parts = Path(module).relative_to("verifier").with_suffix("").parts
    # `facts/logs/levels.py` has `facts/logs/test_levels*.py`, and what tests the package as a whole.
    own = [
        str(file.relative_to(ROOT))
        for end in range(len(parts), 1, -1)
        for file in sorted((ROOT / "tests/unit").joinpath(*parts[: end - 1]).glob(f"test_{parts[end - 1]}*.py"))
    ]
    wider = next((list(tests) for place, tests in _WIDER.items() if _covers(module, place)), [])
    return [tests for tests in (own, wider) if tests]


def _covers(path: str, place: str) -> bool:
    return path == place or Path(place) in Path(path).parents
