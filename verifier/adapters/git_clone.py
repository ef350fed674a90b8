"""A clone of a repository: which commit a name means, what contains what, and what is in a commit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from verifier.adapters.git import Git, GitFailed, said
from verifier.errors import Malformed
from verifier.facts.comparison.commits import CommitNode, CommitNote, parse_commit, parse_node
from verifier.facts.comparison.git_output import Change, TreeEntry, commits_and_changes, parse_tree

_SHA = re.compile(r"[0-9a-f]{7,64}")
_REF = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_./+@-]{0,200}([~^][0-9]{0,6}){0,20}")
_FULL = 40
_MOST_ONE_BY_ONE = 200
_HISTORY_SECONDS = 600.0
_MOST_BLOB = 4 << 20
"""Bytes of a file that is looked into."""


def checked_sha(text: str) -> str:
    """Return the commit's hex digits in lower case. Raise Malformed when it is not 7 to 64 of them."""
    sha = text.lower()
    if not _SHA.fullmatch(sha):
        raise Malformed(f"commit: expected 7 to 64 hex digits, got {text[:80]!r}; git rev-parse REF prints them")
    return sha


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone that is there. What it answers is what it has: nothing is fetched."""

    git: Git
    shallow: bool
    """Whether its history is cut off, so that what is not found may only be missing."""
    sha256: bool
    """Whether its ids are SHA-256."""

    @staticmethod
    def opened(repo: Path) -> Clone:
        """Return the clone in this folder. Raise GitFailed where there is none."""
        git = Git(repo)
        answer = git.run("rev-parse", "--is-shallow-repository", "--show-object-format")
        if answer.returncode:
            raise GitFailed(
                f"no clone to ask in {repo} ({said(answer)}), and without one only equality can be claimed; "
                "name a clone with --repo"
            )
        shallow, *form = answer.stdout.decode().split()
        return Clone(git, shallow == "true", form[-1:] == ["sha256"])

    @property
    def repo(self) -> Path:
        """The folder that was named."""
        return self.git.repo

    def commit(self, name: str) -> str:
        """Return the full SHA of a commit by its digits, or of `HEAD`, a tag or a branch.

        Digits are never taken for the name of a branch. Raise Malformed for what can't be a name, and GitFailed where
        the clone does not have it.
        """
        if _SHA.fullmatch(name.lower()):
            return self.resolved(name.lower())
        if not _REF.fullmatch(name):
            raise Malformed(f"commit: expected hex digits, HEAD, a tag or a branch, got {name[:80]!r}")
        full = self._quiet(name)
        if not full:
            raise GitFailed(f"the clone in {self.repo} has no {name!r}; run: git -C {self.repo} fetch --all --tags")
        return full

    def resolved(self, sha: str) -> str:
        """Return the full SHA. A branch may be called by hex digits, too: what comes out must begin with what went in.

        Raise GitFailed where the clone does not have it.
        """
        full = self._quiet(sha)
        if not full.startswith(sha):
            more = "" if len(sha) >= _FULL else ", or several that begin so: then give more digits"
            raise GitFailed(
                f"the clone in {self.repo} does not have commit {sha}{more}; run: git -C {self.repo} fetch --all"
            )
        return full

    def is_ancestor(self, commit: str, descendant: str) -> bool:
        """Return whether `descendant` is `commit` or came after it, as the clone knows. Raise GitFailed."""
        answer = self.git.run("merge-base", "--is-ancestor", "--end-of-options", commit, descendant)
        if answer.returncode not in (0, 1):
            raise GitFailed(f"git could not compare {commit} with {descendant}: {said(answer)}")
        return answer.returncode == 0

    def note(self, commit: str) -> CommitNote:
        """Return what a commit says of itself. Raise GitFailed."""
        return parse_commit(commit, self.git.output("cat-file", "commit", commit))

    def parent(self, commit: str) -> str:
        """Return the commit's first parent, as far as the clone has it; empty where there is none."""
        return self._quiet(f"{commit}^1")

    def unpushed(self, commits: Sequence[str]) -> set[str] | None:
        """Return those of these commits that no branch of a remote has; None where no remote's branch is known."""
        answer = self.git.output("for-each-ref", "--format=%(objectname)", "refs/remotes")
        remote = sorted(set(answer.decode().split()))
        if not remote:
            return None
        lines = "".join(f"{line}\n" for line in (*commits, *(f"^{sha}" for sha in remote)))
        own = self.git.output("rev-list", "--stdin", stdin=lines.encode()).decode().split()
        return set(own) & set(commits)

    def tips(self, most: int) -> list[str]:
        """Return what is checked out, and the newest commits of branches; none of a repository without commits."""
        words = ("--sort=-committerdate", f"--count={most}", "--format=%(objectname)", "refs/heads", "refs/remotes")
        found = [self._quiet("HEAD"), *self.git.output("for-each-ref", *words).decode().split()]
        return [sha for sha in dict.fromkeys(found) if sha]

    def tree(self, commit: str, prefix: str = "") -> dict[str, TreeEntry]:
        """Return the files below a folder of a commit, by their paths in the repository; none where it has no such one.

        `prefix` is empty or ends with `/`. Raise GitFailed.
        """
        named = f"{commit}:{prefix.rstrip('/')}" if prefix else f"{commit}^{{tree}}"
        answer = self.git.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", named)
        if answer.returncode and prefix and self.git.run("cat-file", "-e", f"{commit}^{{tree}}").returncode == 0:
            return {}
        if answer.returncode:
            raise GitFailed(f"git ls-tree in {self.repo} failed: {said(answer)}{self._partial()}")
        entries = parse_tree(answer.stdout)
        return {prefix + path: entry for path, entry in entries.items()} if prefix else entries

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the content of these blobs, as far as the clone has them and they are at most 4 MiB long."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        asked = self.git.run("cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=_lines(wanted))
        if asked.returncode:
            # A partial clone that lacks one of them, and may not fetch it, has git stop there.
            wanted = [blob for blob in wanted[:_MOST_ONE_BY_ONE] if not self.git.run("cat-file", "-e", blob).returncode]
            asked = self.git.run("cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=_lines(wanted))
        small = [blob for blob, line in zip(wanted, asked.stdout.splitlines(), strict=True) if _is_small(line)]
        return _contents(self.git.output("cat-file", "--batch=%(objectsize)", stdin=_lines(small)), small)

    def has(self, commit: str) -> bool:
        """Return whether the clone has this commit."""
        return bool(self._quiet(commit))

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of these files that the commit has, and that are at most 4 MiB long."""
        words = [f":(top,literal){path}" for path in paths]
        entries = parse_tree(self.git.output("ls-tree", "-z", "--full-tree", commit, "--", *words))
        contents = self.blobs(entry.blob for entry in entries.values())
        return {path: contents[entry.blob] for path, entry in entries.items() if entry.blob in contents}

    def nodes(self, most: int) -> list[CommitNode]:
        """Return the commits of every branch and tag, parents first; of more than `most`, the newest. Raise GitFailed.

        What is stashed is a commit to git, and to nobody else.
        """
        words = ("--date-order", "--timestamp", "--parents", "--reverse", f"--max-count={most}")
        out = self.git.output("rev-list", *words, "--exclude=refs/stash", "--all", seconds=_HISTORY_SECONDS)
        return [parse_node(line) for line in out.splitlines()]

    def changes(self, pairs: Iterable[tuple[str, str]], prefix: str = "") -> Iterator[tuple[str, list[Change]]]:
        """Yield what each commit changes of a folder against the one beside it (empty: against nothing).

        In the order of the pairs; those that change nothing are passed over. Raise GitFailed.
        """
        lines = (f"{commit} {other}\n".encode() if other else f"{commit}\n".encode() for commit, other in pairs)
        words = ["--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--root", "--no-ext-diff"]
        if prefix:
            words += ["--", f":(top,literal){prefix}"]
        with self.git.stream("diff-tree", *words, lines=lines) as pieces:
            yield from commits_and_changes(pieces)

    def submodule(self, path: str) -> Clone | None:
        """Return the clone of the submodule that is checked out at this path, or None where there is none."""
        top = self.git.run("rev-parse", "--show-toplevel")
        folder = Path(top.stdout.decode("utf-8", "surrogateescape").rstrip("\n")) / path
        if top.returncode or folder.is_symlink() or not (folder / ".git").exists():
            return None
        try:
            return Clone.opened(folder)
        except GitFailed:
            return None

    def _quiet(self, name: str) -> str:
        answer = self.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return "" if answer.returncode else answer.stdout.decode().strip()

    def _partial(self) -> str:
        known = self.git.run("config", "--get-regexp", r"^remote\..*\.promisor$")
        return f"; it is a partial clone, run: git -C {self.repo} fetch --refetch" if known.stdout else ""


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in ids).encode()


def _is_small(line: bytes) -> bool:
    kind, _, size = line.partition(b" ")
    return kind == b"blob" and size.isdigit() and int(size) <= _MOST_BLOB


def _contents(output: bytes, ids: Iterable[str]) -> dict[str, bytes]:
    """Return what `git cat-file --batch` printed: for each a line with its size, its bytes, and an end of line."""
    found, place = dict[str, bytes](), 0
    for blob in ids:
        end = output.index(b"\n", place)
        size = int(output[place:end])
        found[blob] = output[end + 1 : end + 1 + size]
        place = end + 1 + size + 1
    return found
