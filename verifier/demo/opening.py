"""The opening of a stage: the stand-ins, the real function that talks to them, and the ledger that it has."""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from verifier.demo.installed import Installed
from verifier.demo.stage import Stage
from verifier.errors import VerifierError
from verifier.standin.clock import CLOCK_VARIABLE, PastClock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.function import MAIN, running_function
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.installation import InstalledResources
from verifier.standin.push import Pusher
from verifier.standin.slack import CHANNELS, TOKEN, SlackStandIn
from verifier.standin.storage import StorageStandIn
from verifier.standin.topic_service import TopicService


@contextmanager
def a_stage(
    projects: Mapping[str, str],
    regions: Sequence[str],
    policy: bytes,
    *,
    hurried: bool,
    night: tuple[datetime, Path] | None = None,
) -> Iterator[Stage]:
    """Open a stage whose function watches these projects (ids with their numbers) and regions, under this policy.

    `hurried`: Slack takes more than a message a second. `night`: the moment in the past at which the play begins, and
    the function's code that goes by its clock; None: it plays now. The ledger is a SQLite file of its own, or Firestore
    where `FIRESTORE_EMULATOR_HOST` is set.
    Raise VerifierError when the function does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="build-verifier-")))
        clock = PastClock(folder / "clock")
        if night:
            clock.begin(night[0])
        faults, cloud = Faults(), Cloud(clock)
        ledger, watched = _ledger(folder), next(iter(projects))
        home = ledger.get("VERIFIER_HOME_PROJECT", watched)
        topics = TopicService(cloud)
        installed = Installed(InstalledResources(cloud), home, watched, projects[watched], regions[-1])
        methods = {**topics.methods(), **installed.made.methods()}
        google = stack.enter_context(GoogleStandIn(cloud, faults, methods))
        storage = stack.enter_context(StorageStandIn(faults))
        slack = stack.enter_context(SlackStandIn(faults, clock, rate_limit=not hurried))
        (folder / "policy.toml").write_bytes(policy)
        settings = {
            "VERIFIER_PROJECTS": ",".join(
                f"{project}={number}" if number else project for project, number in projects.items()
            ),
            "VERIFIER_REGIONS": ",".join(regions),
            "VERIFIER_POLICY": str(folder / "policy.toml"),
            "VERIFIER_SLACK_TOKEN": TOKEN,
            "VERIFIER_SLACK_CHANNEL": next(iter(CHANNELS)),
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "VERIFIER_SLACK_ENDPOINT": slack.api_url,
            "VERIFIER_HOME_PROJECT": home,
            "VERIFIER_WORK_TOPIC": installed.topic("work"),
            "PUBSUB_EMULATOR_HOST": google.address,
            "STORAGE_EMULATOR_HOST": storage.address,
            **ledger,
        }
        started_with = {**settings, CLOCK_VARIABLE: str(folder / "clock")}
        function = stack.enter_context(running_function(started_with, folder, night[1] if night else MAIN))
        pusher = stack.enter_context(Pusher(function.url, clock=clock))
        topics.subscribe(installed.topic("work"), partial(pusher.publish, "/work"))
        installed.furnish(function.url, settings)
        dice = random.Random(85)  # noqa: S311 - the order of a play
        stage = Stage(cloud, slack, function, pusher, dice, folder, google.address, storage, clock, settings, installed)
        around = threading.Thread(target=stage.keep_going, daemon=True)
        around.start()
        try:
            yield stage
        finally:
            stage.leave()
            around.join()


def _ledger(folder: Path) -> dict[str, str]:
    emulator = os.environ.get("FIRESTORE_EMULATOR_HOST", "")
    if not emulator:
        return {"VERIFIER_LEDGER": f"sqlite:{folder / 'ledger.sqlite'}"}
    host, _, port = emulator.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=3).close()
    except (OSError, ValueError) as error:
        problem = f"FIRESTORE_EMULATOR_HOST={emulator}: expected the Firestore emulator to listen there, got {error}"
        raise VerifierError(f"{problem}; start it, or unset the variable") from error
    # A home project of its own: what an earlier play left in the emulator is none of this one's.
    home = f"demo-{secrets.token_hex(6)}"
    return {"VERIFIER_LEDGER": "firestore", "FIRESTORE_EMULATOR_HOST": emulator, "VERIFIER_HOME_PROJECT": home}
