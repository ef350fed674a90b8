"""What it costs to find the commit that an upload is nearest to, beside what git alone takes for the same history.

The repository is made by `git fast-import`: three files change a commit, and one commit in twelve is a merge.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import psutil

from tests.benchmarks.effort import Effort
from tests.benchmarks.fresh import in_a_fresh_process
from tests.benchmarks.memory_of import peak, resident
from tests.benchmarks.results import Measurement, absent, ratio, typical
from verifier.adapters.comparer import AskedUpload, Comparer
from verifier.adapters.git_clone import Clone
from verifier.facts.comparison.commits import compared_with
from verifier.facts.upload import UploadedFile, UploadListing

_FOLDERS = 200
_BEGAN = 1_700_000_000
_WANTED = 0.7
"""Where in the history the uploaded commit is."""


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure processor time and memory of finding commits. No ledger is needed."""
    size = f"{effort.commits:,} commits × {effort.repository_files:,} files"
    if not shutil.which("git"):
        yield absent(f"history: {size}", "no git")
        return
    for prefix in ("", "d001/"):
        pairs, memory = in_a_fresh_process(_found, effort.commits, effort.repository_files, effort.audits, prefix)
        part = f", {prefix} of it" if prefix else ""
        name = f"history: nearest among {size}{part}, beside git diff-tree"
        yield Measurement(name, *typical(pairs, "{:.2f} s"), ratio(pairs), "×", at_most=2)
        yield Measurement(f"history: memory of the same{part}", f"peak {memory:.0f} MiB", "", memory, "MiB")


def _found(commits: int, files: int, times: int, prefix: str) -> tuple[list[tuple[float, float]], float]:
    """Return processor seconds of the search and of git's part of it alone, and MiB; the first pair warms up."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        shas = made_repository(repo, commits, files)
        wanted = shas[int(len(shas) * _WANTED)]
        listing = _listing(Clone.opened(repo), wanted, prefix)
        before, pairs = resident(psutil.Process()), []
        for _ in range(times + 1):
            start = _seconds()
            _search(repo, listing, wanted, prefix)
            between = _seconds()
            _git_alone(Clone.opened(repo), prefix)
            pairs.append((between - start, _seconds() - between))
        return pairs[1:], peak(psutil.Process()) - before


def _search(repo: Path, listing: UploadListing, wanted: str, prefix: str) -> None:
    """Search as the command does. Raise RuntimeError where another commit was found."""
    answer = Comparer(Clone.opened(repo)).answer(AskedUpload(listing))
    known = {answer.nearest.note.sha, *answer.nearest.ties} if answer.nearest else set()
    if wanted not in known or answer.root is None or answer.root.prefix != prefix:
        raise RuntimeError(f"expected commit {wanted} below {prefix!r}, got {answer}")


def _git_alone(clone: Clone, prefix: str) -> None:
    """Have git print what each commit changes."""
    nodes = clone.nodes(10**6)
    pairs = compared_with(nodes, nodes[-1].sha)
    words = ["git", "-C", str(clone.repo), "diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--root"]
    lines = "".join(f"{commit} {other}\n" if other else f"{commit}\n" for commit, other in pairs)
    limit = ["--", prefix] if prefix else []
    subprocess.run([*words, *limit], input=lines.encode(), stdout=subprocess.DEVNULL, check=True)


def _seconds() -> float:
    """Return the processor time of this process and of those that it waited for."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _listing(clone: Clone, commit: str, prefix: str) -> UploadListing:
    """Return the upload of a commit, with a file of its own."""
    files = {
        path.removeprefix(prefix): UploadedFile(
            path.removeprefix(prefix), entry.mode, entry.blob, entry.blob, "", 100, None
        )
        for path, entry in clone.tree(commit, prefix).items()
    }
    files["NOTES.md"] = UploadedFile("NOTES.md", "100644", "0" * 40, "0" * 40, "", 100, None)
    return UploadListing(files, frozenset(), (), (), 0, "tgz", 0, {})


def made_repository(repo: Path, commits: int, files: int) -> list[str]:
    """Make a repository with so many commits on so many files, and return its commits, oldest first."""
    subprocess.run(["git", "-C", str(repo), "init", "--quiet", "--template="], check=True)
    marks = repo / "marks"
    subprocess.run(
        ["git", "-C", str(repo), "fast-import", "--quiet", "--done", f"--export-marks={marks}"],
        input="".join(_stream(commits, files)).encode(),
        check=True,
    )
    numbered = dict(line.split(" ") for line in marks.read_text().splitlines())
    return [numbered[f":{number + 1}"] for number in range(commits)]


def _stream(commits: int, files: int) -> Iterator[str]:
    dice = random.Random(7)
    for number in range(commits):
        who = f"Ana <ana@vividly.example> {_BEGAN + 60 * number} +0000"
        yield f"commit refs/heads/main\nmark :{number + 1}\ncommitter {who}\ndata 4\nWork\n"
        if number:
            yield f"from :{number}\n"
        if number > 30 and number % 12 == 0:
            yield f"merge :{number - 20}\n"
        for place in range(files) if number == 0 else dice.sample(range(files), 3):
            text = f"{place} {number} {sha1(f'{place} {number}'.encode(), usedforsecurity=False).hexdigest()}"
            yield f"M 100644 inline d{place % _FOLDERS:03}/f{place}.py\ndata {len(text)}\n{text}\n"
    yield "done\n"
