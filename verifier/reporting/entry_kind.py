"""What an entry of the audit trail is about: its label `kind`, by which it is looked for."""

from __future__ import annotations

from enum import StrEnum


class EntryKind(StrEnum):
    """Each has a schema in docs/schemas."""

    VERDICT = "verdict"
    """What was decided about a build."""
    DID_NOT_SUCCEED = "build-did-not-succeed"
    """A build ended without success: it is counted, not judged."""
    QUARANTINED = "quarantined"
    """A message could not be read."""
    UNCONFIRMED = "unconfirmed"
    """A message named a build that Cloud Build does not show us."""
    UNWATCHED = "unwatched"
    """Builds ended in a place that nobody told us to watch."""
    UNDELIVERED = "undelivered"
    """Slack refuses a message."""
    UNEDITED = "unedited"
    """Slack does not let a message be edited."""
    UPLOAD = "upload"
    """What was found in the upload that a build was made from."""
    RUNNING = "running"
    """A job began or ceased to run a digest."""
    CHECKPOINT = "checkpoint"
    """How the runs of a digest go, some time after it was deployed."""
    REGRESSED = "regressed"
    """It got worse than before."""
    WATCH_ENDED = "watch-ended"
    """The runs of a digest are not watched any longer."""
