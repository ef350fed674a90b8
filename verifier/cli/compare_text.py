"""What `verifier compare` says to a person: the counts, then what matters of them, then what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from verifier.checks.commands import told
from verifier.cli.terminal import escaped, visible
from verifier.facts.build import Build
from verifier.facts.comparison.answer import NearestCommit, UploadAnswer
from verifier.facts.comparison.differences import Differences
from verifier.facts.comparison.fix import FixAnswer, FixFile, FixState
from verifier.facts.comparison.steps import StepsAnswer
from verifier.facts.upload.listing import UploadListing
from verifier.reporting.labels import named

_MOST_NAMES = 5
_MOST_FIX_FILES = 20
_MOST_PATH = 200
_MOST_SUBJECT = 72
_SHORT = 7
_STATES = {
    FixState.NEW: "the fix's own",
    FixState.LATER: "later version",
    FixState.OLD: "old version",
    FixState.OLDER: "older version",
    FixState.OTHER: "other text",
    FixState.ABSENT: "absent",
    FixState.OUTSIDE: "not uploaded",
}
_STEPS = {
    StepsAnswer.SAME: "· The build's steps are those of the commit's build configuration, substitutions aside.",
    StepsAnswer.DIFFER: "✗ The build's steps are not those of the commit's build configuration.",
    StepsAnswer.NOT_COMPARED: "· The build's steps were sent from the machine; they are not compared.",
}


@dataclass(frozen=True, slots=True)
class CompareTold:
    """All that a person is told about."""

    name: str
    """The build as it was named."""
    build: Build
    answer: UploadAnswer
    listing: UploadListing
    read: str
    """What was read, and how that is known to be what was built."""
    place: str = ""
    """The object's address; empty where a file was read instead."""
    remedy: str = ""
    fix_name: str = ""


def answer_lines(told_of: CompareTold) -> Iterator[str]:
    """Yield what a person reads."""
    answer, build = told_of.answer, told_of.build
    if answer.root is None:
        yield (
            f"? Only {answer.alike} of {_files(answer.files, 'uploaded file')} are in this repository: "
            "is --repo the right clone?"
        )
        return
    where = f"{visible(answer.root.prefix, _MOST_PATH)} of this repository" if answer.root.prefix else "this repository"
    at = "" if answer.is_identical else ", at no commit"
    yield f"{named(build)} was made from {_files(answer.files, 'uploaded file')}: {where}{at}."
    if answer.nearest:
        yield from _nearest_lines(answer, answer.nearest, build.finished)
    yield from _aside(answer.found, answer.root.prefix)
    if answer.fix:
        yield from _fix_lines(answer.fix, told_of.fix_name, answer.root.prefix, build.finished)
    yield from _secret_lines(told_of)
    yield from _archive_lines(told_of.listing)
    yield _STEPS[answer.steps]
    for note in answer.notes:
        yield f"? {escaped(note)}"
    yield escaped(told_of.read)
    if answer.found.modified and not answer.fix:
        first = visible(answer.found.modified[0].removeprefix(answer.root.prefix), _MOST_PATH)
        yield f"One file's lines: verifier compare {visible(told_of.name, _MOST_PATH)} --diff {first}"
    if told_of.remedy and answer.holds is False:
        yield f"Do this: {told(told_of.remedy, 600, visible)}"


def _nearest_lines(answer: UploadAnswer, nearest: NearestCommit, built: datetime | None) -> Iterator[str]:
    found, note = answer.found, nearest.note
    pushed = {True: "pushed", False: "NOT pushed", None: "whether pushed is not known"}[nearest.pushed]
    moment = f"{_moment(note.time, built, always_day=True)}, " if note.time else ""
    more = _ties(nearest, same=answer.is_identical)
    start = f'Nearest commit: {note.short} "{visible(note.subject, _MOST_SUBJECT)}" ({moment}{pushed}){more}.'
    if answer.is_identical:
        yield start
        yield (
            f"✓ All {_files(answer.files, 'file')} are identical to it: "
            "a build of that commit would have had the same files."
        )
        return
    differ = f"{found.distance} differ{'s' if found.distance == 1 else ''}"
    if found.distance == len(found.line_endings):
        yield start
    else:
        yield f"{start} {_are(found.equal)} equal, {differ}:"
        yield from _difference_lines(found, answer.root.prefix if answer.root else "")
    if found.line_endings:
        count = len(found.line_endings)
        way = "CRLF in one, LF in the other"
        differs = "differs" if count == 1 else "differ"
        yield f"✗ {_files(count, 'file')} {differs} in line endings alone ({way}): the same text, other bytes."


def _ties(nearest: NearestCommit, *, same: bool) -> str:
    if not nearest.ties:
        return ""
    count, what = len(nearest.ties), "with the same files" if same else "as near"
    kind = f"{nearest.when} " if nearest.when != "other" or not same else "other "
    names = ", ".join(sha[:_SHORT] for sha in nearest.ties[:3])
    more = f" and {count - 3} more" if count > 3 else ""
    return f", and {count} {kind}commit{'s' if count > 1 else ''} {what} ({names}{more})"


def _difference_lines(found: Differences, prefix: str) -> Iterator[str]:
    if found.modified:
        yield _row("modified", len(found.modified), _names(found.modified, prefix))
    if found.too_many:
        generated = sum(found.generated.values())
        folders = _names(tuple(found.generated), prefix)
        parts = [_names(found.not_in_git, prefix)] if found.not_in_git else []
        parts += [f"{'and ' if parts else ''}{generated} generated ({folders})"] if generated else []
        yield _row("not in git", found.too_many, ", ".join(parts))
    if found.missing:
        yield _row("left out", len(found.missing), _names(found.missing, prefix))
    if found.letter_case:
        pairs = tuple(f"{own} ({other} in git)" for own, other in found.letter_case)
        yield _row("letter case", len(pairs), _names(pairs, prefix))
    if found.in_submodules:
        yield _row("submodules", found.in_submodules, "inside submodules that are not checked out: not compared")


def _aside(found: Differences, prefix: str) -> Iterator[str]:
    """Yield what differs and does not count."""
    by_rule: dict[str, list[str]] = {}
    for each in found.left_out:
        if each.rule:
            by_rule.setdefault(each.rule, []).append(each.path)
    for rule, paths in by_rule.items():
        are = "is" if len(paths) == 1 else "are"
        said = visible(rule, _MOST_PATH)
        yield f"· {_files(len(paths), 'file')} of the commit {are} left out by {said}: {_names(tuple(paths), prefix)}"
    if found.modes:
        differ = "differs" if len(found.modes) == 1 else "differ"
        count = _files(len(found.modes), "file")
        yield f"· {count} {differ} in the executable bit alone: {_names(found.modes, prefix)}"
    if found.links:
        yield f"· Symbolic links of the commit that are no links in the upload: {_names(found.links, prefix)}"


def _fix_lines(fix: FixAnswer, name: str, prefix: str, built: datetime | None) -> Iterator[str]:
    said = visible(name or fix.commit[:_SHORT], 80)
    count = _files(len(fix.files), "file")
    match fix.is_in:
        case None:
            yield (
                f"? The fix {said} changes nothing of what was uploaded ({prefix or 'all of it'}): "
                "whether it was in this build can't be told from the upload."
            )
        case True:
            yield f"✓ The fix {said} was in this build. It changes {count}:"
        case False:
            how = "only PARTLY" if fix.is_partly_in else "NOT"
            yield f"✗ The fix {said} was {how} in this build. It changes {count}:"
    for file in fix.files[:_MOST_FIX_FILES]:
        yield _fix_row(file, built)
    if len(fix.files) > _MOST_FIX_FILES:
        yield f"  and {len(fix.files) - _MOST_FIX_FILES} more: --json has them all"


def _fix_row(file: FixFile, built: datetime | None) -> str:
    written = f", last written {_moment(file.written, built)}" if file.written else ""
    endings = ", with other line endings" if file.other_endings else ""
    return f"  {_STATES[file.state]:13}{visible(file.path, _MOST_PATH)}{endings}{written}"


def _secret_lines(told_of: CompareTold) -> Iterator[str]:
    answer, prefix = told_of.answer, told_of.answer.root.prefix if told_of.answer.root else ""
    if answer.secrets:
        yield f"✗ Uploaded, not in git, and named like a secret: {_names(answer.secrets, prefix)}"
        kept = f" It stays in {visible(told_of.place, 400)} until somebody deletes it." if told_of.place else ""
        yield f"  Rotate what is in it: the build had it, and so has whoever may read the bucket.{kept}"
    if answer.known_secrets:
        yield f"· Uploaded, in git too, and named like a secret: {_names(answer.known_secrets, prefix)}"


def _archive_lines(listing: UploadListing) -> Iterator[str]:
    for what, entries in (
        ("Entries that are no files, and were not opened", listing.special),
        ("Names that the build can't have got, and that were refused", listing.refused),
    ):
        if entries:
            yield f"✗ {what}: {_names(entries, '')}"
    if listing.repeated:
        yield f"· {_files(listing.repeated, 'name')} stood in the archive more than once; the last one counts."
    if any(path.startswith(".git/") for path in listing.files):
        yield "· The upload has a .git folder: the repository's history is in the bucket, too."
    if listing.commit:
        yield f"· The archive says that git archive made it of commit {visible(listing.commit, 80)}: a claim."


def _row(label: str, count: int, names: str) -> str:
    return f"  {label:12}{count:>2}  {names}"


def _names(paths: Sequence[str], prefix: str) -> str:
    shown = [visible(path.removeprefix(prefix), _MOST_PATH) for path in paths[:_MOST_NAMES]]
    more = [f"and {len(paths) - _MOST_NAMES} more"] if len(paths) > _MOST_NAMES else []
    return ", ".join([*shown, *more])


def _files(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "1 file is" if count == 1 else f"{count:,} files are"


def _moment(moment: datetime, built: datetime | None, *, always_day: bool = False) -> str:
    if built and moment.date() == built.date() and not always_day:
        return f"{moment:%H:%M} UTC"
    year = "" if built and moment.year == built.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year} {moment:%H:%M} UTC"
