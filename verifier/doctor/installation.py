"""The installation at hand: whose settings it has, who is asked as whom, and what of it could not be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from verifier.config import Settings, read_settings
from verifier.doctor.calls import Caller
from verifier.doctor.function import Deployment
from verifier.doctor.rows import Need, Row, Trouble, fails, holds, unknown
from verifier.errors import SettingsError
from verifier.policy import Policy

_TOKEN, _WEBHOOK = "VERIFIER_SLACK_TOKEN", "VERIFIER_SLACK_WEBHOOK"
_EMULATORS = ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST")
_UNREAD = {_TOKEN: "xoxb-unread", _WEBHOOK: "https://hooks.slack.com/services/unread"}
"""What stands for a secret that could not be read, so that the other settings can."""


@dataclass(frozen=True, slots=True)
class Installation:
    """All that the checks start from."""

    you: Caller
    function: Caller
    """The function's account where it can be asked for; otherwise yourself."""
    settings: Settings
    deployment: Deployment | None
    """None when no function was named."""
    policy: Policy | None
    """None when it could not be read."""
    has_secret: bool
    """Whether Slack's token or webhook in the settings is the real one."""
    pubsub_emulator: str
    slack_api: str
    """A stand-in of Slack's API on this machine; empty: the real one."""
    now: datetime

    @property
    def member(self) -> str:
        """Whom to grant what is missing, as IAM names members."""
        account = self.deployment.account if self.deployment else ""
        return f"serviceAccount:{account or 'VERIFIER'}"

    @property
    def projects(self) -> list[str]:
        """The watched projects."""
        return sorted(self.settings.watched.projects)

    @property
    def job_projects(self) -> list[str]:
        """The projects that workers' jobs may be in."""
        named = {worker.job.project for worker in self.policy.workers} if self.policy else set()
        return sorted(({*self.projects} | named) - {""})


def settings_with(
    variables: Mapping[str, str], secrets: Mapping[str, str | Trouble], *, is_deployed: bool
) -> tuple[Settings | None, Row]:
    """The settings that these variables and secrets make, and the row about them."""
    unread = {name: _UNREAD.get(name, "") for name, value in secrets.items() if isinstance(value, Trouble)}
    values = {name: value for name, value in secrets.items() if isinstance(value, str)}
    every = {**variables, **values, **unread}
    ours = {name: value for name, value in every.items() if name.startswith("VERIFIER_") or name in _EMULATORS}
    need = Need.SETTINGS_ARE_SOUND
    try:
        settings = read_settings(ours)
    except SettingsError as error:
        _, *problems = str(error).splitlines()
        remedy = "mend the variables that are named (README, Settings), in Terraform or in this environment"
        return None, fails(need, "", "; ".join(line.strip() for line in problems), remedy)
    if is_deployed and settings.loopback:
        remedy = "take these variables from the function: they are for a local run"
        return settings, fails(need, "", f"it would talk to stand-ins of the cloud: {settings.loopback}", remedy)
    regions = ", ".join(sorted(settings.watched.locations))
    return settings, holds(need, "", f"{', '.join(sorted(settings.watched.projects))} in {regions}")


def secret_rows(references: Mapping[str, str], secrets: Mapping[str, str | Trouble]) -> Iterator[Row]:
    """What came of reading the function's secrets."""
    need = Need.SECRET_HAS_A_VERSION
    for variable, value in secrets.items():
        about = references[variable].split("/")[3]
        if isinstance(value, Trouble):
            yield value.row(need, about)
        elif not value:
            yield fails(need, about, f"the value for {variable} is empty", "gcloud secrets versions add " + about)
        else:
            yield holds(
                need, about, f"{variable} gets {references[variable].rpartition('/')[2]}, {len(value)} characters"
            )


def policy_row(policy: Policy | None, name: str, problem: str) -> Row:
    """Whether there is a policy to go by."""
    need = Need.POLICY_IS_READ
    if policy is not None:
        workers = ", ".join(worker.job.job for worker in policy.workers)
        return holds(need, name, f"workers: {workers or 'none'}; Slack routes: {len(policy.routes)}")
    if problem:
        return fails(need, name, problem, "mend the file, then terraform apply")
    return unknown(
        need, name, "there is no such file here, and the function does not show its own", "give --policy FILE"
    )
