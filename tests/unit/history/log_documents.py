"""Log entries as gcloud prints them."""

from __future__ import annotations

from typing import Any

JOB = "us-central1/content-worker"


def entry(second: int, text: str, severity: str = "", *, job: str = JOB, log: str = "stderr") -> dict[str, Any]:
    """Return an entry of this job's at this second."""
    location, _, name = job.partition("/")
    found: dict[str, Any] = {
        "insertId": f"i{second}",
        "logName": f"projects/vividly-dev/logs/run.googleapis.com%2F{log.replace('/', '%2F')}",
        "timestamp": f"2026-11-23T02:{second // 60:02}:{second % 60:02}Z",
        "resource": {
            "type": "cloud_run_job",
            "labels": {"project_id": "vividly-dev", "location": location, "job_name": name},
        },
        "labels": {
            "run.googleapis.com/execution_name": f"{name}-x7k2p",
            "run.googleapis.com/task_index": "0",
            "run.googleapis.com/task_attempt": "0",
        },
        "textPayload": text,
    }
    return found | ({"severity": severity} if severity else {})


TRACEBACK = "Traceback (most recent call last):\n  File \"/srv/w.py\", line 3, in run\n    f()\nKeyError: 'lesson'"
LOG = [
    entry(1, "start"),
    entry(2, "ERROR worker: no tenant 17"),
    entry(3, "query ok"),
    entry(4, TRACEBACK, "ERROR"),
    entry(5, "debconf: unable to initialize frontend: Dialog", "ERROR"),
]
