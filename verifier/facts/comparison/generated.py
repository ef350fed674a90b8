"""Folders that tools make: their files are counted, because nobody reads thousands of names."""

from __future__ import annotations

FOLDERS = frozenset(
    ".git .gradle .mypy_cache .next .nox .nuxt .pytest_cache .ruff_cache .svelte-kit .terraform .tox .venv .yarn "
    "__pycache__ bower_components build coverage dist env htmlcov node_modules out site-packages target venv".split()
)
"""As the ignore lists name them that GitHub offers for Python, Node, Java, Terraform and web frameworks."""
_ENDINGS = (".egg-info", ".dist-info")


def generated_folder(path: str) -> str:
    """Return the folder that a tool made this file in, from the top down, or empty."""
    parts = path.split("/")[:-1]
    for number, part in enumerate(parts):
        if part in FOLDERS or part.endswith(_ENDINGS):
            return "/".join(parts[: number + 1])
    return ""
