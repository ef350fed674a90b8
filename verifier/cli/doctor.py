"""`verifier doctor`: is everything there that an installation needs?"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verifier.checks.verdict import Outcome
from verifier.cli.build_text import POLICY_FILE
from verifier.cli.screen import show
from verifier.cli.terminal import tell
from verifier.config import loopback_address
from verifier.doctor.function import function_name
from verifier.doctor.rows import Need, Row, all_is_well, fails, holds, unknown, waiting
from verifier.doctor.text import lines
from verifier.errors import Malformed, Refused, ServiceError, SettingsError
from verifier.history.origin import Origin
from verifier.redact import one_line

if TYPE_CHECKING:
    from verifier.doctor.examination import Examined
    from verifier.doctor.installation import Installation
    from verifier.services import Chat, Message

_SLACK_API = "VERIFIER_SLACK_ENDPOINT"
_POST_SECONDS = 20.0
_USAGE = 2


@click.command(short_help="Check that an installation has all it needs.")
@click.option(
    "--function",
    default="",
    metavar="projects/P/locations/R/functions/F",
    help="The function; its settings are read from it. Default: the settings are those of this environment.",
)
@click.option(
    "--policy",
    type=click.Path(dir_okay=False, path_type=Path),
    default=POLICY_FILE,
    show_default=True,
    help="The policy that it was deployed with.",
)
@click.option("--slack", is_flag=True, help="Post a sample of each message, marked as one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(function: str, policy: Path, slack: bool, as_json: bool) -> None:
    """Check that an installation has all it needs, with application default credentials, and say what fixes it.

    Changes nothing. You need roles/viewer and roles/iam.securityReviewer on the projects. What the function does is
    asked as its own account, for which you need roles/iam.serviceAccountTokenCreator on that.

    Exit code: 0 all in order, 1 something is to do, 2 wrong usage.
    """
    try:
        rows, digest = _rows(function, policy, slack=slack)
    except (Malformed, SettingsError) as error:
        tell(f"Error: {error}")
        sys.exit(_USAGE)
    if as_json:
        click.echo(_document(rows, Origin(datetime.now(UTC), function or "the settings of this environment", digest)))
    else:
        show(lines(rows, _terminal_width()))
    sys.exit(0 if all_is_well(rows) else 1)


def _rows(function: str, policy: Path, *, slack: bool) -> tuple[list[Row], str]:
    """Return the rows, and the digest of the policy that they go by: empty for none."""
    from verifier.doctor.examination import ExaminationRequest, examine

    asked = ExaminationRequest(
        function=function_name(function) if function else None,
        environment=os.environ,
        policy=policy,
        google=loopback_address("VERIFIER_GOOGLE_ENDPOINT", os.environ),
        pubsub=loopback_address("PUBSUB_EMULATOR_HOST", os.environ),
        storage=loopback_address("STORAGE_EMULATOR_HOST", os.environ),
        slack=_slack_api(),
        now=datetime.now(UTC),
    )
    examined = examine(asked)
    place = examined.installation
    digest = place.policy.digest if place and place.policy else ""
    return [*examined.rows, *(_samples(examined) if slack else [])], digest


def _slack_api() -> str:
    """Return the stand-in of Slack's API, if the environment names one. Raise SettingsError for another address."""
    address = os.environ.get(_SLACK_API, "")
    if address:
        host = address.removeprefix("http://").removesuffix("/api/")
        loopback_address(_SLACK_API, {_SLACK_API: host})
    return address


def _samples(examined: Examined) -> Iterator[Row]:
    """Yield a row for each sample. A channel that is not open to the bot, or that refuses a sample, gets no more."""
    from verifier.checks.policy import Policy
    from verifier.doctor.samples import samples

    need, place = Need.SAMPLES_WERE_POSTED, examined.installation
    failed = [row for row in examined.rows if row.outcome is Outcome.FAILS]
    if place is None or not place.has_secret or any(row.need is Need.SLACK_TAKES_THE_TOKEN for row in failed):
        yield from waiting([need], "", Need.SETTINGS_ARE_SOUND if place is None else Need.SLACK_TAKES_THE_TOKEN)
        return
    closed = {row.about for row in failed if row.need is Need.BOT_IS_IN_THE_CHANNEL}
    yield from (row for channel in sorted(closed) for row in waiting([need], channel, Need.BOT_IS_IN_THE_CHANNEL))
    chat, default = _chat(place), place.settings.slack_channel or "the webhook's channel"
    for message in samples(place.policy or Policy(), place.projects[0], place.now):
        channel = message.channel or default
        if channel not in closed:
            row = _posted(chat, message, channel)
            yield row
            closed |= {channel} if row.outcome is Outcome.FAILS else set()


def _posted(chat: Chat, message: Message, channel: str) -> Row:
    need = Need.SAMPLES_WERE_POSTED
    try:
        chat.post(message, timeout=_POST_SECONDS)
    except Refused as error:
        return fails(need, channel, error.said, error.fix)
    except ServiceError as error:
        return unknown(need, channel, str(error), "look whether it is in the channel, and run it again")
    return holds(need, channel, message.text.splitlines()[0])


def _terminal_width() -> int:
    """Return how wide the terminal is that is written to; 0 where none is."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _chat(place: Installation) -> Chat:
    from verifier.adapters.slack import API_URL, SlackBot, SlackWebhook

    settings = place.settings
    if settings.slack_webhook:
        return SlackWebhook(settings.slack_webhook)
    return SlackBot(settings.slack_token, settings.slack_channel, place.slack_api or API_URL)


def _document(rows: Sequence[Row], origin: Origin) -> str:
    items = [
        {
            "check": row.need,
            "about": one_line(row.about, 300) or None,
            "outcome": row.outcome,
            "seen": one_line(row.seen, 500),
            "remedy": one_line(row.remedy, 700) or None,
            "waits_for": row.waits_for,
        }
        for row in rows
    ]
    unread = [row for row in rows if row.outcome is Outcome.COULD_NOT_CHECK and not row.waits_for]
    problems = [": ".join(filter(None, (row.need, row.about, row.seen))) for row in unread]
    return json.dumps({"ok": all_is_well(rows), "checks": items, **origin.field(problems)}, ensure_ascii=False)
