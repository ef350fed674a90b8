"""The function as a process of its own, with a ledger that can't be reached: it says so soon, and promises nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic
from typing import NoReturn

import grpc
import pytest

from tests.contract.adapters import answering, nobody_there
from tests.story.test_function import Place, build, place, push
from verifier.local.function import running_function

__all__ = ["place"]

MOST_SECONDS = 10.0


@contextmanager
def black_hole() -> Iterator[str]:
    """An address where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def in_trouble() -> Iterator[str]:
    """A server that answers UNAVAILABLE to everything."""

    def refuse(context: grpc.ServicerContext) -> NoReturn:
        context.abort(grpc.StatusCode.UNAVAILABLE, "the service is overloaded")

    with answering(refuse) as (address, _):
        yield address


@pytest.mark.parametrize("ledger", [nobody_there, black_hole, in_trouble], ids=lambda ledger: ledger.__name__)
def test_while_the_ledger_cannot_be_reached_nothing_is_acknowledged_or_done_and_that_is_said_within_ten_seconds(
    ledger: Callable[[], AbstractContextManager[str]], place: Place, tmp_path: Path
) -> None:
    place.cloud.put_build(build())
    body = push(json.dumps(build()).encode())
    with ledger() as address:
        settings = place.settings | {"VERIFIER_LEDGER": "firestore", "FIRESTORE_EMULATOR_HOST": address}
        with running_function(settings, tmp_path) as function:
            for _ in range(2):  # cold, and warm with a connection that failed before
                begun = monotonic()
                assert function.post("/builds", body) == 503
                assert monotonic() - begun <= MOST_SECONDS
    assert "not acknowledged: expected Firestore" in function.log.read_text()
    assert place.faults.calls == ()
