"""An apply over an installation of 0.1.0 destroys nothing: what was planned for the same variables is planned now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frozen.addresses import moved, moves, written
from tests.frozen.compare import frozen

PLANNED: dict[str, list[str]] = frozen("terraform.json")["planned"]


@pytest.mark.parametrize("run", PLANNED)
def test_each_address_with_its_key_is_planned_or_a_moved_block_names_it(
    plans: dict[str, list[dict[str, Any]]], run: str
) -> None:
    now = {item["address"] for item in plans[run]}
    assert [address for address in PLANNED[run] if moved(address, moves(written())) not in now] == []
