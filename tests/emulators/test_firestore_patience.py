"""The first claim of a process: it may take longer than later ones, and what it gives up holds nobody up."""

from __future__ import annotations

import itertools
from datetime import timedelta

import grpc
import pytest

from tests.emulators.firestore import slow_firestore
from verifier.adapters.firestore import FirestoreStore
from verifier.controller.budget import FIRST_CLAIM_SECONDS, LEDGER_SECONDS
from verifier.controller.ledger import Ledger
from verifier.errors import Unavailable
from verifier.facts.build import BuildKey
from verifier.standin.clock import system_clock

KEY = BuildKey("vividly-dev", "us-central1", "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6")
LEASE = timedelta(seconds=120)


def a_process(channel: grpc.Channel, project: str) -> Ledger:
    """Return the ledger as a process has it that has asked nothing yet."""
    numbers = itertools.count()
    return Ledger(FirestoreStore(project, channel=channel), system_clock, LEASE, lambda: f"{project}-{next(numbers)}")


@pytest.mark.parametrize("method", ["GetDocument", "Commit"])
def test_a_first_claim_waits_for_what_would_be_too_late_for_another(
    method: str, firestore_emulator: str, project: str
) -> None:
    assert LEDGER_SECONDS + 1 < FIRST_CLAIM_SECONDS - 1
    with slow_firestore(firestore_emulator, method, LEDGER_SECONDS + 1) as channel:
        ledger = a_process(channel, project)
        lease = ledger.claim(KEY, announced=True, only_if_due=True, timeout=FIRST_CLAIM_SECONDS)
    assert lease is not None
    assert ledger.contact.answered


def test_a_claim_that_arrives_after_it_was_given_up_keeps_the_next_delivery_from_nothing(
    firestore_emulator: str, project: str
) -> None:
    with (
        slow_firestore(firestore_emulator, "Commit", 1.0) as slow,
        grpc.insecure_channel(firestore_emulator) as channel,
    ):
        ledger = a_process(slow, project)
        with pytest.raises(Unavailable):
            ledger.claim(KEY, announced=True, only_if_due=True, timeout=0.5)
        store = FirestoreStore(project, channel=channel)
        while store.read("builds", KEY.digest, timeout=10) is None:
            pass
        assert a_process(channel, project).claim(KEY, announced=True, only_if_due=True, timeout=10) is None
        again = ledger.claim(KEY, announced=True, only_if_due=True, timeout=10)
    assert again is not None
    assert again.record.fence == 2
