"""The entry of Cloud Audit Logs (Admin Activity) that Cloud Build writes when somebody submits a build."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from google.protobuf import json_format

from verifier.standin.messages import LogEntry, Pb
from verifier.times import show_time

_RECEIVED_AFTER = timedelta(milliseconds=900)


def create_build_entry(project: str, build_id: str, at: datetime, principal: str, user_agent: str) -> Pb:
    """Return the entry for a build that was submitted then, by this caller and program."""
    document = {
        "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Factivity",
        "insertId": hashlib.sha256(f"submitted {project} {build_id}".encode()).hexdigest()[:12],
        "resource": {
            "type": "build",
            "labels": {"project_id": project, "build_id": build_id, "build_trigger_id": ""},
        },
        "timestamp": show_time(at),
        "receiveTimestamp": show_time(at + _RECEIVED_AFTER),
        "severity": "NOTICE",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "cloudbuild.googleapis.com",
            "methodName": "google.devtools.cloudbuild.v1.CloudBuild.CreateBuild",
            "resourceName": f"projects/{project}/builds",
            "authenticationInfo": {"principalEmail": principal},
            "requestMetadata": {"callerIp": "192.0.2.10", "callerSuppliedUserAgent": user_agent},
        },
        "operation": {
            "id": f"operations/build/{project}/{build_id}",
            "producer": "cloudbuild.googleapis.com",
            "first": True,
        },
    }
    return json_format.ParseDict(document, LogEntry())
