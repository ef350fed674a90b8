"""What becomes of a message that can't be read: an entry in the audit trail, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from verifier.controller.budget import CALL_SECONDS, Budget, Deployment
from verifier.controller.events import Quarantined
from verifier.controller.notify import write_audit
from verifier.reporting.audit_entry import quarantine_entry

_RETAINED = timedelta(days=7)
"""For how long Pub/Sub keeps trying to deliver a message."""


def quarantine(message: Quarantined, deployment: Deployment, budget: Budget) -> None:
    """Write the entry. Raises ServiceError when it can't be written: then the message must come again."""
    now = deployment.services.clock()
    # The moment of its publication is the same whenever it is delivered: so it stays one entry.
    published = message.published
    moment = published if published and now - _RETAINED < published < now else now
    record = quarantine_entry(message.message_id, message.reason, message.excerpt, moment)
    write_audit(deployment, record, budget.seconds(CALL_SECONDS))
