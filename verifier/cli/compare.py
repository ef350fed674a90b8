"""`verifier compare`: what was in an upload, beside the repository that it was to be."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from verifier.adapters.comparer import AskedUpload, Comparer
from verifier.adapters.git import GitFailed
from verifier.adapters.git_clone import Clone
from verifier.checks.verdict import Check
from verifier.cli.build_text import chosen_policy, judge
from verifier.cli.compare_archive import UploadArchive, archive_to_compare
from verifier.cli.compare_diff import diff_lines
from verifier.cli.compare_json import answer_document
from verifier.cli.compare_text import CompareTold, answer_lines
from verifier.cli.named_build import NamedBuild, named_build
from verifier.cli.progress import counted
from verifier.cli.screen import show
from verifier.cli.terminal import ERROR, json_line, tell, visible
from verifier.errors import Malformed, Missing, VerifierError
from verifier.facts.build import Build
from verifier.facts.comparison.answer import UploadAnswer
from verifier.facts.source import Commit, NoSource, Source, Upload, source_of
from verifier.facts.upload.listing import UploadListing
from verifier.facts.upload.secret_names import secret_row
from verifier.facts.upload.tree_id import tree_id
from verifier.history.origin import Origin
from verifier.reporting.labels import named as named_in_text

EXIT_CODES = {True: 0, False: 3, None: 4}
_CAN_NOT_TELL = 4


@click.command("compare", short_help="Say what was in an upload, and whether a fix was.")
@click.argument("build")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="A clone of the repository. Default: the current folder.",
)
@click.option("--fix", metavar="COMMIT", default="", help="Was this commit in it? Its digits, HEAD, a tag or a branch.")
@click.option("--diff", "file", metavar="FILE", default="", help="Show the lines in which this one file differs.")
@click.option(
    "--archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read this file, which was fetched by other means.",
)
@click.option("--project", default="", help="Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--region", default="", help="Default: global, then every other one.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./policy.toml, if there is one.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def compare(
    build: str,
    repo: Path,
    fix: str,
    file: str,
    archive: Path | None,
    project: str,
    region: str,
    policy: Path | None,
    as_json: bool,
) -> None:
    """Compare the files that BUILD was made from with the commits of a clone. BUILD is named as for check.

    The archive is read as it was built, of its content nothing is kept, and what is equal changes no verdict. Needs
    cloudbuild.builds.get, and storage.objects.get on the bucket. Exit code: 0 the files are those of a pushed commit
    (with --fix: it was in them), 3 they are not, 4 can't tell, 2 error.
    """
    try:
        named = named_build(build, project, region)
        found = archive_to_compare(named.build, archive)
        if found is None:
            _no_upload(named.build, source_of(named.build), as_json=as_json)
        _compared(_Words(build, repo, fix, file, policy, as_json), named, found)
    except click.ClickException as error:
        _stop(error.format_message())
    except Missing as error:
        tell(f"? {error}")
        sys.exit(_CAN_NOT_TELL)
    except VerifierError as error:
        _stop(str(error))


@dataclass(frozen=True, slots=True)
class _Words:
    """What was asked for."""

    build: str
    repo: Path
    fix: str
    file: str
    policy: Path | None
    as_json: bool


def _compared(asked: _Words, named: NamedBuild, archive: UploadArchive) -> NoReturn:
    try:
        clone = Clone.opened(asked.repo)
    except GitFailed as error:
        _without_clone(asked, named, archive, error)
    fix = clone.commit(asked.fix) if asked.fix else ""
    with counted("commits") as seen:
        listing = archive.listing(sha256=clone.sha256)
        comparer = Comparer(clone, seen)
        claimed = named.build.claims.get("COMMIT_SHA", "").lower()
        source = source_of(named.build)
        tool = source.tool if isinstance(source, Upload) else ""
        steps = named.document.get("steps")
        answer = comparer.answer(AskedUpload(listing, claimed, named.build.finished, steps, tool, fix))
    if asked.file:
        _show(asked.file, archive, listing, comparer, answer)
    tree = tree_id(listing.files.values(), sha256_objects=clone.sha256)
    if asked.as_json:
        document = answer_document(
            named.build.key.name, archive.uri, listing, answer, tree, recorded=archive.hash_is_recorded
        )
        click.echo(json_line(document | _origin(archive.uri, asked.repo)))
    else:
        remedy = _remedy(named, asked.policy)
        place = "" if archive.file else archive.uri
        told_of = CompareTold(
            asked.build, named.build, answer, listing, archive.proof, place, remedy, _fix_name(asked.fix, fix)
        )
        show(answer_lines(told_of))
    sys.exit(EXIT_CODES[answer.holds])


def _without_clone(asked: _Words, named: NamedBuild, archive: UploadArchive, error: GitFailed) -> NoReturn:
    """Say what can be said of an upload alone."""
    listing = archive.listing(sha256=False)
    tree = tree_id(listing.files.values())
    secrets = tuple(path for path in listing.files if secret_row(path))
    if asked.as_json:
        answer = UploadAnswer(len(listing.files), None, secrets=secrets, notes=(str(error),))
        document = answer_document(
            named.build.key.name, archive.uri, listing, answer, tree, recorded=archive.hash_is_recorded
        )
        click.echo(json_line(document | _origin(archive.uri, asked.repo, error)))
    else:
        tell(f"note: {error}")
        named_so = f", {', '.join(visible(path, 100) for path in secrets[:5])} among them" if secrets else ""
        click.echo(
            f"? No clone in {visible(str(asked.repo), 200)} to compare with: {len(listing.files):,} files, "
            f"tree {tree}{named_so}. Name one with --repo"
        )
    sys.exit(EXIT_CODES[None])


def _show(
    file: str, archive: UploadArchive, listing: UploadListing, comparer: Comparer, answer: UploadAnswer
) -> NoReturn:
    """Print the lines in which one file differs."""
    if secret_row(file):
        raise Malformed(f"--diff: {file!r} is named like a secret, and is not shown")
    if answer.root is None or answer.nearest is None:
        raise Malformed("--diff: the upload has nothing to do with this repository")
    prefix, files = answer.root.prefix, answer.root.in_repository(listing.files)
    path = file if file in files else prefix + file
    if path not in files:
        raise Malformed(f"--diff: expected the name of an uploaded file, got {file!r}, which is none")
    uploaded = archive.content(files[path])
    if uploaded is None:
        raise Malformed(f"--diff: {file!r} is larger than what is shown of a file")
    git = comparer.content(answer, path)
    for line in diff_lines(path, git, uploaded, answer.nearest.note.short):
        click.echo(line)
    sys.exit(EXIT_CODES[git == uploaded])


def _remedy(named: NamedBuild, policy: Path | None) -> str:
    """Return what policy says is to be done instead of uploading."""
    finding = judge(named.build, chosen_policy(policy)).judgement.finding(Check.SOURCE_IS_A_COMMIT)
    return finding.remedy if finding else ""


def _fix_name(name: str, sha: str) -> str:
    """Return the fix as people call it: its short name, behind what they named it by."""
    return sha[:7] if sha.startswith(name.lower()) else f"{name} ({sha[:7]})"


def _no_upload(build: Build, source: Source, *, as_json: bool) -> NoReturn:
    """Say that there is nothing to compare."""
    match source:
        case Commit():
            text, code = f"was made from commit {source.sha[:7]} ({source.strength}): nothing to compare", 0
        case NoSource():
            text, code = "has no source of its own: nothing to compare", _CAN_NOT_TELL
        case unclear:
            text, code = f"has an unclear source: {visible(getattr(unclear, 'reason', ''), 300)}", _CAN_NOT_TELL
    text = f"{named_in_text(build)} {text}"
    document = {"build": build.key.name, "archive": None, "notes": [text], **_origin(build.key.name)}
    click.echo(json_line(document) if as_json else text)
    sys.exit(code)


def _origin(read: str, repo: Path | None = None, *problems: Exception) -> dict[str, Any]:
    """Return where the answer comes from; no policy has a say in it."""
    beside = f", beside the clone {repo}" if repo and not problems else ""
    return Origin(datetime.now(UTC), f"{read}{beside}").field(problems)


def _stop(text: str) -> NoReturn:
    tell(f"Error: {text}")
    sys.exit(ERROR)
