"""Telling what was decided: the audit trail first, then whoever subscribes, then Slack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Verdict
from verifier.controller.attempt import Attempt, SlackUnreachable
from verifier.controller.budget import CALL_SECONDS, Budget, Deployment
from verifier.errors import Refused, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build
from verifier.facts.source import Source
from verifier.facts.submitter import Submitter
from verifier.reporting.audit_entry import AuditEntry, announcement, undelivered_entry
from verifier.reporting.slack_message import failed_build_message, is_posted, verdict_message
from verifier.services import Message, Posted, Services

_CLOCK_SKEW = timedelta(minutes=1)
_LANDING = timedelta(seconds=45)
"""For how long a message that was given up may still be on its way to Slack."""
_REFUSED_AGAIN_SECONDS = 3600.0
"""For a message that Slack refuses alone."""
_CLOSED_SECONDS = 300.0
"""For a channel in which it refuses everything."""
_WHO_SECONDS = 5.0


def write_audit(services: Services, record: AuditEntry, timeout: float) -> None:
    """Write one entry to the audit trail and wait until it is accepted."""
    services.audit.write(
        insert_id=record.insert_id,
        time=record.time,
        severity=record.severity,
        labels=record.labels,
        payload=record.payload,
        timeout=timeout,
    )


def record_judgement(attempt: Attempt, record: AuditEntry) -> None:
    """Step 11, the audit entry. A crash may repeat it, with the same insert id and time: it stays one entry."""
    if not attempt.record.recorded:
        write_audit(attempt.services, record, attempt.budget.seconds(CALL_SECONDS))
        attempt.note(recorded=True)


def publish_judgement(attempt: Attempt, record: AuditEntry) -> None:
    """Step 11, for subscribers: at least once, where a topic is configured."""
    if attempt.record.published:
        return
    if attempt.services.announcer is not None:
        payload, attributes = announcement(record)
        attempt.services.announcer.publish(payload, attributes, timeout=attempt.budget.seconds(CALL_SECONDS))
    attempt.note(published=True)


def message_about(attempt: Attempt, build: Build, source: Source, judgement: Judgement) -> Message | None:
    """The Slack message that this judgement deserves, or None."""
    policy = attempt.deployment.policy
    if not is_posted(build, judgement, policy):
        return None
    if judgement.verdict is None:
        return addressed(attempt.deployment, failed_build_message(build, policy))
    submitter = _submitter(attempt, build, judgement)
    return addressed(attempt.deployment, verdict_message(build, source, judgement, policy, submitter=submitter))


def history_of(channel: str) -> str:
    """What is left alone when Slack asks for patience with readers, whom it counts by themselves."""
    return f"the history of {channel}"


def addressed(deployment: Deployment, message: Message) -> Message:
    """The message with the channel that it goes to, by name even if that is the default one."""
    return message._replace(channel=message.channel or deployment.channel)


def _submitter(attempt: Attempt, build: Build, judgement: Judgement) -> Submitter | None:
    """Who submitted a local build, where policy lets it be told. A message never fails or waits for the answer."""
    is_wanted = attempt.deployment.policy.name_submitter and judgement.verdict is Verdict.LOCAL_SOURCE
    if not is_wanted or attempt.record.told or build.created is None:
        return None
    try:
        timeout = attempt.budget.seconds(_WHO_SECONDS)
        return attempt.services.submitters.submitter(attempt.key, build.created, timeout=timeout)
    except ServiceError:
        return None


def notify(attempt: Attempt, message: Message | None, *, intended_now: bool) -> None:
    """Step 12: post the message once. `intended_now`: the intent to post was saved a moment ago, by us.

    An older intent means that a message may exist already: it is looked for first. Raises Unsaid when Slack can't be
    reached. When it refuses, says so in the audit trail once; and raises Unsaid when it would refuse everything there,
    else Later.
    """
    if attempt.record.told or message is None:
        return
    try:
        posted = None if intended_now else _look(attempt, message)
        if posted is None:
            if not intended_now:
                # Of this attempt: a message is looked for around its intent, and where it was to stand.
                attempt.save(posting=attempt.now(), channel=message.channel)
            posted = _post(attempt, message)
    except Refused as error:
        _report_refusal(attempt, error)
        if error.wide:
            attempt.note(refused=True)
            raise SlackUnreachable(str(error)) from error
        raise attempt.later(_REFUSED_AGAIN_SECONDS, refused=True, error=str(error)) from error
    attempt.note(told=True, channel=posted.channel, ts=posted.ts)


def post(deployment: Deployment, message: Message, budget: Budget) -> Posted:
    """Post a message when it is its channel's turn. Raises what Slack does, and Unavailable when others come first."""
    wait = deployment.rate_limit.turn(message.channel, deployment.services.clock())
    if wait:
        deployment.services.pause(wait)
    with _heeded(deployment, message.channel):
        return deployment.services.chat.post(message, timeout=budget.seconds(CALL_SECONDS))


@contextmanager
def _heeded(deployment: Deployment, what: str) -> Iterator[None]:
    """Leave a channel, or its history, alone for as long as Slack asks to; for minutes when it refuses everything."""
    clock, rate_limit = deployment.services.clock, deployment.rate_limit
    try:
        yield
    except Unavailable as error:
        if error.retry_after is not None:
            rate_limit.pause(what, clock(), error.retry_after)
        raise
    except Refused as error:
        if error.wide:
            rate_limit.pause(what, clock(), _CLOSED_SECONDS, error)
        raise


def _look(attempt: Attempt, message: Message) -> Posted | None:
    """The message of an earlier attempt, if there was one that may have been posted. Raises Unsaid and Refused.

    One that may still be on its way would not be found, and be posted again: it is waited for. Policy may have sent it
    elsewhere than it would now.
    """
    intent, deployment = attempt.record.posting, attempt.deployment
    message = message._replace(channel=attempt.record.channel or message.channel)
    if intent is None:
        return None
    history = history_of(message.channel)
    if deployment.rate_limit.is_paused(history, attempt.now()):
        raise SlackUnreachable(attempt.record.error or f"{history} is left alone for a while")
    if attempt.record.unanswered and attempt.now() < attempt.record.unanswered + _LANDING:
        raise SlackUnreachable("Slack did not answer a moment ago: the message may still be on its way")
    try:
        with _heeded(deployment, history):
            timeout = attempt.budget.seconds(CALL_SECONDS)
            return deployment.services.chat.find(message, intent - _CLOCK_SKEW, timeout=timeout)
    except Unavailable as error:
        raise SlackUnreachable(str(error)) from error


def _post(attempt: Attempt, message: Message) -> Posted:
    """Post the message; what was certainly not posted is not intended any more. Raises Unsaid and Refused."""
    try:
        return post(attempt.deployment, message, attempt.budget)
    except Unavailable as error:
        if error.ambiguous:
            attempt.note(unanswered=attempt.now())
        else:
            attempt.note(posting=None)  # a message of an earlier attempt would have been found
        raise SlackUnreachable(str(error)) from error
    except (Refused, Stopping):
        attempt.note(posting=None)
        raise


def _report_refusal(attempt: Attempt, error: Refused) -> None:
    judgement = attempt.record.judgement
    if attempt.record.refused or judgement is None:
        return
    record = undelivered_entry(attempt.key, judgement.verdict, str(error), judgement.decided)
    write_audit(attempt.services, record, attempt.budget.seconds(CALL_SECONDS))
