"""The stand-in of Google Cloud: what it holds, and how a scenario or a test puts it there. No network in it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from google.protobuf import json_format

from verifier.standin.build_book import BuildBook
from verifier.standin.build_documents import parse_trigger
from verifier.standin.clock import Clock
from verifier.standin.completion import completion_entry
from verifier.standin.job_book import Job, JobBook, JobPath, Overrides
from verifier.standin.job_run import JobRun
from verifier.standin.log_book import LogBook, project_of
from verifier.standin.logging_filter import Regexes
from verifier.standin.messages import Pb, nanoseconds, timestamp_nanoseconds
from verifier.standin.quota_book import QuotaBook
from verifier.standin.refusal import RefusalError
from verifier.standin.scheduler import JobScheduler
from verifier.standin.script import Script, Sidecar
from verifier.standin.worker_logs import entries_of

PERMISSIONS = {
    "GetBuild": "cloudbuild.builds.get",
    "GetBuildTrigger": "cloudbuild.builds.get",
    "ListBuilds": "cloudbuild.builds.list",
    "GetJob": "run.jobs.get",
    "RunJob": "run.jobs.run",
    "RunJob with overrides": "run.jobs.runWithOverrides",
    "GetExecution": "run.executions.get",
    "ListExecutions": "run.executions.list",
    "ListLogEntries": "logging.logEntries.list",
    "WriteLogEntries": "logging.logEntries.create",
    "GetService": "run.services.get",
    "ListServices": "run.services.list",
    "GetTopic": "pubsub.topics.get",
    "ListSubscriptions": "pubsub.subscriptions.list",
    "Publish": "pubsub.topics.publish",
    "GetIamPolicy of a service": "run.services.getIamPolicy",
    "GetIamPolicy of a topic": "pubsub.topics.getIamPolicy",
    "GetIamPolicy of a subscription": "pubsub.subscriptions.getIamPolicy",
    "GetIamPolicy of a project": "resourcemanager.projects.getIamPolicy",
    "ListSinks": "logging.sinks.list",
    "GetBucket": "logging.buckets.get",
    "AccessSecretVersion": "secretmanager.versions.access",
    "GetSecretVersion": "secretmanager.versions.get",
    "ListJobs of Cloud Scheduler": "cloudscheduler.jobs.list",
    "a project that pays": "serviceusage.services.use",
}
"""What each call needs."""

CALLER = "build-verifier@stand-in.iam.gserviceaccount.com"
"""Who calls, unless somebody else is named."""

_APIS = {
    "google.devtools.cloudbuild.v1": "cloudbuild",
    "google.cloud.run.v2": "run",
    "google.logging.v2": "logging",
    "google.pubsub.v1": "pubsub",
    "google.iam.v1": "pubsub",
    "google.cloud.secretmanager.v1": "secretmanager",
    "google.cloud.scheduler.v1": "cloudscheduler",
    "google.cloud.resourcemanager.v3": "cloudresourcemanager",
}
"""The first part of an API's name, by the package of its methods."""


class Cloud:
    """Builds, jobs, executions and logs, all moved by one clock. Safe to use from any thread."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.empty_pages = 1
        """How many empty pages with a token come before the first page of entries that has any."""
        self.empty_execution_pages = 0
        """The same of lists of executions."""
        self.caller = CALLER
        """The account that runs jobs by RunJob."""
        self.quotas = QuotaBook(clock)
        """How many calls a minute are paid for."""
        self.regexes = Regexes.AS_THEY_STAND
        """How Cloud Logging reads regular expressions."""
        self.builds = BuildBook()
        self.triggers: dict[str, Pb] = {}
        """Triggers by their resource name."""
        self.jobs = JobBook()
        self.scheduler = JobScheduler()
        """What it is to run is run once the clock has come so far."""
        self.logs = LogBook()
        self._lock = threading.RLock()
        self._projects: dict[str, str] = {}
        self._denied: set[str] = set()
        self._disabled: set[str] = set()
        self._written: list[Pb] = []

    def put_project(self, project: str, number: str) -> None:
        """Let calls name the project by its number, too."""
        with self._lock:
            self._projects[number] = project

    def project_id(self, project: str) -> str:
        """Return the id of a project named by id or by number."""
        with self._lock:
            return self._projects.get(project, project)

    def project_number(self, project: str) -> str:
        """Return the number of a project; empty where it is not known."""
        with self._lock:
            return next((number for number, named in self._projects.items() if named == project), "")

    def put_build(self, document: Mapping[str, Any]) -> None:
        """Add a build, as `gcloud builds describe --format=json` prints it, or replace the one of the same id.

        The project number in its name becomes known for its project. Raise ValueError when it is no build.
        """
        named, location = _place(document)
        project = str(document.get("projectId") or named)
        if named != project:
            self.put_project(project, named)
        self.builds.put(project, location, document)

    def put_trigger(self, project: str, location: str, document: Mapping[str, Any]) -> None:
        """Add a trigger, as `gcloud builds triggers describe --format=json` prints it, or replace the one of its id.

        Raise ValueError when it is no trigger.
        """
        trigger = parse_trigger(document)
        with self._lock:
            self.triggers[f"projects/{project}/locations/{location}/triggers/{trigger.id}"] = trigger

    def tag(self, image: str, digest: str) -> None:
        """Point an image tag (`latest` where none is given) at a digest. Raise ValueError for what is no digest."""
        self.catch_up()
        self.jobs.images.tag(image, digest)

    def put_job(
        self,
        project: str,
        location: str,
        job: str,
        *,
        image: str,
        script: Script,
        tasks: int = 1,
        max_retries: int = 0,
        timeout_seconds: int = 600,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        container: str = "",
        sidecars: Sequence[Sidecar] = (),
    ) -> None:
        """Create a job, or change it for its next execution; those that were started keep what they have."""
        self.catch_up()
        changed = Job(
            image,
            script,
            tasks,
            max_retries,
            timeout_seconds,
            env or {},
            tuple(args),
            self.clock(),
            container,
            tuple(sidecars),
        )
        self.jobs.put(JobPath(project, location, job), changed)

    def run_job(self, path: JobPath, overrides: Overrides, creator: str = "") -> JobRun:
        """Start an execution for `caller`, or another account. Raise `RefusalError` when there is no such job."""
        self.catch_up()
        return self._start(path, overrides, self.clock(), creator or self.caller)

    def catch_up(self) -> None:
        """Run what the scheduler is to run by now, each at its own moment; a job that is gone is passed over."""
        with self._lock:
            for due in self.scheduler.due(self.clock()):
                with suppress(RefusalError):
                    self._start(due.path, Overrides({}), due.at, due.account)

    def _start(self, path: JobPath, overrides: Overrides, at: datetime, creator: str) -> JobRun:
        run = self.jobs.start(path, overrides, at, creator)
        entries = entries_of(run, self.project_number(path.project))
        self.logs.put((nanoseconds(visible), entry) for visible, entry in entries)
        return run

    def finished_executions(self) -> tuple[str, ...]:
        """Return the full names of the executions whose completion entry has been written, in the order of that."""
        self.catch_up()
        now = self.clock()
        written = [(run.audited, run.full_name) for run in self.jobs.runs() if run.audited and run.audited <= now]
        return tuple(name for _, name in sorted(written))

    def completion_entry(self, execution_name: str) -> dict[str, Any]:
        """Return the audit entry about the end of an execution, by its full name, as LogEntry JSON.

        Raise ValueError when it has not been written yet.
        """
        if execution_name not in self.finished_executions():
            raise ValueError(f"expected an execution that has finished, got {execution_name!r}")
        run = self.jobs.ever(execution_name)
        return completion_entry(run, self.project_number(run.project))

    def put_entries(self, entries: Iterable[Pb]) -> None:
        """Add log entries (protobuf messages) that can be read at once."""
        self.logs.put((0, entry) for entry in entries)

    def write_entries(self, entries: Sequence[Pb]) -> None:
        """Add log entries that a client wrote."""
        with self._lock:
            self._written.extend(entries)
        self.put_entries(entries)

    def raw_audit_entries(self) -> list[dict[str, Any]]:
        """Every entry that was accepted from a client, as LogEntry JSON, in order of arrival."""
        with self._lock:
            return [json_format.MessageToDict(entry) for entry in self._written]

    def audit_entries(self) -> list[dict[str, Any]]:
        """Return the same as a query shows them: one for each project, time and insert id."""
        with self._lock:
            seen: dict[tuple[str, int, str], Pb] = {}
            for entry in self._written:
                key = (project_of(entry.log_name), timestamp_nanoseconds(entry.timestamp), entry.insert_id)
                seen.setdefault(key, entry)
            return [json_format.MessageToDict(entry) for entry in seen.values()]

    def deny(self, method_or_permission: str) -> None:
        """Refuse a method or a permission from now on. Raise ValueError when neither has that name."""
        with self._lock:
            self._denied.add(_permission(method_or_permission))

    def allow(self, method_or_permission: str) -> None:
        """Grant again what was denied."""
        with self._lock:
            self._denied.discard(_permission(method_or_permission))

    def require(self, method: str, resource: str) -> None:
        """Raise `RefusalError` when the permission that the method needs is denied."""
        permission = PERMISSIONS[method]
        with self._lock:
            if permission in self._denied:
                message = f"Permission '{permission}' denied on resource '{resource}' (or resource may not exist)."
                raise RefusalError("PERMISSION_DENIED", message)

    def grants(self, permission: str) -> bool:
        """Whether nobody denied the permission."""
        with self._lock:
            return permission not in self._denied

    def disable(self, api: str) -> None:
        """Turn an API off, such as `pubsub.googleapis.com`. Raise ValueError when it is none of the known ones."""
        if api.partition(".")[0] not in _APIS.values():
            raise ValueError(f"expected one of {', '.join(sorted(set(_APIS.values())))}.googleapis.com, got {api!r}")
        with self._lock:
            self._disabled.add(api)

    def require_api(self, path: str) -> None:
        """Raise `RefusalError` when the API of the method with this full name is turned off."""
        package = path.strip("/").partition("/")[0].rpartition(".")[0]
        api = f"{_APIS.get(package, package)}.googleapis.com"
        with self._lock:
            if api in self._disabled:
                message = f"{api} has not been used in this project before or it is disabled."
                details = {"service": api, "consumer": "projects/stand-in"}
                raise RefusalError("PERMISSION_DENIED", message, reason="SERVICE_DISABLED", details=details)

    def require_payer(self, project: str) -> None:
        """Raise `RefusalError` when the project is not to be made to pay for a call."""
        if not self.grants(PERMISSIONS["a project that pays"]):
            message = (
                f"Caller does not have required permission to use project {project}: it needs "
                "serviceusage.services.use there."
            )
            details = {"consumer": f"projects/{project}"}
            raise RefusalError("PERMISSION_DENIED", message, reason="USER_PROJECT_DENIED", details=details)


def _place(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the project and the location in a build's name; builds from before names had a location are global."""
    parts = str(document.get("name", "")).split("/")
    if len(parts) == 6:
        return parts[1], parts[3]
    if not document.get("projectId"):
        raise ValueError(f"expected a build with a name or a projectId, got {document.get('id')!r}")
    return str(document["projectId"]), "global"


def _permission(method_or_permission: str) -> str:
    permission = PERMISSIONS.get(method_or_permission, method_or_permission)
    if permission not in PERMISSIONS.values():
        known = ", ".join([*PERMISSIONS, *PERMISSIONS.values()])
        raise ValueError(f"expected one of {known}, got {method_or_permission!r}")
    return permission
