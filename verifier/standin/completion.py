"""The system-event audit entry that Cloud Run writes when an execution ends, as a log sink hands it on."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from verifier.standin.execution_view import job_uid, log_uri, uid
from verifier.standin.job_run import Condition, JobRun
from verifier.times import show_time

_RECEIVED_AFTER = timedelta(milliseconds=800)
_STATUS_CODES = {"timeout": 4, "cancelled": 1, "cancelled-silently": 1}
_ABORTED = 10


def completion_entry(run: JobRun, number: str = "") -> dict[str, Any]:
    """Return the entry, as LogEntry JSON. Raise ValueError for an execution that never ends.

    `number` is the project's, which is the namespace of v1; empty where nobody knows it.
    The codes of cancelled and out-of-memory executions have not been seen on the platform; these are a guess.
    """
    if run.finished is None or run.audited is None:
        raise ValueError(f"expected an execution that ends, got {run.full_name}")
    return {
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "status": _status(run),
            "serviceName": "run.googleapis.com",
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/{run.project}/executions/{run.name}",
            "response": _execution(run, run.finished, number or run.project),
        },
        "insertId": hashlib.sha256(f"completion {run.full_name}".encode()).hexdigest()[:12],
        "resource": {
            "type": "cloud_run_job",
            "labels": {"job_name": run.job, "location": run.location, "project_id": run.project},
        },
        "timestamp": show_time(run.audited),
        "severity": "INFO" if run.succeeded else "ERROR",
        "labels": {"run.googleapis.com/execution_name": run.name},
        "logName": f"projects/{run.project}/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "receiveTimestamp": show_time(run.audited + _RECEIVED_AFTER),
    }


def _status(run: JobRun) -> dict[str, Any]:
    if run.succeeded:
        return {"message": f"Execution {run.name} has completed successfully."}
    message = f"Execution {run.name} has failed to complete, 0/{run.tasks} tasks were a success."
    return {"code": _STATUS_CODES.get(run.script.outcome, _ABORTED), "message": message}


def _execution(run: JobRun, finished: datetime, namespace: str) -> dict[str, Any]:
    container = {
        **({"name": run.container} if run.container else {}),
        "image": run.resolved_image if run.digest else run.image,
        "args": list(run.args),
        "env": [{"name": name, "value": value} for name, value in run.env],
    }
    template = {
        "containers": [container, *({"name": other.name, "image": other.image} for other in run.sidecars)],
        "maxRetries": run.max_retries,
        "timeoutSeconds": str(run.timeout_seconds),
    }
    return {
        "@type": "type.googleapis.com/google.cloud.run.v1.Execution",
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Execution",
        "metadata": _metadata(run, namespace),
        "spec": {"parallelism": run.tasks, "taskCount": run.tasks, "template": {"spec": template}},
        "status": _execution_status(run, finished),
    }


def _metadata(run: JobRun, namespace: str) -> dict[str, Any]:
    """Return what v1 says of an execution besides what it is and does.

    Who ran it stands in `creator` alone: `client-name` is the job's, which somebody once deployed with that client.
    """
    job = f"projects/{run.project}/locations/{run.location}/jobs/{run.job}"
    owner = {"apiVersion": "serving.knative.dev/v1", "blockOwnerDeletion": True, "controller": True, "kind": "Job"}
    identifier = job_uid(job, run.job_created)
    return {
        "name": run.name,
        "namespace": namespace,
        "uid": uid(run.full_name),
        "generation": 1,
        "creationTimestamp": show_time(run.created),
        "selfLink": f"/apis/run.googleapis.com/v1/namespaces/{namespace}/executions/{run.name}",
        "ownerReferences": [owner | {"name": run.job, "uid": identifier}],
        "annotations": {
            "run.googleapis.com/client-name": "gcloud",
            "run.googleapis.com/creator": run.creator,
            "run.googleapis.com/lastModifier": run.creator,
            "run.googleapis.com/execution-environment": "gen2",
            "run.googleapis.com/operation-id": uid(f"operation {run.full_name}"),
        },
        "labels": {
            "cloud.googleapis.com/location": run.location,
            "run.googleapis.com/job": run.job,
            "run.googleapis.com/jobGeneration": str(run.job_generation),
            "run.googleapis.com/jobResourceVersion": f"{run.job_changed.timestamp() * 1e6:.0f}",
            "run.googleapis.com/jobUid": identifier,
        },
    }


def _execution_status(run: JobRun, finished: datetime) -> dict[str, Any]:
    status: dict[str, Any] = {
        "observedGeneration": 1,
        "conditions": [_condition(condition) for condition in run.conditions(finished)],
        "completionTime": show_time(finished),
        "logUri": log_uri(run),
    }
    if run.started:
        status["startTime"] = show_time(run.started)
    return status | run.counts(finished)


def _condition(condition: Condition) -> dict[str, str]:
    shown = {
        "type": condition.kind,
        "status": {True: "True", False: "False", None: "Unknown"}[condition.holds],
        "lastTransitionTime": show_time(condition.at),
        "message": condition.message,
        "reason": condition.reason,
        "severity": condition.severity,
    }
    return {key: value for key, value in shown.items() if value}
