"""The function that a command asks about: its settings, read from it as the doctor does, and its ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from verifier.cli.surroundings import chosen_project, stand_in_address
from verifier.config import FirestoreLedger, Settings, SqliteLedger, read_settings
from verifier.errors import Denied, Malformed, ServiceError, SettingsError

if TYPE_CHECKING:
    from verifier.doctor.function import FunctionName
    from verifier.services import Store

READING = "datastore.entities.get and datastore.entities.list"
WRITING = "datastore.entities.get and datastore.entities.update"
_READER, _WRITER = "roles/datastore.viewer", "roles/datastore.user"


def function_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a function."""
    for option in (
        click.option("--region", default="", help="The function's region, where --function is its short name."),
        click.option(
            "--project",
            default="",
            help="The function's project, where --function is its short name. Default: GOOGLE_CLOUD_PROJECT or "
            "CLOUDSDK_CORE_PROJECT.",
        ),
        click.option(
            "--function",
            default="",
            metavar="NAME",
            help="The function, as projects/P/locations/R/functions/F, or by its short name: its settings say where "
            "its ledger is. Default: the settings are those of this environment.",
        ),
    ):
        command = option(command)
    return command


def function_place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a function beside a build or a job, which have a project and a region of their own."""
    for option in (
        click.option("--function-region", default="", help="Where --function is its short name."),
        click.option(
            "--function-project",
            default="",
            help="Where --function is its short name. Default: the one that is asked about.",
        ),
        click.option(
            "--function",
            default="",
            metavar="NAME",
            help="The function whose ledger it is, as projects/P/locations/R/functions/F, or by its short name.",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class AskedFunction:
    """A deployed function, or this environment's settings."""

    settings: Settings
    name: str
    """What people call it; empty where the settings are this environment's."""

    @property
    def called(self) -> str:
        """Return what its ledger is known by, in words."""
        return f"{self.name or 'the settings of this environment'}, in project {self.settings.home_project}"

    def store(self) -> Store:
        """Return its ledger, opened with the credentials of whoever asks. Raise ServiceError, and Malformed."""
        match self.settings.ledger:
            case SqliteLedger(path):
                if not Path(path).is_file():
                    raise Malformed(f"ledger: expected the file {path}, which VERIFIER_LEDGER names, got none there")
                from verifier.adapters.sqlite import SqliteStore

                return SqliteStore(path)
            case FirestoreLedger(database):
                from verifier.adapters.firestore import FirestoreStore

                return FirestoreStore(self.settings.home_project, database)


def asked_function(function: str, project: str, region: str) -> AskedFunction:
    """Return the function that was named, with the settings that it has.

    Raise Malformed, SettingsError, ServiceError where it can't be read, and Denied with the role that is missing.
    """
    if not function:
        return AskedFunction(read_settings(os.environ), "")
    name = named_function(function, project, region)
    return AskedFunction(_settings_of(name), name.name)


def named_function(function: str, project: str, region: str) -> FunctionName:
    """Return the function of a full name, or of a short one with its place. Raise Malformed."""
    from verifier.doctor.function import function_name

    if "/" in function:
        return function_name(function)
    if not region:
        raise Malformed(
            f"--function: expected its full name projects/P/locations/R/functions/F, or its region beside its short "
            f"name, got {function[:80]!r} alone"
        )
    return function_name(f"projects/{chosen_project(project)}/locations/{region}/functions/{function}")


def _settings_of(name: FunctionName) -> Settings:
    from verifier.checks.verdict import Outcome
    from verifier.doctor.ask_function import read_deployment
    from verifier.doctor.calls import Caller
    from verifier.doctor.installation import settings_with
    from verifier.doctor.rows import Trouble

    you = Caller(stand_in_address(), key_file=os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", ""))
    try:
        deployment = read_deployment(you, name)
    except Trouble as trouble:
        raise ServiceError(trouble.seen, fix=trouble.remedy) from trouble
    # The secrets are Slack's, and nobody here needs them.
    unread: dict[str, str | Trouble] = {
        variable: Trouble(Outcome.COULD_NOT_CHECK, "not read", "") for variable in deployment.secrets
    }
    settings, row = settings_with(deployment.variables, unread, is_deployed=not you.endpoint)
    if settings is None or (row.is_open and not you.endpoint):
        raise SettingsError(f"{name.name}: expected settings that are sound, got: {row.seen}; see verifier doctor")
    return settings


@contextmanager
def reading_the_ledger(settings: Settings) -> Iterator[None]:
    """Name the permissions that reading alone needs, where it is refused. Raises what the store raises."""
    try:
        yield
    except Denied as error:
        if not error.fix:
            raise  # there are no credentials
        grant = f"reading needs {READING} on project {settings.home_project} (they are in {_READER})"
        raise Denied(error.said, fix=grant) from error


@contextmanager
def writing_the_ledger(settings: Settings) -> Iterator[None]:
    """Name the permissions that changing a record needs, where it is refused. Raises what the store raises."""
    try:
        yield
    except Denied as error:
        if not error.fix:
            raise  # there are no credentials
        grant = f"it needs {WRITING} on project {settings.home_project} (they are in {_WRITER})"
        raise Denied(error.said, fix=grant) from error
