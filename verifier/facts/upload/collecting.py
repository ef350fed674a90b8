"""Entries of an archive become a listing, one after the other, as if they were unpacked into an empty folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from verifier.errors import UnreadableUpload
from verifier.facts.upload.digest import ContentIds, content_ids, streamed_ids
from verifier.facts.upload.incoming import Pieces
from verifier.facts.upload.limits import LARGEST_NORMALISED, LARGEST_RULES, Limits, human
from verifier.facts.upload.listing import LINK, UploadedFile
from verifier.facts.upload.names import parents, path_of, shown_name

RULE_FILES = (".gcloudignore", ".gitignore")


class Collected:
    """What was read so far. Raise UnreadableUpload for more entries than the limits allow."""

    def __init__(self, limits: Limits, *, sha256_objects: bool, wanted: UploadedFile | None = None) -> None:
        """`wanted`: the file whose content is kept, as `content`."""
        self._limits, self._sha256_objects, self._wanted = limits, sha256_objects, wanted
        self._entries = 0
        self._names = 0
        self._first_folder: str | None = None
        self.files: dict[str, UploadedFile] = {}
        self.folders: set[str] = set()
        self.special: list[str] = []
        self.refused: list[str] = []
        self.repeated = 0
        self.rules: dict[str, bytes] = {}
        self.commit = ""
        self.content: bytes | None = None

    def count(self, name: str) -> None:
        """Count one entry, before anything of it is looked at."""
        self._entries += 1
        self._names += len(name)
        if self._entries > self._limits.entries:
            raise UnreadableUpload(
                f"expected at most {self._limits.entries:,} files and folders in the archive, got more; "
                "it was not read whole"
            )
        self._check_names()
        if self._first_folder is None:
            self._first_folder = (path_of(name) or "").partition("/")[0]

    def _check_names(self) -> None:
        if self._names > self._limits.names:
            raise UnreadableUpload(
                f"expected names of at most {human(self._limits.names)} in all, got longer ones; "
                "the archive was not read whole"
            )

    def ids(self, name: str, content: Pieces, size: int) -> ContentIds:
        """Return the ids of the next `size` bytes, which are the content of the entry with this name."""
        if size > LARGEST_NORMALISED:
            return streamed_ids(content.pieces(size), size, sha256_objects=self._sha256_objects)
        return self.ids_of(name, content.exactly(size))

    def ids_of(self, name: str, content: bytes) -> ContentIds:
        """Return the ids of this content, and keep it where it is a file of rules or the one that is wanted."""
        ids = content_ids(content, sha256_objects=self._sha256_objects)
        if len(content) <= LARGEST_RULES and name.endswith(RULE_FILES):
            self._keep_rules(path_of(name) or "", content)
        wanted = self._wanted
        if wanted and wanted.blob == ids.blob:
            self.content = content
        return ids

    def _keep_rules(self, path: str, content: bytes) -> None:
        folder, _, file = path.rpartition("/")
        if file in RULE_FILES and folder in ("", self._first_folder):
            self.rules[path] = content

    def file(self, name: str, mode: str, ids: ContentIds, size: int, written: datetime | None) -> None:
        """Take a file, or a symbolic link (`mode` says which)."""
        path = path_of(name)
        if not path:
            self.refuse(name)
            return
        self.repeated += path in self.files
        self.files[path] = UploadedFile(path, mode, ids.blob, ids.lf_blob, ids.lfs_blob, size, written)

    def link(self, name: str, target: bytes, written: datetime | None) -> None:
        """Take a symbolic link: where it leads to is hashed, and not followed."""
        ids = content_ids(target, sha256_objects=self._sha256_objects)
        self.file(name, LINK, ContentIds(ids.blob, ids.blob, ids.blob), len(target), written)

    def hard_link(self, name: str, target: str) -> None:
        """Take another name of a file that came before."""
        path, of = path_of(name), self.files.get(path_of(target) or "")
        if not path or of is None:
            self.refuse(name)
            return
        self.repeated += path in self.files
        self.files[path] = replace(of, path=path)

    def folder(self, name: str) -> None:
        """Take a folder."""
        path = path_of(name)
        if path is None:
            self.refuse(name)
        elif path:
            self.folders.add(path)

    def refuse(self, name: str) -> None:
        """Keep a name that can't be what the build got."""
        self.refused.append(shown_name(name))

    def settled(self) -> Mapping[str, UploadedFile]:
        """Return the files, without those that can't be beside others.

        What lies below another file, or below a link that may lead anywhere, is refused; so is a file where a folder
        stands.
        """
        clear: set[str] = set()
        for path in list(self.files):
            if path in self.folders or not self._is_clear(path, clear):
                self.refuse(path)
                del self.files[path]
        for path in [path for path in self.folders if not self._is_clear(path, clear)]:
            self.refuse(path)
            self.folders.discard(path)
        return self.files

    def _is_clear(self, path: str, clear: set[str]) -> bool:
        """Return whether nothing but folders is above a path; `clear` has the folders of which that is known.

        Each of them counts as a name: a few deep paths have more folders than the archive has entries.
        """
        found = []
        for folder in parents(path):
            if folder in clear:
                break
            self._names += len(folder)
            self._check_names()
            if folder in self.files:
                return False
            found.append(folder)
        clear.update(found)
        return True
