"""What becomes of a message that can't be read: an entry in the audit trail, and nothing else."""

from __future__ import annotations

from verifier.case import AUDIT_SECONDS, Budget, World
from verifier.hints import Quarantined
from verifier.record import quarantine_record
from verifier.telling import write_audit


def quarantine(message: Quarantined, world: World, budget: Budget) -> None:
    """Write the entry. Raises ServiceError when it can't be written: then the message must come again."""
    services = world.services
    record = quarantine_record(message.message_id, message.reason, message.excerpt, services.clock())
    write_audit(services, record, budget.seconds(AUDIT_SECONDS))
