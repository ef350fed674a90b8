"""The build configurations that a commit has, where gcloud and triggers look for them."""

from __future__ import annotations

from typing import Any

from verifier.adapters.git_clone import Clone
from verifier.facts.comparison.steps import FILES

_MOST_BYTES = 100_000
_MOST_ALIASES = 20
"""Each may double what comes of a document."""


def build_configurations(clone: Clone, commit: str, prefix: str) -> list[Any]:
    """Return what the commit has under the usual names, in the uploaded folder and at the top.

    What can't be read is none. Raise GitFailed.
    """
    places = dict.fromkeys(folder + name for folder in (prefix, "") for name in FILES)
    contents = clone.files(commit, places)
    return [found for path in places if path in contents and (found := _read(contents[path])) is not None]


def _read(content: bytes) -> Any:
    if len(content) > _MOST_BYTES:
        return None
    import yaml

    try:
        aliases = sum(isinstance(token, yaml.AliasToken) for token in yaml.scan(content))
        return yaml.safe_load(content) if aliases <= _MOST_ALIASES else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
