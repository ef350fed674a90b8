r"""Which files gcloud leaves out of an upload: its rules, which are not git's though they look alike.

What holds (gcloud 528.0.0, `googlecloudsdk/command_lib/util/gcloudignore.py`, `glob.py`; `gcloud topic gcloudignore`):

- `.gcloudignore` at the top of the uploaded folder counts. Without one, and only where that very folder has a `.git` or
  a `.gitignore`, a default counts: those two names, `.gcloudignore` and the patterns of that `.gitignore`. Otherwise
  nothing is left out. Files of rules further down never count, nor does git's own global file.
- Patterns are matched from the right: `docs/*.md` leaves out `x/docs/a.md` as well, and `*/build` matches `build`.
- `\[` is no escape, and `[[:alpha:]]` no class: what the shell's matching of names makes of brackets counts.
- The last pattern that matches a path decides; what lies in a folder that is left out can't be taken in again.
- Files that git tracks are left out as others are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from verifier.errors import Malformed

DEFAULT = ".gcloudignore\n.git\n.gitignore\n"
"""What `builds submit` and `run deploy --source` leave out where the folder says nothing itself."""
OF_GCLOUD = "gcloud's default"
MOST_PATTERNS = 5_000
LONGEST_PATTERN = 1_024
"""Characters: no name is longer, and some patterns take the square of their length to be read."""
_INCLUDE = "!include:"
_ANY_DEPTH = "**"
_ESCAPED = re.compile(r"\\([^\\])")
_TOKEN = re.compile(r"\\?.", re.DOTALL)
_OPEN_END = re.compile(r"(?<!\\)\\(\\\\)*$")


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One line of a file of rules."""

    line: str
    origin: str
    """The file that it stands in, or `gcloud's default`."""
    parts: tuple[str, ...]
    """What is between its slashes; a first part that is empty binds it to the top."""
    takes_in: bool
    """It began with `!`: what matches is uploaded."""
    folders_only: bool

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Return whether it speaks of this path."""
        if self.folders_only and not is_folder:
            return False
        names = path.split("/")
        if _ANY_DEPTH in self.parts:
            return _reaches(self.parts, names)
        return _ends_like(self.parts, names)


class IgnoreRules:
    """The patterns of one upload."""

    def __init__(self, patterns: tuple[IgnorePattern, ...]) -> None:
        self.patterns = patterns
        self._folders: dict[str, IgnorePattern | None] = {"": None}

    def leaves_out(self, path: str, *, is_folder: bool = False) -> IgnorePattern | None:
        """Return the pattern by which a path is left out, itself or with a folder that it lies in; None: it goes in.

        `is_folder`: it is a folder, or a link to one.
        """
        above = path.rpartition("/")[0]
        if above not in self._folders:
            self._folders[above] = self.leaves_out(above, is_folder=True)
        return self._folders[above] or self._last(path, is_folder)

    def _last(self, path: str, is_folder: bool) -> IgnorePattern | None:
        for pattern in reversed(self.patterns):
            if pattern.matches(path, is_folder=is_folder):
                return None if pattern.takes_in else pattern
        return None


def rules_of(files: Mapping[str, bytes], *, has_git: bool, more_defaults: str = "") -> IgnoreRules:
    """Return the rules by which a folder is uploaded.

    `files` has the files of the folder's top that may hold rules, by name: `.gcloudignore`, `.gitignore`, and what
    those include. `has_git`: there is a `.git` at the top. `more_defaults`: patterns that a command adds to gcloud's
    default, such as `node_modules` for functions. Raise Malformed for rules by which gcloud would not upload anything,
    and for more than are looked at.
    """
    if ".gcloudignore" in files:
        patterns = _patterns(_text(files, ".gcloudignore"), ".gcloudignore", files, may_include=True)
    elif has_git or ".gitignore" in files:
        patterns = _patterns(DEFAULT + more_defaults, OF_GCLOUD, files, may_include=False)
        if ".gitignore" in files:
            patterns += _patterns(_text(files, ".gitignore"), ".gitignore", files, may_include=False)
    else:
        patterns = []
    _check_count(patterns)
    return IgnoreRules(tuple(patterns))


def _check_count(patterns: list[IgnorePattern]) -> None:
    if len(patterns) > MOST_PATTERNS:
        raise Malformed(f"expected at most {MOST_PATTERNS:,} patterns of files to leave out, got more")


def _text(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files[name].decode()
    except KeyError as error:
        raise Malformed(f"expected {name!r}, which is included, beside the file that includes it; got none") from error
    except UnicodeDecodeError as error:
        raise Malformed(f"expected UTF-8 in {name!r}, got other bytes: gcloud does not read it either") from error


def _patterns(text: str, origin: str, files: Mapping[str, bytes], *, may_include: bool) -> list[IgnorePattern]:
    """Return the patterns of a text. What is included is read for patterns, and not for what it includes in turn."""
    found: list[IgnorePattern] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            pattern = _pattern(line, origin)
            found += [pattern] if pattern else []
            _check_count(found)
        elif line[1:].lstrip().startswith(_INCLUDE):
            name = line.partition(_INCLUDE)[2]
            if "/" in name:
                raise Malformed(f"expected a name without a folder after {_INCLUDE} in {origin}, got {name!r}")
            if may_include:
                found += _patterns(_text(files, name), name, files, may_include=False)
    return found


def _pattern(line: str, origin: str) -> IgnorePattern | None:
    """Return the pattern of a line, or None where it has none. Raise Malformed for a very long one."""
    if len(line) > LONGEST_PATTERN:
        raise Malformed(f"{origin}: expected lines of at most {LONGEST_PATTERN:,} characters, got one of {len(line):,}")
    takes_in = line.startswith("!")
    text = line[1:] if takes_in else line
    folders_only = text.endswith("/")
    text = _without_end_spaces(text[:-1] if folders_only else text).replace("\\ ", " ")
    if _OPEN_END.search(text):
        return None
    text = _ESCAPED.sub(r"\1", text).replace("\\\\", "\\")
    return IgnorePattern(line, origin, tuple(text.split("/")), takes_in, folders_only) if text else None


def _without_end_spaces(text: str) -> str:
    tokens = _TOKEN.findall(text)
    while tokens and tokens[-1] == " ":
        tokens.pop()
    return "".join(tokens)


@lru_cache(maxsize=4096)
def _glob(part: str) -> Callable[[str], object]:
    """Return what says whether a name is like this part of a pattern."""
    return re.compile(translate(part)).match


def _ends_like(parts: tuple[str, ...], names: list[str]) -> bool:
    """Return whether a path's names, from the last on, are like the parts, from the last on.

    One name more than there are: before the first stands the top, whose name is empty.
    """
    at = len(names)
    for index in range(len(parts) - 1, -1, -1):
        if at < 0 or not _is_like(parts[index], names, at, is_first=index == 0):
            return False
        at -= 1
    return True


def _is_like(part: str, names: list[str], at: int, *, is_first: bool) -> bool:
    """Return whether the `at`-th name of a path, or for 0 the top, is like a part of a pattern."""
    if part == "*" and is_first and at > 1 and len("/".join(names[: at - 1])) > 1:
        return False  # such a star stands for one name only; gcloud measures that by the length of what is before it
    return bool(_glob(part)(names[at - 1] if at else ""))


def _reaches(parts: tuple[str, ...], names: list[str]) -> bool:
    """Return whether a pattern with `**` matches: it stands for any number of names, and binds what is before it.

    Goes over the parts from the last on, with all numbers of names that may still be before them.
    """
    open_ends = {len(names)}
    bound = False
    for index in range(len(parts) - 1, -1, -1):
        open_ends.discard(-1)
        if not open_ends:
            return False
        if parts[index] == _ANY_DEPTH:
            open_ends = set(range(max(open_ends) + 1))
            bound = bound or index == 0 or parts[0] != ""
        else:
            is_first = index == 0 and not bound
            open_ends = {at - 1 for at in open_ends if _is_like(parts[index], names, at, is_first=is_first)}
    return 0 in open_ends if bound else bool(open_ends)
