"""An upload beside a clone: what is asked of git, in which order, to answer what was uploaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from verifier.adapters.build_files import build_configurations
from verifier.adapters.git_clone import Clone
from verifier.errors import Malformed
from verifier.facts.comparison.answer import NearestCommit, UploadAnswer
from verifier.facts.comparison.attributes import filtered
from verifier.facts.comparison.commits import CommitNode, after, before, compared_with
from verifier.facts.comparison.differences import Differences, differences, settled
from verifier.facts.comparison.fix import FixAnswer, PastContents, fix_answer
from verifier.facts.comparison.git_output import SUBMODULE, Change, TreeEntry
from verifier.facts.comparison.nearest import Measured, UploadMeasure, chosen, composed, measured
from verifier.facts.comparison.root import Root, Vote, kinship, vote
from verifier.facts.comparison.steps import StepsAnswer, compared_steps
from verifier.facts.upload.digest import blob_id
from verifier.facts.upload.ignore import OF_GCLOUD, IgnoreRules, rules_of
from verifier.facts.upload.listing import UploadedFile, UploadListing
from verifier.facts.upload.secret_names import secret_row

MOST_COMMITS = 200_000
"""Newest commits that are looked at."""
_MOST_TIPS = 8
_MOST_NAMED = 5
_RULES = (".gcloudignore", ".gitignore")
_INCLUDED = re.compile(rb"(?m)^#\s*!include:([^/\r\n]+)\r?$")
_OF_FUNCTIONS = "node_modules\n"
_NO_RULES = IgnoreRules(())


@dataclass(frozen=True, slots=True)
class AskedUpload:
    """What is asked about one upload."""

    listing: UploadListing
    claimed: str = ""
    """The commit that the build claims to be of, in lower case, or empty."""
    built: datetime | None = None
    steps: object = None
    """The steps that ran, as the build's document has them."""
    tool: str = ""
    """The command that made the upload, as far as it is known."""
    fix: str = ""
    """The full SHA of the fix that is asked about; empty: none is."""


@dataclass
class Comparer:
    """A clone, beside which any number of uploads are compared.

    `seen` is told of the commits that were looked at, and of how many there are. `keep`: what git says of a folder's
    history is kept for the next upload from there; it takes some hundred bytes a change.
    """

    clone: Clone
    seen: Callable[[int, int], None] = field(default=lambda _done, _all: None)
    keep: bool = False
    most_commits: int = MOST_COMMITS
    _kept: dict[str, list[tuple[str, list[Change]]]] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> list[CommitNode]:
        """The commits of every branch and tag, parents first."""
        return self.clone.nodes(self.most_commits)

    @cached_property
    def tips(self) -> list[tuple[str, dict[str, TreeEntry]]]:
        """What is checked out, with its tree."""
        return [(tip, self.clone.tree(tip)) for tip in self.clone.tips(_MOST_TIPS)[:1]]

    def answer(self, asked: AskedUpload) -> UploadAnswer:
        """Return what is found out about an upload. Raise GitFailed where git can't answer."""
        listing = asked.listing
        tip, tree, place = self._place(listing)
        if not (self.nodes and tip and place.votes):
            return UploadAnswer(len(listing.files), None, shallow=self.clone.shallow)
        root = place.root
        files = root.in_repository(listing.files)
        rules, notes = self._rules(listing, root, tree, asked.tool)
        fix_changes = self._fix_changes(asked.fix)
        found = self._measured(files, root, rules, tip, tree, {change.path for change in fix_changes})
        nearest = self._nearest(found, asked)
        own_tree = self.clone.tree(nearest.note.sha, root.prefix)
        common = kinship(files, own_tree)
        if not common.is_one(len(files)):
            return UploadAnswer(len(listing.files), None, common.same, shallow=self.clone.shallow)
        rules, more = self._rules(listing, root, own_tree, asked.tool)
        differing = self._differences(listing, files, root, own_tree, rules)
        secret = [path for path in files if secret_row(path)]
        known = {composed(path) for path in own_tree}
        return UploadAnswer(
            files=len(listing.files),
            root=root,
            nearest=nearest,
            found=differing,
            steps=self._steps(nearest.note.sha, root, asked.steps),
            fix=self._fix(asked.fix, fix_changes, files, root, found, nearest, own_tree) if asked.fix else None,
            secrets=tuple(path for path in secret if path not in known),
            known_secrets=tuple(path for path in secret if path in known),
            unread=len(listing.special) + len(listing.refused),
            shallow=self.clone.shallow,
            notes=tuple(dict.fromkeys([*notes, *more, *self._filtered(nearest, root, differing), *self._notes()])),
        )

    def content(self, answer: UploadAnswer, path: str) -> bytes | None:
        """Return what the nearest commit has at a path of the repository; None where that can't be shown."""
        if answer.nearest is None:
            return None
        entry = self.clone.tree(answer.nearest.note.sha).get(path)
        return self.clone.blobs([entry.blob]).get(entry.blob) if entry and entry.mode != SUBMODULE else None

    def _place(self, listing: UploadListing) -> tuple[str, dict[str, TreeEntry], Vote]:
        """Return the tip that the upload is most like, its tree, and where in it the upload belongs."""
        best: tuple[str, dict[str, TreeEntry], Vote] = ("", {}, vote({}, {}))
        for tip, tree in self._trees():
            found = vote(listing.files, tree)
            if found.votes > best[2].votes or not best[0]:
                best = tip, tree, found
            if best[2].same * 2 >= len(listing.files):
                break
        return best

    def _trees(self) -> Iterator[tuple[str, dict[str, TreeEntry]]]:
        yield from self.tips
        for tip in self.clone.tips(_MOST_TIPS)[1:]:
            yield tip, self.clone.tree(tip)

    def _rules(
        self, listing: UploadListing, root: Root, tree: Mapping[str, TreeEntry], tool: str
    ) -> tuple[IgnoreRules, list[str]]:
        """Return by which rules the folder was uploaded, if it was this tree's: what was uploaded says so first."""
        own = {path.removeprefix(root.lead): content for path, content in listing.rules.items()}
        names = [*_RULES, *self._included(own, root, tree)]
        wanted = {name: tree[root.prefix + name].blob for name in names if root.prefix + name in tree}
        contents = self.clone.blobs(blob for name, blob in wanted.items() if name not in own)
        files = {name: contents[blob] for name, blob in wanted.items() if blob in contents} | own
        try:
            defaults = _OF_FUNCTIONS if "functions" in tool else ""
            return rules_of(files, has_git=not root.prefix, more_defaults=defaults), []
        except Malformed as error:
            return _NO_RULES, [f"What gcloud leaves out is not known: {error}"]

    def _included(self, own: Mapping[str, bytes], root: Root, tree: Mapping[str, TreeEntry]) -> list[str]:
        text = own.get(_RULES[0])
        entry = tree.get(root.prefix + _RULES[0])
        if text is None and entry is not None:
            text = self.clone.blobs([entry.blob]).get(entry.blob)
        return [name.decode("utf-8", "surrogateescape").strip() for name in _INCLUDED.findall(text or b"")]

    def _measured(
        self,
        files: Mapping[str, UploadedFile],
        root: Root,
        rules: IgnoreRules,
        tip: str,
        tree: Mapping[str, TreeEntry],
        asked: set[str],
    ) -> Measured:
        pairs = compared_with(self.nodes, tip)
        own = {path: entry for path, entry in tree.items() if path.startswith(root.prefix)}
        wanted = UploadMeasure(files, _left_out(rules, root.prefix))
        known = {tip: wanted.of_tree(own)}
        return measured(self._counted(pairs), self._changes(pairs, root.prefix), wanted, known, asked)

    def _counted(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for number, pair in enumerate(pairs):
            if number % 1_000 == 0:
                self.seen(number, len(pairs))
            yield pair
        self.seen(len(pairs), len(pairs))

    def _changes(self, pairs: Sequence[tuple[str, str]], prefix: str) -> Iterator[tuple[str, list[Change]]]:
        if not self.keep:
            return self.clone.changes(pairs, prefix)
        if prefix not in self._kept:
            self._kept[prefix] = list(self.clone.changes(pairs, prefix))
        return iter(self._kept[prefix])

    def _nearest(self, found: Measured, asked: AskedUpload) -> NearestCommit:
        near = set(found.nearest)
        ties = [node for node in self.nodes if node.sha in near]
        unpushed = self.clone.unpushed(found.nearest)
        best = chosen(ties, asked.claimed, unpushed, asked.built)
        others = [node for node in ties if node.sha != best.sha]
        later, earlier = (all(sign * (node.seconds - best.seconds) >= 0 for node in others) for sign in (1, -1))
        return NearestCommit(
            note=self.clone.note(best.sha),
            pushed=None if unpushed is None else best.sha not in unpushed,
            ties=tuple(node.sha for node in others),
            when="later" if later else "earlier" if earlier else "other",
        )

    def _differences(
        self,
        listing: UploadListing,
        files: Mapping[str, UploadedFile],
        root: Root,
        tree: Mapping[str, TreeEntry],
        rules: IgnoreRules,
    ) -> Differences:
        folders = frozenset(root.prefix + folder.removeprefix(root.lead) for folder in listing.folders)

        def rule(path: str) -> str:
            pattern = rules.leaves_out(path.removeprefix(root.prefix))
            if pattern is None:
                return ""
            return pattern.origin if pattern.origin == OF_GCLOUD else f"{pattern.line} of {pattern.origin}"

        found, doubts = differences(files, self._with_submodules(tree, files), rule, folders)
        contents = self.clone.blobs(doubt.entry.blob for doubt in doubts)
        return settled(found, doubts, contents, files, sha256=self.clone.sha256)

    def _with_submodules(
        self, tree: Mapping[str, TreeEntry], files: Mapping[str, UploadedFile]
    ) -> dict[str, TreeEntry]:
        """Return the tree with the files of each submodule whose clone is there and has the commit."""
        whole = dict(tree)
        for path, entry in tree.items():
            if entry.mode == SUBMODULE and any(name.startswith(f"{path}/") for name in files):
                clone = self.clone.submodule(path)
                own = clone.tree(entry.blob) if clone and clone.has(entry.blob) else {}
                if own:
                    del whole[path]
                    whole |= {f"{path}/{name}": each for name, each in own.items()}
        return whole

    def _steps(self, commit: str, root: Root, ran: object) -> StepsAnswer:
        found = build_configurations(self.clone, commit, root.prefix)
        return compared_steps(ran, found)

    def _fix_changes(self, fix: str) -> list[Change]:
        if not fix:
            return []
        pairs = [(fix, self.clone.parent(fix))]
        return [change for _, changes in self.clone.changes(pairs) for change in changes]

    def _fix(
        self,
        fix: str,
        changes: Sequence[Change],
        files: Mapping[str, UploadedFile],
        root: Root,
        found: Measured,
        nearest: NearestCommit,
        tree: Mapping[str, TreeEntry],
    ) -> FixAnswer:
        later = after(self.nodes, fix)
        gone = {change.path for change in changes if change.path not in tree} if nearest.note.sha in later else set()
        ids = [blob for change in changes for blob in (change.old, change.new) if blob]
        past = PastContents(found.contents, before(self.nodes, fix), later, self._lf_ids(ids), gone)
        return fix_answer(fix, changes, files, root.prefix, past)

    def _lf_ids(self, ids: Iterable[str]) -> dict[str, str]:
        return {
            blob: blob_id(content.replace(b"\r\n", b"\n"), sha256_objects=self.clone.sha256)
            for blob, content in self.clone.blobs(ids).items()
            if b"\r\n" in content
        }

    def _filtered(self, nearest: NearestCommit, root: Root, found: Differences) -> Iterator[str]:
        """Yield which modified files may be changed by a filter alone."""
        names = dict.fromkeys(("", root.prefix))
        contents = self.clone.files(nearest.note.sha, [f"{name}.gitattributes" for name in names])
        paths = dict[str, None]()
        for name in names:
            own = [path.removeprefix(name) for path in found.modified]
            paths |= {name + path: None for path in filtered(own, contents.get(f"{name}.gitattributes", b""))}
        if paths:
            shown = ", ".join(list(paths)[:_MOST_NAMED])
            more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
            yield f"A filter may change these between git and the folder, so they can't be compared: {shown}{more}."

    def _notes(self) -> Iterator[str]:
        if self.clone.shallow:
            yield (
                f"The clone is shallow ({len(self.nodes):,} commits): a nearer commit may be missing. "
                f"git -C {self.clone.repo} fetch --unshallow"
            )
        elif len(self.nodes) == self.most_commits:
            yield f"Only the newest {self.most_commits:,} commits were looked at: a nearer one may be older."


def _left_out(rules: IgnoreRules, prefix: str) -> Callable[[str], bool]:
    known: dict[str, bool] = {}

    def left_out(path: str) -> bool:
        if path not in known:
            known[path] = rules.leaves_out(path.removeprefix(prefix)) is not None
        return known[path]

    return left_out
