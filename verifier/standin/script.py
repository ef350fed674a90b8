"""How an execution of a job goes: what a scenario writes down before it starts one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STREAMS = ("stdout", "stderr")
OUTCOMES = (
    "exit",
    "timeout",
    "oom",
    "internal-error",
    "no-capacity",
    "stuck",
    "cancelled",
    "cancelled-silently",
    "never-starts",
)


_UNSTARTED = ("never-starts", "stuck", "no-capacity")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A container beside the worker's, which ends when an attempt does."""

    name: str
    image: str
    """By digest, or with a tag that needs no resolving."""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the worker logs. Raise ValueError for a stream that does not exist."""

    at: float
    """Seconds after its attempt began."""
    text: str = ""
    """The line as printed; a whole traceback is one line here, as it is one entry there."""
    severity: str = ""
    """Empty as for plain text; `ERROR` for a traceback on stderr."""
    stream: str = "stdout"
    payload: Mapping[str, Any] | None = None
    """The object of a structured line, instead of text."""
    labelled: bool = True
    """False for an entry that an old logging library wrote: without the labels that name the execution."""

    def __post_init__(self) -> None:
        if self.stream not in STREAMS:
            raise ValueError(f"expected a stream of {', '.join(STREAMS)}, got {self.stream!r}")


@dataclass(frozen=True, slots=True)
class Script:
    """The course of an execution; every task plays it. Raise ValueError when it contradicts itself."""

    start_after: float = 1.0
    """Seconds from creation until the containers start."""
    runs: float = 2.0
    """Seconds that each attempt takes."""
    lines: tuple[Line, ...] = ()
    exit_code: int = 0
    outcome: str = "exit"
    """How the last attempt ends. `never-starts` stays as it was created for ever, `stuck` with a failed condition."""
    visible_after: float = 0.0
    """Seconds from an entry's time until it can be read."""
    fail_attempts: int = 0
    """So many attempts crash with exit code 1 before one plays `lines`, if there are retries for that."""
    crash_lines: tuple[Line, ...] = ()
    """What each of those crashing attempts logs."""
    interruptions: int = 0
    """So many attempts are broken off by the platform itself, which says nothing of it and counts each as a retry."""
    counted_retries: int = 0
    """Retries that the platform counts though it made none, as it is known to do."""
    signal: int = 0
    """The signal that ends the attempts which crash, instead of an exit code."""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"expected an outcome of {', '.join(OUTCOMES)}, got {self.outcome!r}")
        if self.outcome != "exit" and (self.exit_code or self.fail_attempts or self.interruptions):
            raise ValueError(f"expected exit codes only with the outcome 'exit', got {self.outcome!r}")
        late = [line for line in (*self.lines, *self.crash_lines) if not 0 <= line.at <= self.runs]
        if late:
            raise ValueError(f"expected every line within the {self.runs} s of its attempt, got {late[0]}")

    def attempts(self, max_retries: int) -> tuple[int | None, ...]:
        """Return the exit code of each attempt that a task makes, None where the platform ends it."""
        if self.outcome in _UNSTARTED:
            return ()
        if self.outcome.startswith("cancelled"):
            return (None,)
        if self.outcome != "exit":
            return (None,) * (max_retries + 1)
        early: list[int | None] = [None] * self.interruptions + [1] * self.fail_attempts
        tried = [*early, *[self.exit_code] * (max_retries + 1)][: max_retries + 1]
        return tuple(tried[: tried.index(0) + 1] if 0 in tried else tried)
