"""Was a fix in an upload? Answered for each file that the fix changes."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verifier.facts.comparison.git_output import Change
from verifier.facts.comparison.nearest import composed
from verifier.facts.upload.listing import UploadedFile


class FixState(StrEnum):
    """Which version of a file was uploaded. Where several fit, the one that stands first here is told.

    So bytes that came back after the fix, when somebody reverted it, are never taken for a later version.
    """

    NEW = "NEW"
    """The fix's own bytes; or nothing, where it deletes the file."""
    OLD = "OLD"
    """Those of its first parent."""
    OLDER = "OLDER"
    """Those of an earlier commit."""
    LATER = "LATER"
    """Those of a commit that came after it."""
    OTHER = "OTHER"
    """Those of no commit that contains the fix or that it contains."""
    ABSENT = "ABSENT"
    """The upload does not have the file."""
    OUTSIDE = "OUTSIDE"
    """The file is not in the folder that was uploaded."""


IN = frozenset({FixState.NEW, FixState.LATER})


@dataclass(frozen=True, slots=True)
class FixFile:
    """One file that the fix changes."""

    path: str
    state: FixState
    written: datetime | None = None
    """When the uploaded file was last written."""
    other_endings: bool = False
    """The text is that of the state, with other line endings."""


@dataclass(frozen=True, slots=True)
class FixAnswer:
    """Whether the fix was in the upload."""

    commit: str
    files: tuple[FixFile, ...]

    @property
    def is_in(self) -> bool | None:
        """Whether all of it was; None where it changes nothing that was uploaded."""
        states = {file.state for file in self.files} - {FixState.OUTSIDE}
        return states <= IN if states else None

    @property
    def is_partly_in(self) -> bool:
        """Whether some of it was, and some was not."""
        return self.is_in is False and any(file.state in IN for file in self.files)


@dataclass(frozen=True, slots=True)
class PastContents:
    """What the files of the fix were at other commits."""

    by_path: Mapping[str, Sequence[tuple[str, str]]]
    """Each commit that changed it, and to which bytes (empty: to none)."""
    before: Container[str]
    """The commits that the fix contains, itself, too."""
    after: Container[str]
    """The commits that contain the fix, itself, too."""
    lf_ids: Mapping[str, str]
    """Of the fix's own blobs, and its parent's, that have CRLF: the id that they would have with LF."""
    gone_since: Container[str] = ()
    """The paths that the nearest commit does not have, where it contains the fix."""


def fix_answer(
    commit: str, changes: Sequence[Change], files: Mapping[str, UploadedFile], prefix: str, past: PastContents
) -> FixAnswer:
    """Return the state of each file that the fix changes against its first parent; paths are the repository's."""
    return FixAnswer(commit, tuple(_file(commit, change, files, prefix, past) for change in changes))


def _file(commit: str, change: Change, files: Mapping[str, UploadedFile], prefix: str, past: PastContents) -> FixFile:
    if not change.path.startswith(prefix):
        return FixFile(change.path, FixState.OUTSIDE)
    mine = files.get(composed(change.path))
    if mine is None:
        gone = not change.new or change.path in past.gone_since
        state = (FixState.LATER if change.new else FixState.NEW) if gone else FixState.ABSENT
        return FixFile(change.path, state)
    state = _state(commit, change, mine, past)
    named = {FixState.NEW: change.new, FixState.OLD: change.old}.get(state, "")
    return FixFile(change.path, state, mine.written, bool(named) and named not in (mine.blob, mine.lfs_blob))


def _state(commit: str, change: Change, mine: UploadedFile, past: PastContents) -> FixState:
    ids = {mine.blob, mine.lf_blob, mine.lfs_blob}
    if change.new in ids or past.lf_ids.get(change.new) in ids:
        return FixState.NEW
    if change.old in ids or past.lf_ids.get(change.old) in ids:
        return FixState.OLD
    alike = [sha for sha, blob in past.by_path.get(change.path, ()) if blob in ids and sha != commit]
    if any(sha in past.before for sha in alike):
        return FixState.OLDER
    if any(sha in past.after for sha in alike):
        return FixState.LATER
    return FixState.OTHER
