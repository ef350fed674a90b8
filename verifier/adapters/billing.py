"""Whose quota pays for a call: the project that it is about, or the home project, as long as that one refuses.

Documentation: "System parameters" (`X-Goog-User-Project`). A call with that header needs serviceusage.services.use in
the project that it names. As long as that is refused, the same call is made without it, and the caller's own project
pays.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from google.api_core import exceptions

from verifier.adapters.google import needs

T = TypeVar("T")
Payer = Sequence[tuple[str, str]]
"""The metadata of a call that say who pays; empty: the caller's own project."""
_HEADER = "x-goog-user-project"
_OF_THE_CALL = "IAM_PERMISSION_DENIED"
"""The reason of a refusal that is about what is asked for, whoever pays."""
_REFUSED_FOR = timedelta(minutes=5)
"""For how long nobody tries again whether a project pays: as long as a permission takes to arrive."""


def _now() -> datetime:
    return datetime.now(UTC)


def payer_metadata(project: str) -> Payer:
    """Return the metadata of a call that this project is to pay for."""
    return ((_HEADER, project),)


class Billing:
    """Which projects pay for what is read in them. Safe to use from any thread."""

    def __init__(
        self,
        home: str,
        *,
        each_its_own: bool,
        clock: Callable[[], datetime] = _now,
        tell: Callable[..., object] = lambda *_, **__: None,
    ) -> None:
        """`each_its_own`: each project is to pay. `tell` takes a line for the log, once about one that does not."""
        self._home, self._each_its_own = home, each_its_own
        self._clock, self._tell = clock, tell
        self._lock = threading.Lock()
        self._paying: set[str] = set()
        self._refused: dict[str, datetime] = {}
        self._told: set[str] = set()

    def payer(self, project: str) -> str:
        """Return who pays for what is read in a project: itself, as soon as it has; else the home project."""
        with self._lock:
            return project if project in self._paying else self._home

    def billed(self, project: str, call: Callable[[Payer], T]) -> T:
        """Return what the call gives, paid by the project if it can be. Raise what the call raises.

        The call is made twice where the first one is refused, and not for what is asked for: then the home project pays
        for the next minutes.
        """
        if not self._may_pay(project):
            return call(())
        try:
            answer = call(payer_metadata(project))
        except exceptions.PermissionDenied as error:
            if error.reason == _OF_THE_CALL:
                self._pays(project)
                raise
            answer = call(())  # where this is refused, too, who pays was not the reason
            self._refuses(project, error)
            return answer
        except exceptions.TooManyRequests:
            self._pays(project)
            raise
        self._pays(project)
        return answer

    def _may_pay(self, project: str) -> bool:
        if not self._each_its_own or project == self._home:
            return False
        with self._lock:
            until = self._refused.get(project)
        return until is None or self._clock() >= until

    def _pays(self, project: str) -> None:
        with self._lock:
            self._paying.add(project)
            self._refused.pop(project, None)

    def _refuses(self, project: str, error: exceptions.PermissionDenied) -> None:
        with self._lock:
            self._paying.discard(project)
            self._refused[project] = self._clock() + _REFUSED_FOR
            is_known = project in self._told
            self._told.add(project)
        if not is_known:
            why = error.reason or "PERMISSION_DENIED"
            grant = needs("serviceusage.services.use", f"project {project}", "roles/serviceusage.serviceUsageConsumer")
            self._tell(
                f"{self._home} pays with its quota for what is read in {project}, which does not ({why}): the verifier "
                f"{grant}; grant it with terraform apply, or set VERIFIER_BILL_WATCHED=off",
                paying_project=self._home,
            )


HOME_PAYS = Billing("", each_its_own=False)
"""The caller's own project pays for all."""
