"""`verifier again`: have a build judged anew, which is otherwise judged once and for all."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from verifier.checks.policy import Policy
from verifier.cli.build_text import chosen_policy
from verifier.cli.deployed_function import (
    AskedFunction,
    asked_function,
    function_place_options,
    writing_the_ledger,
)
from verifier.cli.named_build import named_build
from verifier.cli.surroundings import stand_in_address
from verifier.cli.terminal import ERROR, tell, visible
from verifier.config import Settings, loopback_address
from verifier.controller.again import AgainAnswer, AgainOutcome, judge_again
from verifier.controller.ledger import Record
from verifier.errors import Malformed, Missing, ServiceError, VerifierError
from verifier.facts.build import TERMINAL, BuildKey
from verifier.reporting.running_text import short_build

A_PERSON = "a person"
_A_SERVICE = "a service account"
_SECONDS = 20.0
_MOST = 200


@click.command("again", short_help="Have a build judged anew.")
@click.argument("build")
@click.option(
    "--project", default="", help="The build's project. Default: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT."
)
@click.option("--region", default="", help="The build's location. Default: global, then every other one.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Says whether a person who asks is named (name_submitter). Default: ./policy.toml, if there is one.",
)
@function_place_options
def again(
    build: str,
    project: str,
    region: str,
    policy: Path | None,
    function: str,
    function_project: str,
    function_region: str,
) -> None:
    """Have the build BUILD judged anew: its worker may run once more, and both verdicts stay in the audit trail.

    BUILD is named as for check. Who asks is recorded. Needs cloudbuild.builds.get on the build, run.services.get on the
    function, datastore.entities.get and datastore.entities.update in its project, and, to have it done at once,
    pubsub.topics.publish on its work topic. Exit code: 0 it is being judged, 2 error.
    """
    try:
        key = _key(build, project, region)
        asked = asked_function(function, function_project or key.project, function_region)
        by = _asked_by(chosen_policy(policy))
        with writing_the_ledger(asked.settings):
            answer = judge_again(asked.store(), key, by, datetime.now(UTC))
        lines = _lines(key, asked, answer)
    except click.ClickException as error:
        _stop(error.format_message())
    except VerifierError as error:
        _stop(str(error))
    click.echo("\n".join(lines))


def _key(build: str, project: str, region: str) -> BuildKey:
    """Return the build that a person named, which must be there to be judged: a file may name one that is gone.

    Raise Malformed for a build that has not ended, and ServiceError.
    """
    named = named_build(build, project, region)
    found = named.build
    if named.file:
        from verifier.adapters.cloud_build import CloudBuild

        try:
            found = CloudBuild(stand_in_address()).fetch(named.build.key, timeout=_SECONDS)
        except Missing as error:
            raise Malformed(f"{error}; what Cloud Build does not have any more can't be judged anew") from error
    if found.status not in TERMINAL:
        raise Malformed(f"{found.key.name}: expected a build that has ended, got one that is {found.status}")
    return found.key


def _asked_by(policy: Policy) -> str:
    """Return who asks. Raise ServiceError where there are no credentials; a stand-in of Google's has no accounts."""
    if stand_in_address():
        return A_PERSON
    from verifier.adapters.account import asking_account

    account = asking_account()
    return recorded_name(account.name, policy, is_service=account.is_service)


def recorded_name(name: str, policy: Policy, *, is_service: bool) -> str:
    """Return an account as it may be recorded: a service account by its address, a person where policy says so."""
    if is_service:
        return name or _A_SERVICE
    return (name if policy.name_submitter else "") or A_PERSON


def _lines(key: BuildKey, asked: AskedFunction, answer: AgainAnswer) -> list[str]:
    """Return what was done, and where the verdict will be. Raise Malformed where nothing can be done."""
    name, record = f"build {short_build(key.name)} ({visible(key.location, 40)})", answer.record
    if record is None:
        raise Malformed(
            f"{key.name}: expected a build that the ledger has a record of, got one that it has never heard of; is its "
            f"place watched (VERIFIER_PROJECTS, VERIFIER_REGIONS) by {asked.name or 'this function'}?"
        )
    match answer.outcome:
        case AgainOutcome.REOPENED:
            return [
                f"{name[0].upper()}{name[1:]} is judged anew; {_before(record)}.",
                f"Recorded: asked for by {record.asked_by}.",
                _started(asked.settings, key),
                "Its worker, if it has one, may run once more.",
                _where(asked.settings, record),
            ]
        case AgainOutcome.ASKED_BEFORE:
            when = f"{record.asked:%Y-%m-%d %H:%M} UTC" if record.asked else "before"
            return [f"Nothing done: {name} is being judged anew already, asked for by {record.asked_by}, {when}."]
        case _:
            waits = f" It waits: {visible(record.error, _MOST)}" if record.error else ""
            return [f"Nothing done: {name} is being judged, for the first time.{waits}"]


def _before(record: Record) -> str:
    if not record.earlier:
        return "it had no verdict"
    last = record.earlier[-1]
    return f"it was {last['verdict'] or 'not judged'}, {str(last['decided'])[:16].replace('T', ' ')} UTC"


def _started(settings: Settings, key: BuildKey) -> str:
    """Have the function take it up at once, and return when it will: the sweep finds it whatever happens here."""
    swept = "The next sweep takes it up, within a minute"
    if not settings.work_topic:
        return f"{swept}."
    from verifier.adapters.pubsub import OwnWorkTopic

    try:
        topic = OwnWorkTopic(settings.work_topic, loopback_address("PUBSUB_EMULATOR_HOST", os.environ))
        topic.hand_out([{"kind": "record", "name": key.digest}], timeout=_SECONDS)
    except ServiceError as error:
        return f"{swept}: to have it done at once, {visible(error.fix or error.said, _MOST)}."
    return "The function takes it up now."


def _where(settings: Settings, record: Record) -> str:
    audit = f"Its verdict will be in the audit trail of {settings.home_project}"
    if record.thread:
        return f"{audit}, and in Slack in the thread of the verdict before."
    return f"{audit}, and in Slack where policy posts it."


def _stop(text: str) -> NoReturn:
    tell(f"Error: {text}")
    sys.exit(ERROR)
