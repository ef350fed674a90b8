"""The trace of a request, from either header that the platform sends."""

from __future__ import annotations

import pytest

from verifier.controller.trace import trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FIELD = {"logging.googleapis.com/trace": f"projects/my-project/traces/{TRACE}"}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-cloud-trace-context": TRACE},
        {"x-cloud-trace-context": f"{TRACE}/17"},
        {"x-cloud-trace-context": f"{TRACE}/17;o=1"},
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"x-cloud-trace-context": "nonsense", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"},
    ],
)
def test_the_trace_is_named_in_full(headers: dict[str, str]) -> None:
    assert trace_of(headers, "my-project") == FIELD


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-cloud-trace-context": f"{TRACE[:-1]}/17"},
        {"x-cloud-trace-context": f"{TRACE}\nforged"},
        {"x-cloud-trace-context": f"{TRACE.upper()}"},
        {"x-cloud-trace-context": "0" * 32},
        {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}"},
    ],
)
def test_what_is_no_trace_is_left_out(headers: dict[str, str]) -> None:
    assert trace_of(headers, "my-project") == {}


def test_without_a_project_there_is_no_name_for_it() -> None:
    assert trace_of({"x-cloud-trace-context": TRACE}, "") == {}
