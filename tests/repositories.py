"""Little real repositories, and archives of folders as gcloud packs them."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Files = Mapping[str, bytes | str]
BEGAN = datetime(2026, 8, 1, 9, 0, tzinfo=UTC)
WRITTEN = datetime(2026, 8, 2, 1, 12, tzinfo=UTC)


@dataclass
class MadeRepository:
    """A repository that commits one after the other are made in, a minute apart."""

    folder: Path
    minutes: int = 0
    form: str = "sha1"
    own: tuple[str, ...] = field(default=("-c", "user.name=Ana", "-c", "user.email=ana@vividly.example"))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--template=", "--initial-branch=main", f"--object-format={self.form}")
        self.git("config", "core.autocrlf", "false")

    def git(self, *words: str) -> str:
        """Return what git says."""
        moment = f"{int(BEGAN.timestamp()) + 60 * self.minutes} +0000"
        answer = subprocess.run(
            ["git", "-C", str(self.folder), *self.own, "-c", "commit.gpgsign=false", *words],
            env={"PATH": "/usr/bin:/bin", "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "HOME": "/"},
            check=True,
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        return answer.stdout.strip()

    def commit(self, subject: str, files: Files | None = None, *, gone: tuple[str, ...] = ()) -> str:
        """Write these files, delete those that are gone, commit, and return the commit."""
        for path, content in (files or {}).items():
            self.write(path, content)
        for path in gone:
            (self.folder / path).unlink()
        self.git("add", "--all", "--force")
        self.minutes += 1
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def write(self, path: str, content: bytes | str) -> Path:
        """Write a file; a text that begins with `-> ` becomes a symbolic link."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str) and content.startswith("-> "):
            place.symlink_to(content[3:])
        else:
            place.write_bytes(_bytes(content))
        return place

    def push(self, branch: str = "main") -> None:
        """Let a remote have the branch, as a clone knows it."""
        self.git("update-ref", f"refs/remotes/origin/{branch}", branch)


def tgz(files: Files, *, executable: tuple[str, ...] = (), written: datetime = WRITTEN) -> bytes:
    """Return an archive as `gcloud builds submit` makes it; a text that begins with `-> ` becomes a symbolic link."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for folder in sorted({str(parent) for path in files for parent in Path(path).parents} - {"."}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.mtime = written.timestamp()
            entry.mode = 0o755 if path in executable else 0o644
            if isinstance(content, str) and content.startswith("-> "):
                entry.type, entry.linkname = tarfile.SYMTYPE, content[3:]
                tar.addfile(entry)
            else:
                raw = _bytes(content)
                entry.size = len(raw)
                tar.addfile(entry, io.BytesIO(raw))
    return packed.getvalue()


def zipped(files: Files, folders: tuple[str, ...] = ()) -> bytes:
    """Return an archive as `gcloud run deploy --source` makes it, with these empty folders."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in folders:
            archive.writestr(f"{folder}/", b"")
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, (2026, 8, 2, 1, 12, 0))
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, _bytes(content))
    return packed.getvalue()


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
