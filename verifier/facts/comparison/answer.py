"""All that was found out about one upload."""

from __future__ import annotations

from dataclasses import dataclass, field

from verifier.facts.comparison.commits import CommitNote
from verifier.facts.comparison.differences import Differences
from verifier.facts.comparison.fix import FixAnswer
from verifier.facts.comparison.root import Root
from verifier.facts.comparison.steps import StepsAnswer


@dataclass(frozen=True, slots=True)
class NearestCommit:
    """The commit that an upload is nearest to."""

    note: CommitNote
    pushed: bool | None
    """Whether a branch of a remote has it; None where the clone knows of no remote's branch."""
    ties: tuple[str, ...] = ()
    """Other commits that are as near."""
    when: str = "other"
    """`later` or `earlier` where all ties are that, else `other`."""


@dataclass(frozen=True, slots=True)
class UploadAnswer:
    """An upload beside a repository."""

    files: int
    """How many were uploaded."""
    root: Root | None
    """Where they belong; None where they have nothing to do with the repository."""
    alike: int = 0
    """Where they have nothing to do with it: how many of them it has all the same."""
    nearest: NearestCommit | None = None
    found: Differences = field(default_factory=Differences)
    steps: StepsAnswer = StepsAnswer.NOT_COMPARED
    fix: FixAnswer | None = None
    secrets: tuple[str, ...] = ()
    """Names of uploaded files that look like secrets and are not in the commit; of the repository."""
    known_secrets: tuple[str, ...] = ()
    """Those that are in the commit, too."""
    unread: int = 0
    """Entries of the archive that were refused or not opened: nothing is known of them."""
    shallow: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_identical(self) -> bool:
        """Whether every byte is the nearest commit's, less what gcloud leaves out."""
        return self.nearest is not None and self.found.are_none and not self.unread

    @property
    def holds(self) -> bool | None:
        """Whether the fix was in it or, where none was asked about, whether it is a pushed commit; None: can't tell.

        A clone whose history is cut off can't say no.
        """
        if self.root is None:
            return None
        if self.fix is not None:
            answer = self.fix.is_in
        else:
            answer = self.nearest.pushed if self.nearest and self.is_identical else False
        return None if self.shallow and answer is False else answer
