"""The images of the stand-in: where tags point now, and what an image does when it runs."""

from __future__ import annotations

import re
import threading

from verifier.standin.script import Script

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ImageBook:
    """Tags, indexes of several platforms, and scripts by digest. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tags: dict[str, str] = {}
        self._indexes: dict[str, str] = {}
        self._scripts: dict[str, Script] = {}

    def tag(self, image: str, digest: str) -> None:
        """Point a tag at a digest from now on. Raise ValueError for what is no SHA-256 digest."""
        _require_digest(digest)
        with self._lock:
            self._tags[_with_tag(image)] = digest

    def put_index(self, digest: str, manifest: str) -> None:
        """Let a digest be that of an index, of which executions run and show this manifest. Raise ValueError."""
        _require_digest(digest)
        _require_digest(manifest)
        with self._lock:
            self._indexes[digest] = manifest

    def put_script(self, digest: str, script: Script) -> None:
        """Let executions of this digest go so, whatever the job's script says."""
        with self._lock:
            self._scripts[digest] = script

    def script(self, digest: str, otherwise: Script) -> Script:
        """Return how an execution of this digest goes."""
        with self._lock:
            return self._scripts.get(digest, otherwise)

    def resolve(self, image: str) -> str:
        """Return the digest that an execution of this image runs which is created now; empty where there is none."""
        _, at, digest = image.partition("@")
        with self._lock:
            found = digest if at else self._tags.get(_with_tag(image), "")
            return self._indexes.get(found, found)


def _require_digest(digest: str) -> None:
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"expected a digest such as sha256:<64 hex digits>, got {digest!r}")


def _with_tag(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"
