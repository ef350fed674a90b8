"""The checks of how messages reach the function, from the subscriptions back to where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from verifier.doctor.ask_messages import (
    read_publishers,
    read_sinks,
    read_subscribers,
    read_subscriptions,
    read_tickers,
)
from verifier.doctor.ask_workers import read_job
from verifier.doctor.function import DeployedFunction
from verifier.doctor.installation import Installation
from verifier.doctor.messages import Subscription, dead_letter_row, sink_rows, ticker_row
from verifier.doctor.push import at_path, caller_row, filter_row, no_push, push_row
from verifier.doctor.rows import Need, Row, Trouble, needless, waiting
from verifier.facts.execution import JobName

NO_WORK_TOPIC = (
    "VERIFIER_WORK_TOPIC is not set: the sweeps do everything by themselves, until `terraform apply` makes it"
)
_NEEDS = (
    Need.BUILDS_ARE_PUSHED,
    Need.EXECUTIONS_ARE_PUSHED,
    Need.EXECUTIONS_ARE_ROUTED,
    Need.SWEEPS_ARE_PUSHED,
    Need.SWEEPS_ARE_SENT,
    Need.WORK_IS_PUSHED,
    Need.DEAD_LETTERS_ARE_KEPT,
)


def message_rows(place: Installation) -> Iterator[Row]:
    """Every row about messages. Where subscriptions can't be read, the rows that rest on them say so."""
    deployment = place.deployment
    if deployment is None:
        for need in _NEEDS:
            yield needless(need, "", "no --function is given, so where messages should go is not known")
        return
    project = deployment.name.project
    try:
        found = read_subscriptions(place.you, project, place.pubsub_emulator)
    except Trouble as trouble:
        yield trouble.row(_NEEDS[0], project)
        yield from waiting(_NEEDS[1:], project, _NEEDS[0])
        return
    pushed = [one for one in found if one.endpoint and deployment.path_of(one.endpoint)]
    yield from _builds(place, deployment, pushed)
    yield from _executions(place, deployment, pushed)
    yield from _sweeps(place, deployment, pushed)
    yield from _work(place, deployment, pushed)
    for topic in sorted({one.dead_letters for one in pushed} - {""}):
        yield from _dead_letters(place, topic, found)


def _builds(place: Installation, deployment: DeployedFunction, found: Sequence[Subscription]) -> Iterator[Row]:
    pushed = at_path(found, deployment, "/builds")
    for project in place.projects:
        topic = f"projects/{project}/topics/cloud-builds"
        ours = [one for one in pushed if one.topic == topic]
        if not ours:
            yield no_push(Need.BUILDS_ARE_PUSHED, project, "/builds", deployment)
        for one in ours:
            yield from _pushed(Need.BUILDS_ARE_PUSHED, one, deployment, [filter_row(one)])


def _executions(place: Installation, deployment: DeployedFunction, found: Sequence[Subscription]) -> Iterator[Row]:
    need, about = Need.EXECUTIONS_ARE_PUSHED, deployment.name.project
    if place.policy is not None and not place.jobs:
        yield needless(need, about, "policy names no job, so no execution is waited for")
        yield needless(Need.EXECUTIONS_ARE_ROUTED, about, "policy names no job, so no execution is waited for")
        return
    pushed = at_path(found, deployment, "/executions")
    if not pushed:
        yield no_push(need, about, "/executions", deployment)
    for one in pushed:
        yield from _pushed(need, one, deployment)
    for topic in _topics(pushed, deployment, "executions"):
        yield from _asked(Need.EXECUTIONS_ARE_ROUTED, about, partial(_routed, place, topic))


def _routed(place: Installation, topic: str) -> Iterator[Row]:
    publishers = read_publishers(place.you, topic, place.pubsub_emulator)
    for project in place.job_projects:

        def rows(project: str = project) -> Iterable[Row]:
            jobs = _jobs_in(place, project)
            if place.policy is not None and not jobs:
                return [needless(Need.EXECUTIONS_ARE_ROUTED, project, "no job that policy names is there")]
            return sink_rows(project, read_sinks(place.you, project), topic, publishers, jobs)

        yield from _asked(Need.EXECUTIONS_ARE_ROUTED, project, rows)


def _jobs_in(place: Installation, project: str) -> list[JobName]:
    """Return the jobs of policy that are in the project. Raise Trouble."""
    named = [JobName(project, job.location, job.job) for job in place.jobs if job.project in ("", project)]
    return [job for job in named if read_job(place.you, job)]


def _sweeps(place: Installation, deployment: DeployedFunction, found: Sequence[Subscription]) -> Iterator[Row]:
    need, name = Need.SWEEPS_ARE_PUSHED, deployment.name
    pushed = at_path(found, deployment, "/sweep")
    if not pushed:
        yield no_push(need, name.project, "/sweep", deployment)
    for one in pushed:
        yield from _pushed(need, one, deployment)
    for topic in _topics(pushed, deployment, "sweep"):
        command = f"--location={name.region} --project={name.project}"

        def sent(topic: str = topic, command: str = command) -> Iterator[Row]:
            yield ticker_row(read_tickers(place.you, name.project, name.region), topic, command, place.now)

        yield from _asked(Need.SWEEPS_ARE_SENT, topic.rpartition("/")[2], sent)


def _work(place: Installation, deployment: DeployedFunction, found: Sequence[Subscription]) -> Iterator[Row]:
    need, topic = Need.WORK_IS_PUSHED, place.settings.work_topic
    if not topic:
        yield needless(need, deployment.name.project, NO_WORK_TOPIC)
        return
    pushed = [one for one in at_path(found, deployment, "/work") if one.topic == topic]
    if not pushed:
        yield no_push(need, topic.rpartition("/")[2], "/work", deployment)
    for one in pushed:
        yield from _pushed(need, one, deployment)


def _topics(pushed: Sequence[Subscription], deployment: DeployedFunction, kind: str) -> list[str]:
    """Return the topics that are pushed from; where none is, Terraform's one, which must be filled all the same."""
    usual = f"projects/{deployment.name.project}/topics/{deployment.name.service_id}-{kind}"
    return sorted({one.topic for one in pushed} or {usual})


def _dead_letters(place: Installation, topic: str, found: Sequence[Subscription]) -> Iterator[Row]:
    def kept() -> Iterator[Row]:
        giving = [one.name for one in found if one.dead_letters == topic]
        subscribers = {name: read_subscribers(place.you, name, place.pubsub_emulator) for name in giving}
        yield dead_letter_row(topic, found, read_publishers(place.you, topic, place.pubsub_emulator), subscribers)

    return _asked(Need.DEAD_LETTERS_ARE_KEPT, topic.rpartition("/")[2], kept)


def _pushed(need: Need, one: Subscription, deployment: DeployedFunction, more: Sequence[Row] = ()) -> Iterator[Row]:
    """Return the row about a subscription's settings, and what else is wrong with it."""
    yield push_row(need, one, deployment)
    besides = [*more, caller_row(need, one, deployment)] if one.account else more
    yield from (row for row in besides if row.is_open)


def _asked(need: Need, about: str, rows: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    try:
        yield from rows()
    except Trouble as trouble:
        yield trouble.row(need, about)
