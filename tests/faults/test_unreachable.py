"""The function as a process of its own, with a ledger that can't be reached: it says so soon, and promises nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic
from typing import NoReturn

import grpc
import pytest

from tests.busy import BUSY_SECONDS
from tests.contract.adapters import answering, black_hole, nobody_there
from tests.contract.test_credentials import metadata_at, nowhere
from tests.story.test_function import StandIns, build, push, stand_ins
from verifier.standin.function import running_function

__all__ = ["stand_ins"]

MOST_SECONDS = 10.0
"""As `test_grid.py` holds it in virtual time."""


@contextmanager
def in_trouble() -> Iterator[str]:
    """Yield a server that answers UNAVAILABLE to everything."""

    def refuse(context: grpc.ServicerContext) -> NoReturn:
        context.abort(grpc.StatusCode.UNAVAILABLE, "the service is overloaded")

    with answering(refuse) as (address, _):
        yield address


@pytest.mark.parametrize("ledger", [nobody_there, black_hole, in_trouble], ids=lambda ledger: ledger.__name__)
def test_while_the_ledger_cannot_be_reached_nothing_is_acknowledged_or_done_and_that_is_soon_said(
    ledger: Callable[[], AbstractContextManager[str]], stand_ins: StandIns, tmp_path: Path
) -> None:
    stand_ins.cloud.put_build(build())
    body = push(json.dumps(build()).encode())
    with ledger() as address:
        settings = stand_ins.settings | {"VERIFIER_LEDGER": "firestore", "FIRESTORE_EMULATOR_HOST": address}
        with running_function(settings, tmp_path) as function:
            for _ in range(2):  # cold, and warm with a connection that failed before
                begun = monotonic()
                assert function.post("/builds", body) == 503
                assert monotonic() - begun <= MOST_SECONDS + BUSY_SECONDS
    assert "not acknowledged: expected Firestore" in function.log.read_text()
    assert stand_ins.faults.calls == ()


@pytest.mark.parametrize("platform", [{"K_SERVICE": "build-verifier"}, {}], ids=["in Cloud Run", "elsewhere"])
def test_while_the_metadata_server_hangs_the_same_is_soon_said(
    platform: Mapping[str, str], stand_ins: StandIns, tmp_path: Path
) -> None:
    """The way to the real Firestore hangs as well: no test is to reach it."""
    stand_ins.cloud.put_build(build())
    body = push(json.dumps(build()).encode())
    with black_hole() as address:
        proxy = {"grpc_proxy": f"http://{address}", "no_proxy": "", "NO_PROXY": ""}
        settings = {**stand_ins.settings, **nowhere(tmp_path), **metadata_at(address), **proxy, **platform}
        with running_function(settings | {"VERIFIER_LEDGER": "firestore"}, tmp_path) as function:
            for _ in range(2):
                begun = monotonic()
                assert function.post("/builds", body) == 503
                assert monotonic() - begun <= MOST_SECONDS + BUSY_SECONDS
    expected = "Firestore database" if platform else "Google credentials"
    assert f"not acknowledged: expected {expected}" in function.log.read_text()
    assert stand_ins.faults.calls == ()
