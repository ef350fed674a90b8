"""What judging logs costs: processor time beside the bare client library, and memory over a million entries.

Both sides read the same pages from the same server, which runs in a process of its own; each measurement is made in a
fresh process.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import grpc
import psutil
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client, transports

from tests.benchmarks.effort import Effort
from tests.benchmarks.fresh import in_a_fresh_process
from tests.benchmarks.memory_of import peak, resident
from tests.benchmarks.pages import ENTRIES, EXECUTION, logging_service, project_with
from tests.benchmarks.results import Measurement, ratio, typical
from verifier.adapters.cloud_logging import CloudLogging
from verifier.facts.logs import LogReading, LogRules, Pattern

_FILTER = f'labels."run.googleapis.com/execution_name"="{EXECUTION}"'
_RULES = LogRules(expected=(Pattern("query ok", "query ok"),))
_PATIENCE = 600.0


def measure(effort: Effort, emulator: str) -> Iterator[Measurement]:
    """Measure the processor time and memory of judging. No ledger is needed."""
    with logging_service() as address:
        pairs = in_a_fresh_process(_processor_times, address, effort.reading_pages, effort.readings)
        name = "logs: processor time of judging, for each entry"
        yield Measurement(name, *typical(pairs, "{:.2f} µs"), ratio(pairs), "×", at_most=0.6)
        before, most = in_a_fresh_process(_memory, address, effort.memory_pages)
        name = f"logs: memory while judging {effort.memory_pages * ENTRIES:,} entries"
        yield Measurement(name, f"peak {most:.0f} MiB", f"start {before:.0f} MiB", most - before, "MiB", at_most=32)


def _processor_times(address: str, pages: int, readings: int) -> list[tuple[float, float]]:
    """Return microseconds an entry, of judging and of the library alone; the first pair does not count."""
    logging = CloudLogging("vividly-dev", address)
    library = LoggingServiceV2Client(
        transport=transports.LoggingServiceV2GrpcTransport(channel=grpc.insecure_channel(address))
    )
    each = 1e6 / (pages * ENTRIES)
    pairs = []
    for _ in range(readings + 1):
        start = process_time()
        _judge(logging, pages)
        between = process_time()
        _read(library, pages)
        pairs.append(((between - start) * each, (process_time() - between) * each))
    return pairs[1:]


def _memory(address: str, pages: int) -> tuple[float, float]:
    """Return MiB before anything is read, and at the worst moment."""
    logging, this = CloudLogging("vividly-dev", address), psutil.Process()
    before = resident(this)
    _judge(logging, pages)
    return before, peak(this)


def _judge(logging: CloudLogging, pages: int) -> None:
    """Judge as the function does it. Raises RuntimeError when something was overlooked, or counted twice."""
    reading = LogReading(_RULES, EXECUTION)
    for page in logging.read(project_with(pages), _FILTER, timeout=_PATIENCE):
        reading.feed(page.entries)
    facts = reading.facts(truncated=False)
    errors, unlabelled = sum(error.count for error in facts.errors), facts.unlabelled
    if (errors, unlabelled) != (pages * ENTRIES * 4 // 10, pages * ENTRIES // 10):
        raise RuntimeError(f"expected 4 errors and 1 entry without labels of ten, got {errors} and {unlabelled}")


def _read(library: LoggingServiceV2Client, pages: int) -> None:
    """Read three fields of each entry, and nothing else."""
    request = {
        "resource_names": [f"projects/{project_with(pages)}"],
        "filter": _FILTER,
        "order_by": "timestamp asc",
        "page_size": ENTRIES,
    }
    count = 0
    for entry in library.list_log_entries(request=request, timeout=_PATIENCE):
        _ = entry.text_payload, entry.severity, entry.timestamp
        count += 1
    if count != pages * ENTRIES:
        raise RuntimeError(f"expected {pages * ENTRIES} entries, got {count}")
