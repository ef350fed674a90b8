"""The installation at hand: whose settings it has, who is asked as whom, and what of it could not be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from verifier.checks.policy import Policy
from verifier.config import Settings, read_settings
from verifier.doctor.calls import Caller
from verifier.doctor.function import DeployedFunction, renewal, restart
from verifier.doctor.rows import Need, Row, Trouble, fails, holds, unknown
from verifier.errors import SettingsError
from verifier.facts.execution import JobName

_TOKEN, _WEBHOOK = "VERIFIER_SLACK_TOKEN", "VERIFIER_SLACK_WEBHOOK"
_EMULATORS = ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "STORAGE_EMULATOR_HOST")
_UNREAD = {_TOKEN: "xoxb-unread", _WEBHOOK: "https://hooks.slack.com/services/unread"}
"""What stands for a secret that could not be read, so that the other settings can."""


@dataclass(frozen=True, slots=True)
class Installation:
    """All that the checks start from."""

    you: Caller
    function: Caller
    """The function's account where it can be asked for; otherwise yourself."""
    settings: Settings
    deployment: DeployedFunction | None
    """None when no function was named."""
    policy: Policy | None
    """None when it could not be read."""
    has_secret: bool
    """Whether Slack's token or webhook in the settings is the real one."""
    pubsub_emulator: str
    storage_emulator: str
    slack_api: str
    """A stand-in of Slack's API on this machine; empty: the real one."""
    now: datetime

    @property
    def projects(self) -> list[str]:
        """The watched projects."""
        return sorted(self.settings.watched.projects)

    @property
    def renewal(self) -> str:
        """What gives the function another token or webhook."""
        if self.deployment is None or not self.deployment.secrets:
            return f"set {_TOKEN} to the bot token of an installed app"
        return renewal(next(iter(self.deployment.secrets.values())), self.deployment.name)

    @property
    def job_projects(self) -> list[str]:
        """The projects that the jobs of policy may be in."""
        named = {job.project for job in self.jobs} - {""}
        return sorted({*self.projects} | named)

    @property
    def jobs(self) -> list[JobName]:
        """The jobs that policy names, as far as it could be read; a project is empty where the job may be in each."""
        if self.policy is None:
            return []
        return list(dict.fromkeys([*(worker.job for worker in self.policy.workers), *self.policy.jobs]))


def settings_with(
    variables: Mapping[str, str], secrets: Mapping[str, str | Trouble], *, is_deployed: bool
) -> tuple[Settings | None, Row]:
    """Return the settings that these variables and secrets make, and the row about them."""
    unread = {name: _UNREAD.get(name, "") for name, value in secrets.items() if isinstance(value, Trouble)}
    values = {name: value for name, value in secrets.items() if isinstance(value, str)}
    every = {**variables, **values, **unread}
    ours = {name: value for name, value in every.items() if name.startswith("VERIFIER_") or name in _EMULATORS}
    need = Need.SETTINGS_ARE_SOUND
    try:
        settings = read_settings(ours)
    except SettingsError as error:
        _, *problems = str(error).splitlines()
        remedy = "fix what is named: each variable is explained in terraform/README.md under Settings"
        return None, fails(need, "", "; ".join(line.strip() for line in problems), remedy)
    if is_deployed and settings.loopback:
        remedy = "take these variables from the function: they are for a local run"
        return settings, fails(need, "", f"it would talk to stand-ins of the cloud: {settings.loopback}", remedy)
    regions = ", ".join(sorted(settings.watched.locations))
    return settings, holds(need, "", f"{', '.join(sorted(settings.watched.projects))} in {regions}")


def secret_rows(deployment: DeployedFunction, secrets: Mapping[str, str | Trouble]) -> Iterator[Row]:
    """Return what came of reading the function's secrets."""
    need = Need.SECRET_HAS_A_VERSION
    for variable, value in secrets.items():
        version = deployment.secrets[variable]
        about = version.split("/")[3]
        if isinstance(value, Trouble):
            yield value.row(need, about)
        elif not value:
            yield fails(need, about, f"the value for {variable} is empty", renewal(version, deployment.name))
        else:
            yield holds(need, about, f"{variable} is its version {version.rpartition('/')[2]}: {len(value)} characters")


def age_row(deployment: DeployedFunction, version: str, added: datetime | None) -> Row:
    """Whether every instance has the secret's version: it is read once, when an instance starts."""
    need, about = Need.SECRET_HAS_A_VERSION, version.split("/")[3]
    if added is None or deployment.updated is None or added <= deployment.updated:
        return holds(need, about, "every instance started with this version")
    seen = f"added at {added:%Y-%m-%d %H:%M} UTC, after the function's last change: an instance may hold the one before"
    return unknown(need, about, seen, restart(deployment.name))


def policy_row(policy: Policy | None, name: str, problem: str) -> Row:
    """Whether there is a policy to go by."""
    need = Need.POLICY_IS_READ
    if policy is not None:
        workers = ", ".join(worker.job.job for worker in policy.workers)
        return holds(need, name, f"workers: {workers or 'none'}; Slack routes: {len(policy.routes)}")
    if problem:
        return fails(need, name, problem, "fix the file and apply it again")
    return unknown(
        need, name, "there is no such file here, and the function does not show its own", "give --policy FILE"
    )
