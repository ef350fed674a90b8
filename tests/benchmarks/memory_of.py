"""How much memory processes take, from Linux's /proc."""

from __future__ import annotations

from pathlib import Path

import psutil

MIB = 1024 * 1024


def peak(process: psutil.Process) -> float:
    """Return the most that was ever resident of this process, in MiB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes) / 1024


def resident(process: psutil.Process) -> float:
    """Return what is resident of it now, in MiB."""
    return process.memory_info().rss / MIB


def unshared(process: psutil.Process) -> float:
    """Return what would be freed if it ended now, in MiB."""
    return process.memory_full_info().uss / MIB
