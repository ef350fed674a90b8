"""How messages reach the function, and what must hold of each part of the way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import re2

from verifier.cli.doctor_function import Deployment
from verifier.cli.doctor_rows import Need, Row, fails, holds, unknown, waiting

TERMINAL = frozenset({"SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})
"""The statuses that end a build: messages with them must pass a subscription's filter."""
SINK_FILTER = 'resource.type="cloud_run_job" protoPayload.methodName="/Jobs.RunJob"'
"""What a sink for finished executions must let through, as short as it can be said."""

_ACK_SECONDS = 600
_BACKOFF = (10.0, 600.0)
_WEEK = 7 * 24 * 3600.0
_SHORTEST = 600.0
_LEAST_ATTEMPTS = 5
_PUBSUB_ACCOUNTS = "@gcp-sa-pubsub.iam.gserviceaccount.com"
_AS_PUBSUB = f"--member=serviceAccount:service-PROJECT_NUMBER{_PUBSUB_ACCOUNTS}"
_LATE = timedelta(minutes=10)
_STATUSES = r'attributes\.status ?= ?"[A-Z_]+"( OR attributes\.status ?= ?"[A-Z_]+")*'
_PASSES = re2.compile(rf"^\(?{_STATUSES}\)?$")
_HOLDS_BACK = re2.compile(rf"^NOT ?\({_STATUSES}\)$")
_STATUS = re2.compile(r'"([A-Z_]+)"')


@dataclass(frozen=True, slots=True)
class Subscription:
    """A push subscription, as Pub/Sub has it."""

    name: str
    topic: str
    endpoint: str
    """Empty for one that is pulled from."""
    account: str = ""
    """The service account that pushes are signed by; empty: they are not."""
    audience: str = ""
    ack_seconds: int = 10
    backoff: tuple[float, float] = (0.0, 0.0)
    """The shortest and the longest wait in seconds before a message comes again."""
    kept_seconds: float = 0.0
    expires: bool = True
    """Whether Pub/Sub deletes it after a time without use."""
    dead_letters: str = ""
    """The topic for what could not be delivered."""
    attempts: int = 0
    filter: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Sink:
    """A log sink of a project."""

    project: str
    name: str
    destination: str
    filter: str
    writer: str
    """The member that it writes as."""
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Ticker:
    """A job of Cloud Scheduler that publishes to a topic."""

    name: str
    topic: str
    schedule: str
    is_enabled: bool
    attempted: datetime | None
    """When it last tried; None: never yet."""
    trouble: str = ""
    """What came of the last attempt, where it failed."""


@dataclass(slots=True)
class _Faults:
    """What is wrong with one subscription, and the options of the command that mends it."""

    seen: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    def check(self, is_right: bool, seen: str, *options: str) -> None:
        if not is_right:
            self.seen.append(seen)
            self.options += options


def at_path(subscriptions: Iterable[Subscription], deployment: Deployment, path: str) -> list[Subscription]:
    """The subscriptions that push to this path of the function."""
    return [one for one in subscriptions if one.endpoint and deployment.path_of(one.endpoint) == path]


def push_row(need: Need, subscription: Subscription, deployment: Deployment) -> Row:
    """Whether a subscription delivers as the function needs it, all that is wrong at once."""
    found = _Faults()
    is_sweep = need is Need.SWEEPS_ARE_PUSHED
    _check_way(found, subscription, deployment)
    _check_pace(found, subscription, kept=_SHORTEST if is_sweep else _WEEK)
    if not is_sweep:
        has_dead_letters = subscription.dead_letters and subscription.attempts >= _LEAST_ATTEMPTS
        option = "--dead-letter-topic=TOPIC --max-delivery-attempts=100"
        found.check(bool(has_dead_letters), "what can't be delivered is dropped: no dead-letter topic", option)
    short = subscription.name.rpartition("/")[2]
    if not found.seen:
        topic = subscription.topic.removeprefix("projects/").replace("/topics/", "/")
        return holds(need, short, f"from {topic}, signed by {subscription.account}")
    project = subscription.name.split("/")[1]
    options = " ".join([f"--project={project}", *dict.fromkeys(found.options)])
    return fails(need, short, "; ".join(found.seen), f"gcloud pubsub subscriptions update {short} {options}")


def filter_row(subscription: Subscription) -> Row:
    """Whether a subscription's filter lets the end of every build through."""
    short = subscription.name.rpartition("/")[2]
    need = Need.BUILDS_ARE_PUSHED
    remedy = f"terraform apply -replace=ADDRESS for {short}: the filter of a subscription can't be changed"
    if not subscription.filter:
        return holds(need, short, "every status passes, also those that the function does not need")
    named = frozenset(_STATUS.findall(subscription.filter))
    if _PASSES.match(subscription.filter):
        missing = sorted(TERMINAL - named)
    elif _HOLDS_BACK.match(subscription.filter):
        missing = sorted(TERMINAL & named)
    else:
        return unknown(need, short, f"its filter is of a form that is not known here: {subscription.filter}", remedy)
    if missing:
        return fails(need, short, f"its filter holds {', '.join(missing)} back", remedy)
    return holds(need, short, "its filter lets every status through that ends a build")


def caller_row(need: Need, subscription: Subscription, deployment: Deployment) -> Row:
    """Whether the account that signs the pushes may call the function."""
    short, member = subscription.name.rpartition("/")[2], f"serviceAccount:{subscription.account}"
    if deployment.invokers is None:
        (row,) = waiting([need], short, Need.FUNCTION_IS_PRIVATE)
        return row
    if member in deployment.invokers:
        return holds(need, short, f"{subscription.account} may call the function")
    name = deployment.name
    remedy = (
        f"gcloud run services add-iam-policy-binding {name.service.rpartition('/')[2]} --region={name.region} "
        f"--project={name.project} --member={member} --role=roles/run.invoker"
    )
    return fails(need, short, f"{member} may not call the function: roles/run.invoker is not bound there", remedy)


def sink_rows(project: str, sinks: Sequence[Sink], topic: str, publishers: frozenset[str]) -> Iterator[Row]:
    """Whether finished executions of a project's jobs come to the topic."""
    need, about = Need.EXECUTIONS_ARE_ROUTED, project
    wanted = f"pubsub.googleapis.com/{topic}"
    found = [sink for sink in sinks if sink.destination == wanted and "/Jobs.RunJob" in sink.filter]
    if not found:
        remedy = f"gcloud logging sinks create build-verifier-executions {wanted} --project={project}"
        yield fails(need, about, f"no log sink sends /Jobs.RunJob to {topic}", f"{remedy} --log-filter='{SINK_FILTER}'")
        return
    for sink in found:
        if sink.is_disabled:
            remedy = f"gcloud logging sinks update {sink.name} --no-disabled --project={project}"
            yield fails(need, about, f"the log sink {sink.name} is disabled", remedy)
        elif sink.writer not in publishers:
            remedy = f"gcloud pubsub topics add-iam-policy-binding {topic} --member={sink.writer}"
            seen = f"the log sink {sink.name} may not publish: {sink.writer} is not bound on {topic}"
            yield fails(need, about, seen, f"{remedy} --role=roles/pubsub.publisher")
        else:
            yield holds(need, about, f"the log sink {sink.name} sends them to {topic.rpartition('/')[2]}")


def ticker_row(tickers: Sequence[Ticker], topic: str, place: str, now: datetime) -> Row:
    """Whether a sweep is sent every minute."""
    need, about = Need.SWEEPS_ARE_SENT, topic.rpartition("/")[2]
    found = [ticker for ticker in tickers if ticker.topic == topic]
    if not found:
        remedy = f"gcloud scheduler jobs create pubsub build-verifier-sweep {place} --schedule='* * * * *'"
        seen = f"no job of Cloud Scheduler publishes to {topic}"
        return fails(need, about, seen, f"{remedy} --topic={topic} --message-body='{{}}'")
    ticker = found[0]
    short = ticker.name.rpartition("/")[2]
    if not ticker.is_enabled:
        return fails(need, short, "it is paused", f"gcloud scheduler jobs resume {short} {place}")
    if ticker.schedule != "* * * * *":
        remedy = f"gcloud scheduler jobs update pubsub {short} {place} --schedule='* * * * *'"
        return fails(need, short, f"its schedule is {ticker.schedule!r}, not every minute", remedy)
    look = f"gcloud scheduler jobs describe {short} {place}"
    if ticker.trouble:
        return fails(need, short, f"its last attempt failed: {ticker.trouble}", look)
    if ticker.attempted is None or now - ticker.attempted > _LATE:
        last = f"{ticker.attempted:%Y-%m-%d %H:%M} UTC" if ticker.attempted else "never"
        return unknown(need, short, f"it should run every minute, and ran last: {last}", look)
    return holds(need, short, f"every minute, last at {ticker.attempted:%H:%M:%S} UTC")


def dead_letter_row(
    topic: str,
    subscriptions: Sequence[Subscription],
    publishers: frozenset[str],
    subscribers: Mapping[str, frozenset[str]],
) -> Row:
    """Whether what could not be delivered is kept for people to look at.

    Pub/Sub moves it with an account of its own, which must be let: `subscribers` may take messages away from each
    subscription that has dead letters, by its name.
    """
    need, about = Need.DEAD_LETTERS_ARE_KEPT, topic.rpartition("/")[2]
    readers = [one.name.rpartition("/")[2] for one in subscriptions if one.topic == topic]
    project = topic.split("/")[1]
    if not readers:
        remedy = f"gcloud pubsub subscriptions create {about} --topic={topic} --project={project}"
        return fails(need, about, "no subscription keeps what comes there", f"{remedy} --expiration-period=never")
    if not _has_pubsub(publishers):
        remedy = f"gcloud pubsub topics add-iam-policy-binding {topic} --role=roles/pubsub.publisher {_AS_PUBSUB}"
        return fails(need, about, "Pub/Sub's own account may not publish there, so nothing comes", remedy)
    if stuck := [name for name, members in subscribers.items() if not _has_pubsub(members)]:
        remedy = f"gcloud pubsub subscriptions add-iam-policy-binding {stuck[0]} --role=roles/pubsub.subscriber"
        short = ", ".join(name.rpartition("/")[2] for name in stuck)
        return fails(need, about, f"Pub/Sub's own account may not take messages from {short}", f"{remedy} {_AS_PUBSUB}")
    return holds(need, about, f"{', '.join(readers)} keeps them")


def no_push(need: Need, about: str, path: str, deployment: Deployment) -> Row:
    """The row where no subscription pushes to a path."""
    address = f"{deployment.addresses[0].rstrip('/')}{path}"
    remedy = "terraform apply, which makes the subscription"
    return fails(need, about, f"no subscription pushes to {address}", remedy)


def _has_pubsub(members: frozenset[str]) -> bool:
    return any(member.endswith(_PUBSUB_ACCOUNTS) for member in members)


def _check_way(found: _Faults, subscription: Subscription, deployment: Deployment) -> None:
    audience = deployment.addresses[0]
    account = subscription.account or "PUSH_ACCOUNT"
    signing = (f"--push-auth-service-account={account}", f"--push-auth-token-audience={audience}")
    push = f"--push-endpoint={subscription.endpoint}"
    found.check(subscription.is_active, "it is not active: its last pushes were refused or it was detached", push)
    found.check(bool(subscription.account), "its pushes are not signed (no OIDC token)", push, *signing)
    if subscription.account:
        seen = f"its token's audience is {subscription.audience or 'absent'}, not the function's address"
        found.check(deployment.takes_audience(subscription.audience), seen, push, *signing)


def _check_pace(found: _Faults, subscription: Subscription, kept: float) -> None:
    ack, (shortest, longest) = subscription.ack_seconds, subscription.backoff
    seen = f"its acknowledgement deadline is {ack} s, so what takes longer is delivered again meanwhile"
    found.check(ack == _ACK_SECONDS, seen, f"--ack-deadline={_ACK_SECONDS}")
    found.check(
        (shortest, longest) == _BACKOFF,
        f"its backoff is {shortest:g} to {longest:g} s",
        "--min-retry-delay=10s --max-retry-delay=600s",
    )
    seen = f"messages are kept for {subscription.kept_seconds / 3600:g} hours only"
    found.check(subscription.kept_seconds >= kept, seen, f"--message-retention-duration={kept:g}s")
    found.check(not subscription.expires, "it expires when it is not used for a while", "--expiration-period=never")
