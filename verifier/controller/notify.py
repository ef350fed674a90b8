"""Steps 11 and 12 of the story: the audit trail hears first, then whoever subscribes, then Slack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from verifier.checks.judgement import Judgement
from verifier.checks.policy import Published
from verifier.checks.verdict import Verdict
from verifier.controller.attempt import Attempt, Done, RequeueAt, SlackUnreachable
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Deployment
from verifier.controller.ledger import BUILDS, parse_record
from verifier.controller.signals import audit_unwritten
from verifier.controller.slack.build_message import build_message
from verifier.controller.slack.channel import channel_seen, history_of, is_closed, pauses_heeded, take_second
from verifier.controller.slack.folding import entered, folded, kind_of
from verifier.controller.slack.greens import noted_as_news
from verifier.controller.slack.posting import Move, after_failed_post, next_move, post, post_in_turn
from verifier.errors import Malformed, NoSuchThread, Refused, ServiceError, Stopping, Unavailable
from verifier.facts.build import Build
from verifier.facts.source import Source
from verifier.facts.submitter import Submitter
from verifier.reporting.audit_entry import AuditEntry, announcement, undelivered_entry
from verifier.reporting.slack_message import is_posted
from verifier.services import Message, Posted

_CLOCK_SKEW = timedelta(minutes=1)
_REFUSED_AGAIN_SECONDS = 3600.0
"""For a message that Slack refuses alone."""
_WHO_SECONDS = 5.0


def write_audit(deployment: Deployment, entry: AuditEntry, timeout: float) -> None:
    """Write one entry to the audit trail and wait until it is accepted. Raises ServiceError."""
    try:
        deployment.services.audit.write(
            insert_id=entry.insert_id,
            time=entry.time,
            severity=entry.severity,
            labels=entry.labels,
            payload=entry.payload,
            timeout=timeout,
        )
    except ServiceError as error:
        deployment.signal(audit_unwritten(entry.labels, entry.time, deployment.services.clock(), error))
        raise


def record_judgement(attempt: Attempt, entry: AuditEntry) -> None:
    """Write the audit entry, unless it is written (11). Raises ServiceError.

    A crash may repeat it, with the same insert id and time: it stays one entry.
    """
    if not attempt.record.recorded:
        write_audit(attempt.deployment, entry, attempt.budget.seconds(CALL_SECONDS))
        attempt.note(recorded=True)


def publish_judgement(attempt: Attempt, entry: AuditEntry) -> None:
    """Publish the verdict, at least once, where policy wants that and there is a topic (11). Raises ServiceError."""
    if attempt.record.published:
        return
    if attempt.services.announcer is not None and Published.VERDICT in attempt.deployment.policy.publishes:
        payload, attributes = announcement(entry)
        attempt.services.announcer.publish(payload, attributes, timeout=attempt.budget.seconds(CALL_SECONDS))
    attempt.note(published=True)


def channel_for(build: Build, judgement: Judgement, deployment: Deployment) -> str | None:
    """Return the channel in which Slack is to hear of this judgement; None when it is not to hear of it at all.

    An empty channel is where the webhook leads.
    """
    policy = deployment.policy
    if not is_posted(build, judgement, policy):
        return None
    # A build that did not succeed has no verdict: it goes to where the failures of its trigger go.
    return policy.route(judgement.verdict or Verdict.FAILED, build).channel or deployment.channel


def message_about(attempt: Attempt, build: Build, source: Source, judgement: Judgement, channel: str) -> Message:
    """Return the text for this channel, made of what the ledger holds."""
    record = attempt.record
    if not record.submitter and (submitter := _submitter(attempt, build, judgement)):
        record = replace(record, submitter=(submitter.principal, submitter.user_agent))
        attempt.note(submitter=record.submitter)
    return build_message(replace(record, channel=channel), build, source, judgement, attempt.deployment.policy)


def channel_of_message(attempt: Attempt, build: Build, judgement: Judgement) -> str | None:
    """Return the channel in which this build's message is to stand; None when Slack is not to hear of it.

    What is judged anew is told where the first verdict was, whatever it is. Raises ServiceError where policy lets
    greens rest, and the ledger does not say whether this one is news.
    """
    if attempt.record.thread:
        noted_as_news(attempt, build, judgement)
        return attempt.record.channel
    channel = channel_for(build, judgement, attempt.deployment)
    return channel if channel is not None and noted_as_news(attempt, build, judgement) else None


def _submitter(attempt: Attempt, build: Build, judgement: Judgement) -> Submitter | None:
    """Return who submitted a local build, where policy lets it be told.

    A message never fails or waits for the answer.
    """
    is_wanted = attempt.deployment.policy.name_submitter and judgement.verdict is Verdict.LOCAL_SOURCE
    if not is_wanted or build.created is None:
        return None
    try:
        timeout = attempt.budget.seconds(_WHO_SECONDS)
        return attempt.services.submitters.submitter(attempt.key, build.created, timeout=timeout)
    except ServiceError:
        return None


def notify(
    attempt: Attempt, build: Build, source: Source, judgement: Judgement, *, intended_now: bool
) -> Done | RequeueAt | SlackUnreachable:
    """Post the message once (12), and return whether Slack has it. The table of `next_move` says what is done.

    `intended_now`: the intent to post was saved a moment ago, by us. Raises ServiceError, but not for what Slack does:
    when it can't be reached, or refuses everything in the channel, the message waits in Slack's queue; when it refuses
    this message alone, it is tried again seldom. The audit trail hears of a refusal once.
    """
    record, deployment = attempt.record, attempt.deployment
    channel = channel_of_message(attempt, build, judgement)  # posted at all? where?
    # Policy, or the default channel, may have changed since the intent was saved: the message stands where it was sent.
    stands_in = record.channel or channel or ""
    needs_a_look = record.posting is not None and not (intended_now or record.told or channel is None)
    move = next_move(
        record,
        is_wanted=channel is not None,
        intended_now=intended_now,
        is_history_paused=needs_a_look and is_closed(deployment, history_of(record.thread), attempt.budget),
        now=attempt.now(),
    )
    if channel is None or move is Move.REST:
        return Done()
    if move is Move.AWAIT_HISTORY:
        return SlackUnreachable(record.error or "Slack asked for a pause: its history is not read yet")
    if move is Move.AWAIT_LANDING:
        return SlackUnreachable("Slack did not answer a moment ago: the message may still be on its way")
    message = message_about(attempt, build, source, judgement, channel)  # which text?
    if move is Move.LOOK:
        found = _look(attempt, message._replace(channel=stands_in))
        if found is not None:
            return _heard(attempt, found)
    if move is not Move.POST:
        # Of this attempt: a message is looked for around its intent, and where it was to stand.
        attempt.save(posting=attempt.now(), channel=message.channel, shown=attempt.record.revision)
    return _heard(attempt, _post(attempt, message, _Retold(build, source, judgement)))


def _look(attempt: Attempt, message: Message) -> Posted | Unavailable | Refused | None:
    """Return where the message of an earlier attempt stands, None when it does not, or why Slack does not say."""
    intent, deployment = attempt.record.posting, attempt.deployment
    if intent is None:
        return None
    try:
        with pauses_heeded(deployment, history_of(message.thread), message.channel):
            timeout = attempt.budget.seconds(CALL_SECONDS)
            return deployment.services.chat.find(message, intent - _CLOCK_SKEW, timeout=timeout)
    except (Unavailable, Refused) as error:
        return error


@dataclass(frozen=True, slots=True)
class _Retold:
    """What a message is made of once more, where it turns out to be a further one of its kind."""

    build: Build
    source: Source
    judgement: Judgement

    def message(self, attempt: Attempt, channel: str) -> Message:
        return message_about(attempt, self.build, self.source, self.judgement, channel)


def _post(attempt: Attempt, message: Message, retold: _Retold) -> Posted | Unavailable | Refused:
    """Post the message, and return where it stands or why it does not. Raises Stopping, and what a write raises."""
    try:
        return _post_somewhere(attempt, message, retold)
    except Stopping as error:
        attempt.note(**after_failed_post(error, attempt.now()))
        raise
    except (Unavailable, Refused) as error:
        attempt.note(**after_failed_post(error, attempt.now()))
        return error


def _post_somewhere(attempt: Attempt, message: Message, retold: _Retold) -> Posted:
    """Post the message; by itself where the message that it replies to is gone. Raises what Slack does."""
    try:
        wait, message = _turn(attempt, message, retold)
        return post_in_turn(attempt.deployment, message, attempt.budget, wait)
    except NoSuchThread:
        if not message.thread:
            raise
    attempt.save(thread="", posting=attempt.now())
    return post(attempt.deployment, message._replace(thread="", broadcast=False), attempt.budget)


def _turn(attempt: Attempt, message: Message, retold: _Retold) -> tuple[float, Message]:
    """Take the channel's second; return how long it is until then, and the message, which may reply to an earlier one.

    Whose thread it stands in is saved before it is posted: there it is looked for after a crash. Raises what
    `take_second` does, and what a write raises.
    """
    deployment, policy, me, now = attempt.deployment, attempt.deployment.policy, attempt.key.digest, attempt.now()
    kind = "" if message.thread else kind_of(retold.build, retold.judgement, policy)
    if not kind:
        return take_second(deployment, message.channel, attempt.budget), message
    wait = take_second(
        deployment, message.channel, attempt.budget, lambda state: entered(state, kind, me, now, policy.fold)
    )
    further = folded(channel_seen(deployment, message.channel), kind, me)
    thread = _thread_of(attempt, further.parent, message.channel) if further else ""
    if not further or not thread:
        return wait, message
    attempt.save(thread=thread, folded=further.count, folded_since=further.since, posting=attempt.now())
    return wait, retold.message(attempt, message.channel)


def _thread_of(attempt: Attempt, parent: str, channel: str) -> str:
    """Return the `ts` of the message of this record; empty where it does not stand in the channel, or nobody says."""
    try:
        timeout = attempt.budget.seconds(LEDGER_SECONDS)
        stored = attempt.services.store.read(BUILDS, parent, timeout=timeout)
        record = parse_record(stored.document) if stored else None
    except (ServiceError, Malformed):
        return ""
    return record.ts if record and record.told and record.channel == channel and not record.thread else ""


def _heard(attempt: Attempt, answer: Posted | Unavailable | Refused) -> Done | RequeueAt | SlackUnreachable:
    """Return what Slack's answer means for the record. Raises ServiceError when the audit trail can't be told of it."""
    match answer:
        case Posted(channel, ts):
            attempt.note(told=True, channel=channel, ts=ts)
            return Done()
        case Unavailable():
            return SlackUnreachable(str(answer))
        case Refused():
            _report_refusal(attempt, answer)
            if not answer.wide:
                return attempt.requeue(_REFUSED_AGAIN_SECONDS, refused=True, error=str(answer))
            attempt.note(refused=True)
            return SlackUnreachable(str(answer))


def _report_refusal(attempt: Attempt, error: Refused) -> None:
    """Tell the audit trail once that Slack refuses the message. Raises ServiceError."""
    judgement = attempt.record.judgement
    if attempt.record.refused or judgement is None:
        return
    entry = undelivered_entry(attempt.key, judgement.verdict, str(error), judgement.decided)
    write_audit(attempt.deployment, entry, attempt.budget.seconds(CALL_SECONDS))
