"""A limit for calls that have none of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what the call gives, in this time at most. Raise TimeoutError when it is up, or what the call raises.

    A call that is given up goes on by itself, on a thread that keeps nothing alive; nobody hears of it any more.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is waited for
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer.result(seconds)
