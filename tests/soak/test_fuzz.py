"""The fuzzing of decoders finds what it is for."""

from __future__ import annotations

import pytest

from tests.benchmarks.decoders import DECODERS
from tests.soak.fuzz import fuzz
from verifier.errors import Malformed


def same(text: str) -> str:
    return text


@pytest.mark.parametrize("name", DECODERS)
def test_each_decoder_holds_for_a_moment(name: str) -> None:
    read, prepare = DECODERS[name]
    assert sum(fuzz(read, prepare, 0.01, 17, examples=30)) >= 10


def test_an_error_that_is_not_ours_is_found_and_one_of_ours_is_none() -> None:
    def broken(text: str) -> object:
        return int("1" if '"' not in text else text)

    def refusing(text: str) -> object:
        raise Malformed("no")

    with pytest.raises(ValueError, match="invalid literal"):
        list(fuzz(broken, same, 60, 17))
    assert list(fuzz(refusing, same, 0.01, 17, examples=30))
