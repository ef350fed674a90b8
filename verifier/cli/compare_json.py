"""What `verifier compare --json` prints. Lists hold repository paths; fields are only ever added."""

from __future__ import annotations

from typing import Any

from verifier.facts.comparison.answer import UploadAnswer
from verifier.facts.comparison.fix import FixAnswer
from verifier.facts.upload.listing import UploadListing
from verifier.times import show_time

_MOST_TIES = 1_000


def answer_document(
    build: str, uri: str, listing: UploadListing, answer: UploadAnswer, tree: str, *, recorded: bool
) -> dict[str, Any]:
    """Return the answer as JSON values. `recorded`: the archive's hash is the one that the build recorded."""
    found, nearest = answer.found, answer.nearest
    return {
        "build": build,
        "archive": {"uri": uri, "files": len(listing.files), "bytes": listing.bytes, "hash_is_recorded": recorded},
        "tree": tree,
        "root": answer.root.prefix if answer.root else None,
        "nearest": {
            "commit": nearest.note.sha,
            "subject": nearest.note.subject,
            "time": show_time(nearest.note.time) if nearest.note.time else None,
            "pushed": nearest.pushed,
            "distance": found.distance,
            "ties": list(nearest.ties[:_MOST_TIES]),
        }
        if nearest
        else None,
        "identical": answer.is_identical,
        "equal": found.equal,
        "modified": [*found.modified, *(other for _, other in found.letter_case)],
        "not_in_git": list(found.not_in_git),
        "left_out": [{"path": each.path, "rule": each.rule or None} for each in found.left_out],
        "line_endings": list(found.line_endings),
        "secrets": list(answer.secrets),
        "steps": answer.steps,
        "fix": _fix(answer.fix) if answer.fix else None,
        "notes": [*_notes(listing, answer), *answer.notes],
    }


def _fix(fix: FixAnswer) -> dict[str, Any]:
    files = [
        {"path": file.path, "state": file.state, "written": show_time(file.written) if file.written else None}
        for file in fix.files
    ]
    return {"commit": fix.commit, "in": fix.is_in, "files": files}


def _notes(listing: UploadListing, answer: UploadAnswer) -> list[str]:
    """Return what has no field of its own."""
    found = answer.found
    more = len(answer.nearest.ties) - _MOST_TIES if answer.nearest else 0
    notes = [f"{more} more commits are as near"] if more > 0 else []
    notes += [f"{count} generated files in {folder}" for folder, count in found.generated.items()]
    notes += [f"{own} is {other} in the commit: letter case alone" for own, other in found.letter_case]
    notes += [f"{found.in_submodules} files are inside submodules, and not compared"] if found.in_submodules else []
    notes += [f"{path} differs in the executable bit" for path in found.modes]
    notes += [f"{path} is a symbolic link in one of the two" for path in found.links]
    notes += [f"{path} is named like a secret, and in git too" for path in answer.known_secrets]
    notes += [f"not opened: {name}" for name in listing.special]
    notes += [f"refused: {name}" for name in listing.refused]
    notes += [f"{listing.repeated} names stood in the archive more than once"] if listing.repeated else []
    notes += [f"{answer.alike} of the files are in the repository"] if answer.root is None else []
    return notes
