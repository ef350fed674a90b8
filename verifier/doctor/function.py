"""The function as it is deployed, and what must hold of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from verifier.config import Settings
from verifier.doctor.rows import APPLY, Need, Row, fails, holds, needless
from verifier.errors import Malformed

EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})

_OF_A_FUNCTION = (
    Need.FUNCTION_IS_READY,
    Need.FUNCTION_HAS_ITS_TIME,
    Need.FUNCTION_IS_PRIVATE,
    Need.FUNCTION_CAN_BE_ASKED_FOR,
    Need.SECRET_HAS_A_VERSION,
)
_NAME = re.compile(r"projects/([^/]+)/locations/([^/]+)/(?:functions|services)/([^/]+)")


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function of the 2nd generation, which is a Cloud Run service of nearly the same name."""

    project: str
    region: str
    name: str

    @property
    def service(self) -> str:
        """The service's resource name."""
        return f"projects/{self.project}/locations/{self.region}/services/{self.service_id}"

    @property
    def service_id(self) -> str:
        """The service's short name."""
        return self.name.lower().replace("_", "-")

    @property
    def place(self) -> str:
        """The service as gcloud takes it."""
        return f"{self.service_id} --region={self.region} --project={self.project}"

    @property
    def address(self) -> str:
        """The address that functions have beside those of their service."""
        return f"https://{self.region}-{self.project}.cloudfunctions.net/{self.name}"


@dataclass(frozen=True, slots=True)
class DeployedFunction:
    """What Cloud Run says of the function."""

    name: FunctionName
    account: str
    """The service account that it runs as."""
    addresses: tuple[str, ...]
    audiences: tuple[str, ...]
    """What a token may be made out to beside the addresses."""
    seconds: float
    """Its time-out."""
    is_ready: bool
    said: str
    """Why it is not ready; empty when it is."""
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    """Variables that come from Secret Manager, each with the version's resource name."""
    checks_callers: bool
    """Whether callers need a permission at all."""
    updated: datetime | None = None
    """When it was changed last: from then on every instance is a new one."""
    invokers: frozenset[str] | None = None
    """Members that may call it, as bound on the service itself; None: not known."""

    def path_of(self, endpoint: str) -> str | None:
        """Return the path at this function that an address leads to; None when it leads elsewhere."""
        for address in self.addresses:
            base = address.rstrip("/")
            if endpoint == base or endpoint.startswith((f"{base}/", f"{base}?")):
                return endpoint.removeprefix(base).partition("?")[0] or "/"
        return None

    def takes_audience(self, audience: str) -> bool:
        """Whether a token that is made out to this audience opens it."""
        return audience.rstrip("/") in {known.rstrip("/") for known in (*self.addresses, *self.audiences)}


def function_name(text: str) -> FunctionName:
    """Return the function that a resource name names. Raise Malformed."""
    match = _NAME.fullmatch(text)
    if not match:
        expected = "projects/PROJECT/locations/REGION/functions/NAME"
        raise Malformed(f"--function: expected {expected}, got {text[:160]!r}")
    return FunctionName(*match.groups())


def function_rows(deployment: DeployedFunction, settings: Settings | None) -> Iterator[Row]:
    """Return what must hold of the function itself."""
    name, about = deployment.name, deployment.name.name
    if deployment.is_ready:
        yield holds(Need.FUNCTION_IS_READY, about, f"it serves {deployment.addresses[0]}, as {deployment.account}")
    else:
        seen = f"it does not serve: {deployment.said} (its log says more; what you fix is there after {APPLY})"
        yield fails(Need.FUNCTION_IS_READY, about, seen, f"gcloud run services logs read {name.place} --limit=50")
    if settings:
        yield _time(deployment, settings)
    if deployment.invokers is not None:
        yield _private(deployment, deployment.invokers)


def no_function() -> Iterator[Row]:
    """Return the rows when nobody named a function."""
    for need in _OF_A_FUNCTION:
        yield needless(need, "", "no --function is given: settings come from this environment")


def restart(name: FunctionName) -> str:
    """Return the command that restarts the function. Its label means nothing, and may go with the next deployment."""
    return f"gcloud run services update {name.place} --update-labels=restarted=$(date +%s)"


def renewal(version: str, name: FunctionName) -> str:
    """Return the command that asks for a secret's value, adds it as a version, and has the function start with it."""
    _, project, _, secret, *_ = version.split("/")
    ask = "printf 'The secret, which is not shown: ' && read -rs V"
    add = f'printf %s "$V" | gcloud secrets versions add {secret} --project={project} --data-file=-'
    return f"{ask} && {add} && {restart(name)}"


def _private(deployment: DeployedFunction, invokers: frozenset[str]) -> Row:
    need, about, service = Need.FUNCTION_IS_PRIVATE, deployment.name.name, deployment.name.place
    if not deployment.checks_callers:
        remedy = f"gcloud run services update {service} --invoker-iam-check"
        return fails(need, about, "it does not ask callers for a permission", remedy)
    if strangers := sorted(invokers & EVERYBODY):
        remedy = f"gcloud run services remove-iam-policy-binding {service} --member={strangers[0]}"
        return fails(need, about, f"{' and '.join(strangers)} may call it", f"{remedy} --role=roles/run.invoker")
    callers = ", ".join(sorted(member.partition(":")[2] for member in invokers)) or "nobody"
    return holds(need, about, f"it may be called by {callers}")


def _time(deployment: DeployedFunction, settings: Settings) -> Row:
    about, wanted = deployment.name.name, settings.timeout_seconds
    if deployment.seconds == wanted:
        return holds(Need.FUNCTION_HAS_ITS_TIME, about, f"{wanted} s, as VERIFIER_TIMEOUT says")
    seen = f"its time-out is {deployment.seconds:g} s, but VERIFIER_TIMEOUT says {wanted}"
    return fails(Need.FUNCTION_HAS_ITS_TIME, about, seen, APPLY)
