"""The whole examination: what is deployed, with what settings, and then every check at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from verifier.checks.policy import Policy
from verifier.checks.policy_file import read_policy
from verifier.doctor.ask_function import read_deployment, read_invokers, read_secret, version_added
from verifier.doctor.calls import Caller, function_caller
from verifier.doctor.checks import answered, checks
from verifier.doctor.function import DeployedFunction, FunctionName, function_rows, no_function
from verifier.doctor.installation import Installation, age_row, policy_row, secret_rows, settings_with
from verifier.doctor.rows import Need, Row, Trouble, holds, in_order, needless, waiting
from verifier.errors import SettingsError

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class ExaminationRequest:
    """What a person asked the doctor."""

    function: FunctionName | None
    """None: the settings are those of this environment."""
    environment: Mapping[str, str]
    policy: Path
    google: str
    """A stand-in of Google's services on this machine; empty: the real ones. So for the three that follow."""
    pubsub: str
    storage: str
    slack: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of it."""

    rows: list[Row]
    """In the order in which people read them."""
    installation: Installation | None
    """None when its settings could not be read."""


@dataclass(slots=True)
class _Deployed:
    """Where the settings come from."""

    you: Caller
    function: Caller
    deployment: DeployedFunction | None
    variables: Mapping[str, str]
    secrets: Mapping[str, str | Trouble] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def examine(asked: ExaminationRequest) -> Examined:
    """Ask everything there is to ask. What a service does not answer is a row."""
    policy, first = _policy(asked.policy)
    deployed = _deployed_or_trouble(asked)
    if isinstance(deployed, Trouble):
        rows = [first, deployed.row(Need.FUNCTION_IS_READY, asked.function.name if asked.function else "")]
        return Examined(_with_the_rest(rows, Need.FUNCTION_IS_READY), None)
    settings, said = settings_with(deployed.variables, deployed.secrets, is_deployed=deployed.deployment is not None)
    rows = [first, *deployed.rows, said]
    if deployed.deployment:
        rows += function_rows(deployed.deployment, settings)
    if settings is None:
        return Examined(_with_the_rest(rows, Need.SETTINGS_ARE_SOUND), None)
    place = Installation(
        you=deployed.you,
        function=deployed.function,
        settings=settings,
        deployment=deployed.deployment,
        policy=policy,
        has_secret=not any(isinstance(value, Trouble) for value in deployed.secrets.values()),
        pubsub_emulator=asked.pubsub,
        storage_emulator=asked.storage,
        slack_api=asked.slack,
        now=asked.now,
    )
    with ThreadPoolExecutor(_AT_ONCE) as several:
        for answer in several.map(answered, checks(place)):
            rows += answer
    return Examined(in_order(rows), place)


def _deployed_or_trouble(asked: ExaminationRequest) -> _Deployed | Trouble:
    try:
        return _deployed(asked)
    except Trouble as trouble:
        return trouble
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a row and no traceback
        return Trouble.of(error)


def _deployed(asked: ExaminationRequest) -> _Deployed:
    """Return the function and its secrets, or this environment. Raise Trouble when the function can't be read."""
    you = Caller(asked.google, key_file=asked.environment.get("GOOGLE_APPLICATION_CREDENTIALS", ""))
    if asked.function is None:
        return _Deployed(you, you, None, asked.environment, rows=list(no_function()))
    deployment = read_deployment(you, asked.function)
    function, row = _function(you, deployment)
    secrets = {name: _secret(function, version, asked.function) for name, version in deployment.secrets.items()}
    rows = [row, *secret_rows(deployment, secrets), *_ages(you, deployment, secrets)]
    try:
        deployment = replace(deployment, invokers=read_invokers(you, asked.function))
    except Trouble as trouble:
        rows.append(trouble.row(Need.FUNCTION_IS_PRIVATE, asked.function.name))
    return _Deployed(you, function, deployment, deployment.variables, secrets, rows)


def _function(you: Caller, deployment: DeployedFunction) -> tuple[Caller, Row]:
    need, account = Need.FUNCTION_CAN_BE_ASKED_FOR, deployment.account
    if you.endpoint:
        return you, needless(need, account, "a stand-in of Google's services has no accounts")
    try:
        return function_caller(you, account), holds(need, account, "its own permissions are what is asked for below")
    except Trouble as trouble:
        return you, trouble.row(need, account)


def _ages(you: Caller, deployment: DeployedFunction, secrets: Mapping[str, str | Trouble]) -> Iterator[Row]:
    """Return the rows about versions that not every instance may have, or whose age could not be had."""
    for name, version in deployment.secrets.items():
        try:
            row = age_row(deployment, version, version_added(you, version))
        except Trouble as trouble:
            row = trouble.row(Need.SECRET_HAS_A_VERSION, version.split("/")[3])
        if row.is_open and isinstance(secrets[name], str):
            yield row


def _secret(function: Caller, version: str, name: FunctionName) -> str | Trouble:
    try:
        return read_secret(function, version, name)
    except Trouble as trouble:
        return trouble


def _policy(path: Path) -> tuple[Policy | None, Row]:
    if not path.exists():
        return None, policy_row(None, str(path), "")
    try:
        policy = read_policy(path.read_bytes(), str(path))
    except (SettingsError, OSError) as error:
        return None, policy_row(None, str(path), " ".join(str(error).split()))
    return policy, policy_row(policy, str(path), "")


def _with_the_rest(rows: Iterable[Row], first: Need) -> list[Row]:
    """Return the rows, and for every other need one that says what it waits for."""
    known = list(rows)
    done = {row.need for row in known} | {Need.SAMPLES_WERE_POSTED}
    return in_order([*known, *waiting([need for need in Need if need not in done], "", first)])
