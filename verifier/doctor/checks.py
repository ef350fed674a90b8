"""Every check: what is asked, and how the answer is judged. Each stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

from verifier.adapters.build_history import LOCATIONS
from verifier.config import SqliteLedger
from verifier.doctor.ask_home import firestore, query_ledger, query_places, try_audit
from verifier.doctor.ask_messages import may_publish, read_bucket, read_sinks, topic_exists
from verifier.doctor.ask_quotas import read_limit, why_not_paying
from verifier.doctor.ask_slack import Refusal, read_bot, read_channel
from verifier.doctor.ask_storage import may_read
from verifier.doctor.ask_workers import busy_locations, recent_builds
from verifier.doctor.home import audit_row, audit_sinks, bucket_of, no_audit_sink, places_row, publish_row, region_row
from verifier.doctor.installation import Installation
from verifier.doctor.message_checks import NO_WORK_TOPIC, message_rows
from verifier.doctor.quotas import BUILDS, LOGGING, QuotaKind, no_payer_row, payer_row, quota_row, unread_quota
from verifier.doctor.rows import APPLY, Need, Row, Trouble, fails, holds, needless, waiting
from verifier.doctor.slack import channel_row, channels_of, no_token_row, token_rows
from verifier.doctor.watched_checks import watched_rows
from verifier.doctor.worker_checks import worker_rows
from verifier.facts.upload.archive import staging_buckets

_DAYS = 30

Check = tuple[Need, str, Callable[[], Iterable[Row]]]
"""What is asked, of what, and how: rows, or Trouble that becomes one."""


def checks(place: Installation) -> Iterator[Check]:
    """Return the checks of an installation whose settings are sound."""
    for project in place.projects:
        yield Need.BUILDS_TOPIC_EXISTS, project, partial(_topic, place, project)
        yield Need.BUILDS_CAN_BE_LISTED, project, partial(_builds, place, project)
        yield Need.REGIONS_COVER_THE_BUILDS, project, partial(_regions, place, project)
        yield Need.PROJECTS_PAY_FOR_READS, project, partial(_payer, place, project)
        for kind in (LOGGING, BUILDS):
            yield Need.QUOTAS_ARE_KNOWN, project, partial(_quota, place, project, kind)
    yield Need.BUILDS_ARE_PUSHED, "", partial(message_rows, place)
    home = place.settings.home_project
    yield Need.LEDGER_ANSWERS, home, partial(_ledger, place)
    yield Need.AUDIT_CAN_BE_WRITTEN, home, partial(_audit, place)
    yield Need.AUDIT_IS_KEPT, home, partial(_kept, place)
    for project in place.projects:
        yield Need.UPLOADS_CAN_BE_READ, project, partial(_uploads, place, project)
    yield Need.VERDICTS_CAN_BE_PUBLISHED, place.settings.topic, partial(_verdicts, place)
    yield Need.WORK_CAN_BE_HANDED_OUT, place.settings.work_topic, partial(_work, place)
    yield Need.WORKER_EXISTS, "", partial(worker_rows, place)
    yield Need.WATCHED_JOB_EXISTS, "", partial(watched_rows, place)
    yield Need.SLACK_TAKES_THE_TOKEN, "", partial(_slack, place)


def _topic(place: Installation, project: str) -> Iterator[Row]:
    need, topic = Need.BUILDS_TOPIC_EXISTS, f"projects/{project}/topics/cloud-builds"
    if topic_exists(place.you, topic, place.pubsub_emulator):
        yield holds(need, project, topic)
    else:
        seen = f"{topic} does not exist, so Cloud Build announces nothing (without create_topic = false it is made)"
        yield fails(need, project, seen, APPLY)


def _builds(place: Installation, project: str) -> Iterator[Row]:
    regions = place.settings.watched.locations
    found = recent_builds(place.function, project, regions)
    seen = f"of the newest in {', '.join(sorted(regions))}, {len(found)} succeeded"
    yield holds(Need.BUILDS_CAN_BE_LISTED, project, seen)


def _regions(place: Installation, project: str) -> Iterator[Row]:
    busy, silent = busy_locations(place.you, project, LOCATIONS, place.now - timedelta(days=_DAYS))
    yield region_row(project, place.settings.watched.locations, busy, silent, _DAYS)


def _payer(place: Installation, project: str) -> Iterator[Row]:
    """Never one to fix: the home project pays where a project does not, and other rows say what can't be read."""
    home, settings = place.settings.home_project, place.settings
    if row := no_payer_row(project, home, settings):
        yield row
        return
    try:
        refusal = why_not_paying(place.function, project, min(settings.watched.locations))
    except Trouble as trouble:
        refusal = trouble.seen
    yield payer_row(project, home, refusal)


def _quota(place: Installation, project: str, kind: QuotaKind) -> Iterator[Row]:
    if place.you.endpoint:
        yield needless(Need.QUOTAS_ARE_KNOWN, project, "a stand-in of Google's services does not tell its quotas")
        return
    try:
        yield quota_row(project, kind, place.settings, read_limit(place.you, project, kind))
    except Trouble as trouble:
        yield unread_quota(project, kind, trouble)


def _ledger(place: Installation) -> Iterator[Row]:
    need, home, ledger = Need.LEDGER_ANSWERS, place.settings.home_project, place.settings.ledger
    if isinstance(ledger, SqliteLedger):
        if place.deployment is None:
            yield needless(need, home, "a file on this machine: a local run")
            yield needless(Need.PLACES_ARE_LISTED, "", "a file on this machine: a local run")
        else:
            seen = "VERIFIER_LEDGER is a file, which is gone with the function's instance"
            yield fails(need, home, seen, APPLY)
            yield from waiting([Need.PLACES_ARE_LISTED], "", need)
        return
    store = firestore(place.function, home, ledger.database)
    try:
        due = query_ledger(place.function, store, home, place.now)
    except Trouble as trouble:
        yield trouble.row(need, home)
        yield from waiting([Need.PLACES_ARE_LISTED], "", need)
        return
    yield holds(need, home, f"database {ledger.database} answers every query; builds that are due: {due}")
    yield places_row(query_places(place.function, store, place.settings.watched, place.now))


def _audit(place: Installation) -> Iterator[Row]:
    home = place.settings.home_project
    try_audit(place.function, home, place.now)
    yield holds(Need.AUDIT_CAN_BE_WRITTEN, home, "an entry would be accepted; none was written")


def _kept(place: Installation) -> Iterator[Row]:
    home = place.settings.home_project
    sinks = audit_sinks(read_sinks(place.you, home))
    if not sinks:
        yield no_audit_sink(home)
    for sink in sinks:
        days, locked = read_bucket(place.you, bucket_of(sink))
        yield audit_row(sink, days, locked=locked)


def _verdicts(place: Installation) -> Iterator[Row]:
    topic = place.settings.topic
    if not topic:
        yield needless(Need.VERDICTS_CAN_BE_PUBLISHED, "", "VERIFIER_TOPIC is not set")
    else:
        may = may_publish(place.function, topic, place.pubsub_emulator)
        yield publish_row(Need.VERDICTS_CAN_BE_PUBLISHED, topic, may=may)


def _work(place: Installation) -> Iterator[Row]:
    need, topic = Need.WORK_CAN_BE_HANDED_OUT, place.settings.work_topic
    if not topic:
        yield needless(need, "", NO_WORK_TOPIC)
    elif not topic_exists(place.you, topic, place.pubsub_emulator):
        yield fails(need, topic.rpartition("/")[2], f"{topic} does not exist: the sweeps do all of it meanwhile", APPLY)
    else:
        yield publish_row(need, topic, may=may_publish(place.function, topic, place.pubsub_emulator))


def _uploads(place: Installation, project: str) -> Iterator[Row]:
    need = Need.UPLOADS_CAN_BE_READ
    if not place.settings.reads_uploads:
        yield needless(need, project, "VERIFIER_READ_UPLOADS is not true")
        return
    buckets = staging_buckets(project, place.settings.watched.locations)
    answers = {bucket: may_read(place.function, bucket, place.storage_emulator) for bucket in buckets}
    closed = [bucket for bucket, may in answers.items() if may is False]
    if closed:
        seen = f"the function may not read {', '.join(closed)}, which Terraform grants with read_uploads = true"
        yield fails(need, project, seen, APPLY)
    else:
        there = [bucket for bucket, may in answers.items() if may]
        yield holds(need, project, ", ".join(there) or f"nothing was uploaded yet: there is no {buckets[0]}")


def _slack(place: Installation) -> Iterator[Row]:
    needs = (Need.SLACK_SCOPES_SUFFICE, Need.BOT_IS_IN_THE_CHANNEL)
    settings = place.settings
    if settings.slack_webhook:
        for need in (Need.SLACK_TAKES_THE_TOKEN, *needs):
            yield needless(need, "", "an incoming webhook tells nothing of itself: --slack posts samples by it")
        return
    if not place.has_secret:
        yield from waiting((Need.SLACK_TAKES_THE_TOKEN, *needs), "", Need.SECRET_HAS_A_VERSION)
        return
    try:
        bot = read_bot(settings.slack_token, place.slack_api)
    except Refusal as refusal:
        yield no_token_row(refusal.code, place.renewal)
        yield from waiting(needs, "", Need.SLACK_TAKES_THE_TOKEN)
        return
    except Trouble as trouble:
        yield trouble.row(Need.SLACK_TAKES_THE_TOKEN, "")
        yield from waiting(needs, "", Need.SLACK_TAKES_THE_TOKEN)
        return
    yield from token_rows(bot)
    for channel in channels_of(place.policy, settings.slack_channel):
        try:
            yield channel_row(read_channel(settings.slack_token, place.slack_api, channel), bot)
        except Trouble as trouble:
            yield trouble.row(Need.BOT_IS_IN_THE_CHANNEL, channel)


def answered(check: Check) -> list[Row]:
    """Return the rows of one check. Never raise: one check's trouble, even a mistake of ours, hides no other's."""
    need, about, ask = check
    try:
        return list(ask())
    except Trouble as trouble:
        return [trouble.row(need, about)]
    except Exception as error:  # noqa: BLE001 - a person waits for the other rows, and a traceback helps nobody
        return [Trouble.of(error).row(need, about)]
