"""The README's pictures: both are shown, of the size that the script takes, and light."""

from __future__ import annotations

import struct

import pytest

from tests.browser.pictures import FOLDER, HEIGHT, MOST_BYTES, NAMES, WIDTH
from verifier.standin.function import MAIN

README = (MAIN.parent / "README.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_shown_with_a_text_and_is_light(name: str) -> None:
    content = (FOLDER / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (WIDTH, HEIGHT)
    assert len(content) <= MOST_BYTES
    (shown,) = [line for line in README.splitlines() if f"](docs/pictures/{name}.png)" in line]
    assert len(shown.partition("![")[2].partition("]")[0]) > 20
