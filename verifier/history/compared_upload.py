"""An upload of the past beside a clone: the nearest commit and the counts, as an audit tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier.facts.comparison.answer import UploadAnswer
from verifier.redact import excerpt

_SHORT = 7
_MOST = 500


@dataclass(frozen=True, slots=True)
class ComparedUpload:
    """What was found out about one upload."""

    problem: str = ""
    """Why it could not be compared; empty where it was."""
    root: str = ""
    """The folder of the repository that was uploaded, with a `/` at its end; empty: all of it."""
    commit: str = ""
    subject: str = ""
    pushed: bool | None = None
    identical: bool = False
    distance: int = 0
    equal: int = 0
    modified: int = 0
    not_in_git: int = 0
    left_out: int = 0
    """By no rule of gcloud's."""
    line_endings: int = 0
    secrets: int = 0
    """Files that are named like secrets and are not in git."""

    @property
    def text(self) -> str:
        """It in one line."""
        if self.problem:
            return f"not compared: {self.problem}"
        where = f"{self.root} of " if self.root else ""
        pushed = {True: "", False: ", which is not pushed", None: ", of which it is not known whether it is pushed"}
        named = f'{where}{self.commit[:_SHORT]} "{self.subject}"{pushed[self.pushed]}'
        secrets = f"; {self.secrets} named like a secret" if self.secrets else ""
        if self.identical:
            return f"identical to {named}{secrets}"
        counts = (
            (self.modified, "modified"),
            (self.line_endings, "in line endings alone"),
            (self.not_in_git, "not in git"),
            (self.left_out, "left out"),
        )
        said = ", ".join(f"{count} {what}" for count, what in counts if count)
        return f"{self.distance} file{'' if self.distance == 1 else 's'} from {named}: {said}{secrets}"


def compared_upload(answer: UploadAnswer) -> ComparedUpload:
    """Return what an audit tells of an answer."""
    if answer.nearest is None or answer.root is None:
        return ComparedUpload(f"only {answer.alike} of {answer.files:,} files are in this repository")
    found, note = answer.found, answer.nearest.note
    return ComparedUpload(
        root=answer.root.prefix,
        commit=note.sha,
        subject=note.subject,
        pushed=answer.nearest.pushed,
        identical=answer.is_identical,
        distance=found.distance,
        equal=found.equal,
        modified=len(found.modified) + len(found.letter_case),
        not_in_git=found.too_many + found.in_submodules,
        left_out=len(found.missing),
        line_endings=len(found.line_endings),
        secrets=len(answer.secrets),
    )


def compared_document(compared: ComparedUpload | None) -> dict[str, Any] | None:
    """Return it as JSON values."""
    if compared is None:
        return None
    if compared.problem:
        return {"problem": excerpt(compared.problem, _MOST)}
    return {
        "problem": None,
        "root": compared.root,
        "nearest": {
            "commit": compared.commit,
            "subject": excerpt(compared.subject, _MOST),
            "pushed": compared.pushed,
        },
        "identical": compared.identical,
        "distance": compared.distance,
        "equal": compared.equal,
        "modified": compared.modified,
        "not_in_git": compared.not_in_git,
        "left_out": compared.left_out,
        "line_endings": compared.line_endings,
        "secrets": compared.secrets,
    }
