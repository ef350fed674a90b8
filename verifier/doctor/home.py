"""What the home project holds, and what the builds' regions must cover. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.cloud.cloud_logging import AUDIT_LOG
from verifier.doctor.messages import Sink
from verifier.doctor.rows import Need, Row, fails, holds, unknown

_LOGGING = "logging.googleapis.com/"
_ORDINARY_DAYS = 30


def audit_sinks(sinks: Sequence[Sink]) -> list[Sink]:
    """The sinks that keep the audit trail in a log bucket."""
    return [sink for sink in sinks if AUDIT_LOG in sink.filter and sink.destination.startswith(_LOGGING)]


def bucket_of(sink: Sink) -> str:
    """The resource name of the bucket that a sink writes to."""
    return sink.destination.removeprefix(_LOGGING)


def no_audit_sink(project: str) -> Row:
    """The row where the audit trail stays where every log goes, for 30 days."""
    remedy = (
        f"gcloud logging buckets create build-verifier --location=global --retention-days=400 --project={project}, "
        f"then gcloud logging sinks create build-verifier-audit {_LOGGING}projects/{project}/locations/global/buckets/"
        f"build-verifier --project={project} --log-filter='log_id(\"{AUDIT_LOG}\")'"
    )
    return fails(Need.AUDIT_IS_KEPT, project, f"no log sink sends the log {AUDIT_LOG} to a bucket of its own", remedy)


def audit_row(sink: Sink, days: int, *, locked: bool) -> Row:
    """Whether the audit trail is kept for as long as questions come up."""
    need, bucket = Need.AUDIT_IS_KEPT, bucket_of(sink)
    _, project, _, location, _, name = bucket.split("/")
    place = f"--project={project}"
    if sink.is_disabled:
        remedy = f"gcloud logging sinks update {sink.name} --no-disabled {place}"
        return fails(need, name, f"the log sink {sink.name} is disabled", remedy)
    if days <= _ORDINARY_DAYS:
        remedy = f"gcloud logging buckets update {name} --location={location} --retention-days=400 {place}"
        return fails(need, name, f"entries are kept for {days} days, no longer than every other log", remedy)
    return holds(need, name, f"for {days} days, {'locked' if locked else 'not locked'}")


def region_row(project: str, regions: frozenset[str], busy: Sequence[str], silent: Sequence[str], days: int) -> Row:
    """Whether every location that had builds is among the regions that are listed."""
    need = Need.REGIONS_COVER_THE_BUILDS
    outside = [location for location in busy if location not in regions]
    if outside:
        wanted = ",".join(sorted({*regions, *outside}))
        seen = f"builds ran in {', '.join(outside)}, which VERIFIER_REGIONS does not name"
        remedy = f"set regions to {wanted} in terraform.tfvars (VERIFIER_REGIONS={wanted}), then terraform apply"
        return fails(need, project, seen, remedy)
    if silent:
        seen = f"whether builds run in {', '.join(silent)} could not be read"
        return unknown(need, project, seen, "run it again in a minute")
    return holds(need, project, f"in {days} days builds ran in {', '.join(busy) or 'no location'}")


def publish_row(topic: str, member: str, *, may: bool) -> Row:
    """Whether verdicts can be published."""
    need = Need.VERDICTS_CAN_BE_PUBLISHED
    if may:
        return holds(need, topic.rpartition("/")[2], "pubsub.topics.publish is granted on it")
    remedy = f"gcloud pubsub topics add-iam-policy-binding {topic} --member={member} --role=roles/pubsub.publisher"
    return fails(need, topic.rpartition("/")[2], "pubsub.topics.publish is not granted on it", remedy)
