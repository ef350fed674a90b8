"""When calls fail and processes are killed all the time, every build still gets its one verdict once that ends."""

from __future__ import annotations

import os
from pathlib import Path

from tests.crashes.processes import a_fork_server
from tests.soak.__main__ import table
from tests.soak.load import LoadProfile, soak


def test_under_faults_nothing_is_lost_and_nothing_is_done_twice(firestore_emulator: str, tmp_path: Path) -> None:
    with a_fork_server(Path(os.devnull)) as fork_server:
        result = soak(fork_server, firestore_emulator, tmp_path, LoadProfile(builds=60, kills=0.05))
    assert result.is_sound, table(result)
    assert result.statistics.faults
    assert result.statistics.crashes
