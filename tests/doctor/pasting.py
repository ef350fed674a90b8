"""What a remedy must be so that a person can paste it: prose, or one command that a shell and gcloud take."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from functools import cache

import re2

_PROSE = (", then", ", and", ", because")
_PLACEHOLDER = re2.compile(r"(?:^|[ =:/'<])[A-Z][A-Z_]{2,}\b")
_SUBSTITUTION = re2.compile(r"\$\([^)]*\)")
_COMMAND = re2.compile(r"^(?:gcloud|printf|terraform|unset) ")
_USAGE = 2


def problems_of(remedy: str) -> list[str]:
    """Return what would go wrong with a remedy that is pasted whole; a remedy in prose is not pasted."""
    if not _COMMAND.match(remedy):
        return []
    plain = _SUBSTITUTION.sub("1", remedy)
    found = [f"prose within a command: {word!r}" for word in _PROSE if word in plain]
    found += [f"a placeholder: {match.strip()}" for match in _PLACEHOLDER.findall(plain.replace("GOOGLE_APP", "a"))]
    found += [said for shell in ("bash", "zsh") if (said := said_by_shell(shell, remedy))]
    if found:
        return found
    parts = [shlex.split(part) for step in plain.split(" && ") for part in step.split(" | ")]
    return [said for part in parts if part[0] == "gcloud" and (said := _said_by_gcloud(tuple(part[1:])))]


@cache
def said_by_shell(shell: str, command: str) -> str:
    """Return what a shell that is here says of a command's syntax."""
    if not shutil.which(shell):
        return ""
    return subprocess.run([shell, "-n", "-c", command], capture_output=True, text=True, check=False).stderr


@cache
def _said_by_gcloud(arguments: tuple[str, ...]) -> str:
    """Return what gcloud's parser has against these arguments. It has no account, and reaches nobody."""
    if not shutil.which("gcloud"):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        alone = {
            "CLOUDSDK_CONFIG": folder,
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        ended = subprocess.run(
            ["gcloud", *arguments], env=os.environ | alone, capture_output=True, text=True, check=False
        )
    return ended.stderr if ended.returncode == _USAGE else ""
