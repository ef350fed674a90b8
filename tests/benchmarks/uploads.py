"""What reading an uploaded archive costs, beside Python's own reader of the same archive, which hashes nothing."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

import psutil

from tests.benchmarks.effort import Effort
from tests.benchmarks.fresh import in_a_fresh_process
from tests.benchmarks.memory_of import peak
from tests.benchmarks.results import Measurement, ratio, typical
from verifier.facts.upload.reading import read_listing

_TYPICAL_BYTES = 6_750
_PIECE = 64 * 1024


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure the processor time and memory of listing uploads of both forms. No ledger is needed."""
    with TemporaryDirectory() as folder:
        # Nothing is asked of zip: its own reader does nothing but unpack, and hashing alone takes half as long again.
        for form, goal in (("tgz", 1.2), ("zip", None)):
            path = Path(folder, f"upload.{form}")
            size = _write(path, effort.uploaded)
            what = f"{effort.uploaded:,} files, {size / 1e6:.0f} MB, {form}"
            pairs = in_a_fresh_process(_processor_times, path, effort.uploads)
            name = f"uploads: processor time of reading {what}"
            yield Measurement(name, *typical(pairs, "{:.2f} s"), ratio(pairs), "×", at_most=goal)
            most = in_a_fresh_process(_memory, path)
            name = f"uploads: memory while reading {what}"
            yield Measurement(name, f"peak {most:.0f} MiB", "", most, "MiB", at_most=64)


def _write(path: Path, count: int) -> int:
    """Write an archive of so many files of text as gcloud would. Return the bytes of the files."""
    chance = Random(17)  # the same archive each time
    words = [f"word{chance.randrange(100_000)}".encode() for _ in range(3_000)]
    text = b" ".join(chance.choices(words, k=400_000))
    sizes = [min(int(chance.expovariate(1 / _TYPICAL_BYTES)), 200_000) for _ in range(count)]
    names = [f"src/package{number // 200}/file_{number}.py" for number in range(count)]
    contents = (
        (name, text[at : at + size]) for name, size in zip(names, sizes, strict=True) for at in [size * 7 % 99_991]
    )
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in contents:
                zipped.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz") as packed:
            for name, content in contents:
                member = tarfile.TarInfo(name)
                member.size, member.mtime = len(content), 1793697255.481132
                packed.addfile(member, io.BytesIO(content))
    return sum(sizes)


def _processor_times(path: Path, rounds: int) -> list[tuple[float, float]]:
    """Return seconds of ours and of the library's; the first pair does not count."""
    pairs = []
    for _ in range(rounds + 1):
        start = process_time()
        ours = _list(path)
        between = process_time()
        theirs = _read(path)
        pairs.append((between - start, process_time() - between))
        if ours != theirs:
            raise RuntimeError(f"expected the same number of files, got {ours} and {theirs}")
    return pairs[1:]


def _list(path: Path) -> int:
    with path.open("rb") as archive:
        return len(read_listing(archive).files)


def _read(path: Path) -> int:
    """Read each file of an archive, a piece at a time."""
    count = 0
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as zipped:
            for info in zipped.infolist():
                with zipped.open(info) as content:
                    while content.read(_PIECE):
                        pass
                count += 1
        return count
    with tarfile.open(path, "r|gz") as packed:
        for member in packed:
            opened = packed.extractfile(member)
            while opened and opened.read(_PIECE):
                pass
            count += 1
    return count


def _memory(path: Path) -> float:
    _list(path)
    return peak(psutil.Process())
