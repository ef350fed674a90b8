"""Cloud Build: a trigger as it is now, kept for some minutes so that its many builds do not each ask for it.

Documentation: "Cloud Build API", GetBuildTrigger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from google.cloud.devtools import cloudbuild_v1
from google.cloud.devtools.cloudbuild_v1.services.cloud_build import transports
from google.protobuf.json_format import MessageToDict
from google.protobuf.unknown_fields import UnknownFieldSet

from verifier.adapters.billing import HOME_PAYS, Billing
from verifier.adapters.google import connected, countdown, needs, translated
from verifier.errors import Denied, Missing, Unavailable
from verifier.facts.trigger import Trigger, parse_trigger

_KEPT = timedelta(minutes=5)
_REFUSAL_KEPT = timedelta(minutes=1)
_MOST_KEPT = 1_000
_CONFIGS = {
    "trigger_template": "triggerTemplate",
    "github": "github",
    "pubsub_config": "pubsubConfig",
    "webhook_config": "webhookConfig",
    "repository_event_config": "repositoryEventConfig",
    "source_to_build": "sourceToBuild",
    "git_file_source": "gitFileSource",
}
"""The messages of a trigger that `parse_trigger` reads, and their names in JSON."""


class CloudTriggers:
    """The `Triggers` service. A refusal names the role to grant."""

    def __init__(self, clock: Callable[[], datetime], endpoint: str = "", billing: Billing = HOME_PAYS) -> None:
        self._billing = billing
        self._client = connected(cloudbuild_v1.CloudBuildClient, transports.CloudBuildGrpcTransport, endpoint)
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, Trigger | Missing | Denied]] = {}

    def read(self, project: str, location: str, trigger_id: str, *, timeout: float) -> Trigger:
        """See `services.Triggers.read`."""
        name = f"projects/{project}/locations/{location}/triggers/{trigger_id}"
        now = self._clock()
        with self._lock:
            until, found = self._kept.get(name, (now, None))
        if found is None or until <= now:
            found = self._asked(name, project, trigger_id, now, timeout)
            self._keep(name, found, now)
        if isinstance(found, Trigger):
            return found
        raise found

    def _asked(
        self, name: str, project: str, trigger_id: str, now: datetime, timeout: float
    ) -> Trigger | Missing | Denied:
        request = cloudbuild_v1.GetBuildTriggerRequest(name=name, project_id=project, trigger_id=trigger_id)
        grant = needs("cloudbuild.builds.get", f"project {project}", "roles/cloudbuild.builds.viewer")
        try:
            what = f"reading trigger {name}"
            left = countdown(timeout, what)
            with translated(what, grant):
                answer = self._billing.billed(
                    project,
                    lambda payer: self._client.get_build_trigger(
                        request=request, timeout=left(), retry=None, metadata=payer
                    ),
                )
        except (Missing, Denied) as error:
            return error
        found = parse_trigger(trigger_document(answer), now)
        if found.id != trigger_id:
            raise Unavailable(f"reading trigger {name}: expected it, got one of id {found.id!r}", fix="try again later")
        return found

    def _keep(self, name: str, found: Trigger | Missing | Denied, now: datetime) -> None:
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[name] = (now + (_KEPT if isinstance(found, Trigger) else _REFUSAL_KEPT), found)


def trigger_document(trigger: cloudbuild_v1.BuildTrigger) -> dict[str, Any]:
    """Return the parts of a trigger that `parse_trigger` reads, in the JSON of the REST resource.

    A field that the client library does not know (a Developer Connect event, say) is carried over as `#number`.
    """
    raw = cloudbuild_v1.BuildTrigger.pb(trigger)
    document: dict[str, Any] = {"id": raw.id, "name": raw.name}
    for field, name in _CONFIGS.items():
        if raw.HasField(field):
            document[name] = MessageToDict(getattr(raw, field))
    template = raw.WhichOneof("build_template")
    if template in ("filename", "autodetect"):
        document[template] = getattr(raw, template)
    elif template == "build":
        document["build"] = {"steps": len(raw.build.steps)}
    unknown = UnknownFieldSet(raw)
    for index in range(len(unknown)):
        document[f"#{unknown[index].field_number}"] = {}
    return document
