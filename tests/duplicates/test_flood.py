"""However often and however many at once a build's message comes, everything about it happens once."""

from __future__ import annotations

from pathlib import Path

from tests.duplicates.__main__ import is_exact, shown
from tests.duplicates.flood import flood


def test_of_many_deliveries_at_once_each_build_gets_one_of_everything(firestore_emulator: str, tmp_path: Path) -> None:
    result = flood(firestore_emulator, tmp_path, builds=20, copies=25)
    assert is_exact(result), shown(result)
