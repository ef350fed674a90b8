"""The real services, intercepted: every outward call goes through one function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, cast

from tests.busy import LONG_SECONDS
from tests.calls import PAGED, SERVICES
from verifier.controller.budget import Deployment
from verifier.controller.quota.metered import MeteredServices
from verifier.services import Services


class ProcessClock:
    """Virtual time, told with each delivery: it stands still in between, but for pauses. Each thread has its own."""

    def __init__(self) -> None:
        self._here = threading.local()

    def __call__(self) -> datetime:
        now: datetime = self._here.now
        return now

    def tell(self, now: datetime) -> None:
        """Set the time for the thread that asks."""
        self._here.now = now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._here.now += timedelta(seconds=seconds)


class MovedClock(Protocol):
    """A clock that a test moves."""

    def __call__(self) -> datetime:
        """Return what time it is."""

    def advance(self, seconds: float) -> object:
        """Let so many seconds pass."""


class CallInterceptor(Protocol):
    """What every outward call goes through."""

    def begin(self) -> None:
        """Begin a delivery on this thread."""

    def around(self, name: str, timeout: float, call: Callable[[], Any]) -> Any:
        """Make this call, or do not."""

    def before_answer(self) -> None:
        """Act before this thread's delivery is answered."""

    def account(self) -> dict[str, Any]:
        """Return what this thread's answer says beside its status."""


class _InterceptedService:
    """A service whose every call goes through the interceptor.

    Time is virtual: the real call may take as long as a busy machine needs.
    """

    def __init__(self, service: object, name: str, interceptor: CallInterceptor) -> None:
        self._service, self._name, self._interceptor = service, name, interceptor

    def __getattr__(self, method: str) -> Any:
        name, function = f"{self._name}.{method}", getattr(self._service, method)
        if not callable(function):
            return function

        def call(*words: Any, timeout: float, **named: Any) -> Any:
            if name in PAGED:
                return self._pages(name, timeout, function(*words, timeout=LONG_SECONDS, **named))
            return self._interceptor.around(name, timeout, partial(function, *words, timeout=LONG_SECONDS, **named))

        return call

    def _pages(self, name: str, timeout: float, pages: Iterator[Any]) -> Iterator[Any]:
        over = object()
        while (page := self._interceptor.around(name, timeout, lambda: next(pages, over))) is not over:
            yield page


class _InterceptedServices:
    def __init__(self, services: Services, clock: MovedClock, interceptor: CallInterceptor) -> None:
        self._services, self._interceptor = services, interceptor
        self.clock, self.pause = clock, clock.advance

    def __getattr__(self, name: str) -> Any:
        service = getattr(self._services, name)
        return (
            _InterceptedService(service, name, self._interceptor)
            if name in SERVICES and service is not None
            else service
        )


def intercepted(deployment: Deployment, clock: MovedClock, interceptor: CallInterceptor) -> Deployment:
    """Return the deployment with its calls intercepted, and with pauses that take no time but the clock's.

    What is counted is counted on this side of the interceptor, so that the quota's own calls are intercepted as well.
    """
    metered = deployment.services
    assert isinstance(metered, MeteredServices)
    inner = cast(Services, _InterceptedServices(metered.services, clock, interceptor))
    services = replace(metered, services=inner, quota=metered.quota.over(inner))
    return replace(deployment, services=services, ledger=replace(deployment.ledger, store=services.store))
