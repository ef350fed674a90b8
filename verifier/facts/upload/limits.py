"""How much of an archive is read before it is given up: a few megabytes may unpack to more than any disk holds."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB, GIB = 1024, 1024**2, 1024**3
LONGEST_NAME = 4096
"""Bytes of a path, as Linux has it: a longer one can't be unpacked."""
LARGEST_HEADER = 1 * MIB
"""Bytes of one extended header of a tar archive. Real ones have a few hundred."""
LARGEST_NORMALISED = 4 * MIB
"""Bytes of the largest file whose line endings are looked at, and which is held in memory whole."""
LARGEST_RULES = 64 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is read."""

    archive: int = 16 * GIB
    """Bytes of the archive itself."""
    unpacked: int = 256 * GIB
    """Bytes of all that it holds."""
    entries: int = 300_000
    names: int = 64 * MIB
    """Bytes of all names: they are what is kept."""
    ratio: int = 200
    """How many times its own size an archive may hold. Source code packs to a fifth, and a bomb to a thousandth."""
    ratio_from: int = 64 * MIB
    """Bytes up to which the ratio is not asked for: a little file of zeros is no bomb."""


def human(size: int) -> str:
    """Return a size as people read it, such as `256 MiB`."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"
