"""Where messages come from and what becomes of those that can't be delivered. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from verifier.doctor.rows import APPLY, Need, Row, fails, holds, unknown
from verifier.facts.execution import JobName

_PUBSUB_ACCOUNTS = "@gcp-sa-pubsub.iam.gserviceaccount.com"
_LATE = timedelta(minutes=10)


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
    is_nameless: bool = False
    """Its pushes have neither the wrapper nor the headers (`--push-no-wrapper`) that name a message."""


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


def sink_rows(
    project: str, sinks: Sequence[Sink], topic: str, publishers: frozenset[str], jobs: Sequence[JobName] = ()
) -> Iterator[Row]:
    """Whether finished executions of a project's jobs come to the topic, of each of these in particular."""
    need, about = Need.EXECUTIONS_ARE_ROUTED, project
    wanted = f"pubsub.googleapis.com/{topic}"
    found = [sink for sink in sinks if sink.destination == wanted and "/Jobs.RunJob" in sink.filter]
    if not found:
        seen = f"no log sink sends /Jobs.RunJob to {topic} (Terraform makes one where a project has jobs)"
        yield fails(need, about, seen, APPLY)
        return
    for sink in found:
        if sink.is_disabled:
            yield fails(need, about, f"the log sink {sink.name} is disabled", APPLY)
        elif sink.writer not in publishers:
            seen = f"the log sink {sink.name} may not publish: {sink.writer} is not bound on {topic}"
            yield fails(need, about, seen, APPLY)
        else:
            yield holds(need, about, f"the log sink {sink.name} sends them to {topic.rpartition('/')[2]}")
    for job in jobs:
        if not any(_lets_through(sink, job) for sink in found):
            seen = f"the log sink {found[0].name} does not name {job.job}, so none of its runs is heard of"
            remedy = (
                f'add "{job.location}/{job.job}" to {project} in terraform.tfvars and apply: to jobs, if builds are to '
                "start it, else to watch_jobs"
            )
            yield fails(need, about, seen, remedy)


def _lets_through(sink: Sink, job: JobName) -> bool:
    """Whether the sink's filter names the job, or is for every job."""
    return "job_name" not in sink.filter or f'"{job.job}"' in sink.filter


def ticker_row(tickers: Sequence[Ticker], topic: str, place: str, now: datetime) -> Row:
    """Whether a sweep is sent every minute."""
    need, about = Need.SWEEPS_ARE_SENT, topic.rpartition("/")[2]
    found = [ticker for ticker in tickers if ticker.topic == topic]
    if not found:
        return fails(need, about, f"no job of Cloud Scheduler publishes to {topic}", APPLY)
    ticker = found[0]
    short = ticker.name.rpartition("/")[2]
    if not ticker.is_enabled:
        return fails(need, short, "it is paused", f"gcloud scheduler jobs resume {short} {place}")
    if ticker.schedule != "* * * * *":
        return fails(need, short, f"its schedule is {ticker.schedule!r}, not every minute", APPLY)
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
    if not readers:
        return fails(need, about, "no subscription keeps what comes there", APPLY)
    if not _has_pubsub(publishers):
        return fails(need, about, "Pub/Sub's own account may not publish there, so nothing comes", APPLY)
    if stuck := [name.rpartition("/")[2] for name, members in subscribers.items() if not _has_pubsub(members)]:
        return fails(need, about, f"Pub/Sub's own account may not take messages from {', '.join(stuck)}", APPLY)
    return holds(need, about, f"the subscription {', '.join(readers)} keeps them")


def _has_pubsub(members: frozenset[str]) -> bool:
    return any(member.endswith(_PUBSUB_ACCOUNTS) for member in members)
