"""A Cloud Logging that has as many pages of a thousand entries as it is asked for, all alike, in its own process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import grpc
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse
from google.cloud.logging_v2.types import LogEntry as LogEntryMessage

EXECUTION = "content-worker-x7k2p"
ENTRIES = 1000

_TRACEBACK = (
    "Traceback (most recent call last):\n" + '  File "/app/worker.py", line 41, in run\n' * 8 + "KeyError: 'id'"
)


def project_with(pages: int) -> str:
    """Return the project whose logs have this many pages."""
    return f"pages-{pages}"


@contextmanager
def logging_service() -> Iterator[str]:
    """Yield its address, for as long as the block lasts."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=_serve, args=(far,), daemon=True)
    process.start()
    far.close()
    try:
        yield _address(near)
    finally:
        process.terminate()
        process.join()


def _address(near: Connection) -> str:
    try:
        return str(near.recv())
    except EOFError as error:
        raise RuntimeError("expected the server of log pages to start; see above what it printed") from error


def _serve(pipe: Connection) -> None:
    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Pages()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    pipe.send(f"127.0.0.1:{port}")
    server.wait_for_termination()


class _Pages(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in the stubs only
    """Answers with bytes that were made once; only the token differs."""

    def __init__(self) -> None:
        entries = [_entry(number) for number in range(ENTRIES)]
        self._page: bytes = ListLogEntriesResponse.pb()(entries=entries).SerializeToString()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        return grpc.unary_unary_rpc_method_handler(self._answer)

    def _answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        asked: Any = ListLogEntriesRequest.pb().FromString(request)
        pages = int(asked.resource_names[0].rpartition("-")[2])
        number = int(asked.page_token or 1)
        token = str(number + 1) if number < pages else ""
        # Messages that follow each other are one message: the fields of both.
        return self._page + bytes(ListLogEntriesResponse.pb()(next_page_token=token).SerializeToString())


def _entry(number: int) -> Any:
    """Return an entry; of ten, five say nothing, two are tracebacks, two structured errors, and one has no labels."""
    kind = number % 10
    entry = LogEntryMessage.pb()(
        log_name="projects/vividly-dev/logs/run.googleapis.com%2Fstderr",
        insert_id=f"{number:024x}",
        severity=500 if kind in (5, 6, 7, 8) else 0,
    )
    entry.timestamp.FromNanoseconds(1_790_000_000_000_000_000 + number * 12_345_678)
    entry.receive_timestamp.FromNanoseconds(1_790_000_001_000_000_000 + number * 12_345_678)
    entry.resource.type = "cloud_run_job"
    entry.resource.labels.update(project_id="vividly-dev", job_name="content-worker", location="us-central1")
    if kind != 9:
        entry.labels.update(
            {
                "instanceId": "00f8b3" * 20,
                "run.googleapis.com/execution_name": EXECUTION,
                "run.googleapis.com/task_attempt": "0",
                "run.googleapis.com/task_index": str(number % 4),
            }
        )
    if kind in (7, 8):
        entry.json_payload.update({"message": f"could not store lesson {number}", "exception": _TRACEBACK})
    elif kind in (5, 6):
        entry.text_payload = _TRACEBACK
    else:
        entry.text_payload = f"2026-11-23 02:21:07,123 INFO worker: lesson {number} of course 17 is stored and indexed"
    return entry
