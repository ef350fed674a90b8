"""Records stay, and stay small: long after its verdict, a record loses what nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS, cut, parse_record, record_document
from verifier.errors import Malformed
from verifier.services import Stored
from verifier.times import show_time

_AGAIN_IN = timedelta(days=30)


def cut_record(name: str, stored: Stored, deployment: Deployment, budget: Budget) -> None:
    """Cut a done record, unless it was changed since it was read: then its due time brings it back.

    It is taken under no lease: one write does it, and nobody else writes what is done. Raises ServiceError, and
    Malformed for a record that this version can't read, which is put off.
    """
    store, now = deployment.services.store, deployment.services.clock()
    try:
        document = record_document(cut(parse_record(stored.document), now))
    except Malformed:
        later = {**stored.document, "cut_due": show_time(now + _AGAIN_IN)}
        store.replace(BUILDS, name, later, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
        raise
    store.replace(BUILDS, name, document, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
