"""What the home project holds, and what the builds' regions must cover. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from verifier.adapters.cloud_logging import AUDIT_LOG
from verifier.controller.places import LATE_AFTER, LatePlace
from verifier.doctor.messages import Sink
from verifier.doctor.rows import AGAIN, APPLY, Need, Row, fails, holds, unknown

_LOGGING = "logging.googleapis.com/"
_MOST_NAMED = 5
FEWEST_DAYS = 30
"""What Terraform takes at the least: as long as every other log is kept."""


def audit_sinks(sinks: Sequence[Sink]) -> list[Sink]:
    """Return the sinks that keep the audit trail in a log bucket."""
    return [sink for sink in sinks if AUDIT_LOG in sink.filter and sink.destination.startswith(_LOGGING)]


def bucket_of(sink: Sink) -> str:
    """Return the resource name of the bucket that a sink writes to."""
    return sink.destination.removeprefix(_LOGGING)


def no_audit_sink(project: str) -> Row:
    """Return the row where the audit trail stays where every log goes, for 30 days."""
    return fails(Need.AUDIT_IS_KEPT, project, f"no log sink sends the log {AUDIT_LOG} to a bucket of its own", APPLY)


def audit_row(sink: Sink, days: int, *, locked: bool) -> Row:
    """Whether the audit trail is kept, and for how long."""
    need, name = Need.AUDIT_IS_KEPT, bucket_of(sink).rpartition("/")[2]
    if sink.is_disabled:
        return fails(need, name, f"the log sink {sink.name} is disabled", APPLY)
    if days < FEWEST_DAYS:
        return fails(need, name, f"entries are kept for {days} days, not even as long as every other log", APPLY)
    return holds(need, name, f"every entry is kept for {days} days; the bucket is {'' if locked else 'not '}locked")


def places_row(late: Sequence[LatePlace]) -> Row:
    """Whether the builds of every place are listed in time."""
    need = Need.PLACES_ARE_LISTED
    if not late:
        return holds(need, "", f"none is more than {LATE_AFTER.seconds // 60} minutes late")
    named = [f"{place.name} (last {place.listed or 'never'}{place.error and f': {place.error}'})" for place in late]
    more = f", and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    seen = f"not listed in time: {', '.join(named[:_MOST_NAMED])}{more}"
    return fails(need, "", seen, "fix what is named; where nothing is, look at the function's log for `place late`")


def region_row(project: str, regions: frozenset[str], busy: Sequence[str], silent: Sequence[str], days: int) -> Row:
    """Whether every location that had builds is among the regions that are listed."""
    need = Need.REGIONS_COVER_THE_BUILDS
    outside = [location for location in busy if location not in regions]
    if outside:
        wanted = json.dumps(sorted({*regions, *outside}))
        seen = f"builds ran in {', '.join(outside)}, which VERIFIER_REGIONS does not name"
        return fails(need, project, seen, f"set regions = {wanted} in terraform.tfvars and apply")
    if silent:
        seen = f"whether builds run in {', '.join(silent)} could not be read"
        return unknown(need, project, seen, AGAIN)
    return holds(need, project, f"in {days} days builds ran in {', '.join(busy) or 'no location'}")


def publish_row(need: Need, topic: str, *, may: bool) -> Row:
    """Whether the function can publish to a topic."""
    about = topic.rpartition("/")[2]
    if may:
        return holds(need, about, "pubsub.topics.publish is granted on it")
    return fails(need, about, "pubsub.topics.publish is not granted on it", APPLY)
