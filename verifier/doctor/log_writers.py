"""Who else may write log entries in a project: they could forge a worker's lines, and the platform's about it. Pure.

Nothing in an entry proves its author. So it is told who could have been, and a team decides whether they are too many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from verifier.doctor.rows import Need, Row, holds

_ROLES = frozenset(
    f"roles/{name}"
    for name in (
        "owner editor logging.admin logging.logWriter telemetry.logsWriter telemetry.writer cloudbuild.builds.builder "
        "clouddeploy.jobRunner composer.worker config.agent confidentialcomputing.gkeWorkloadUser "
        "confidentialcomputing.workloadUser container.defaultNodeServiceAccount container.nodeServiceAccount "
        "dataflow.worker dataproc.hubAgent dataproc.worker firebaseapphosting.computeRunner "
        "gkemulticloud.telemetryWriter iam.devOps iam.infrastructureAdmin iam.networkAdmin run.builder"
    ).split()
)
"""Basic and predefined roles that have the permission, without those that Google gives its own service agents."""
_MOST = 12
"""Members that are named."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Who has a role on a project."""

    role: str
    members: frozenset[str]
    is_conditional: bool = False


def writers_row(project: str, bindings: Iterable[Binding]) -> Row:
    """Return who may write log entries, as far as the project's own bindings say."""
    found: dict[str, set[str]] = {}
    custom: set[str] = set()
    for binding in bindings:
        if binding.role in _ROLES:
            for member in binding.members:
                found.setdefault(member, set()).add(_short(binding))
        elif not binding.role.startswith("roles/") and binding.members:
            custom.add(binding.role)
    named = [f"{member} ({', '.join(sorted(roles))})" for member, roles in sorted(found.items())]
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    seen = f"{', '.join(named[:_MOST]) or 'nobody'}{more} may write log entries, and so forge a worker's"
    if custom:
        seen += f"; custom roles that may allow it, too: {', '.join(sorted(custom))}"
    return holds(Need.LOG_WRITERS_ARE_KNOWN, project, f"{seen}; what is granted above the project is not seen here")


def _short(binding: Binding) -> str:
    return binding.role.removeprefix("roles/") + (" under a condition" if binding.is_conditional else "")
