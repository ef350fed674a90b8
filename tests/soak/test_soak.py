"""When calls fail and processes are killed all the time, every build still gets its one verdict once it clears up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.crashes.nursery import a_zygote
from tests.soak.__main__ import table
from tests.soak.weather import Weather, soak


@pytest.mark.timeout(300)
def test_in_bad_weather_nothing_is_lost_and_nothing_is_done_twice(firestore_emulator: str, tmp_path: Path) -> None:
    with a_zygote(Path(os.devnull)) as zygote:
        soaked = soak(zygote, firestore_emulator, tmp_path, Weather(builds=60, kills=0.05))
    assert soaked.is_sound, table(soaked)
    assert soaked.tally.faults
    assert soaked.tally.deaths
