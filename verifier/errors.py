"""What can go wrong, by what a caller does about it. Every message says what was expected, got, and what to do."""

from __future__ import annotations


class VerifierError(Exception):
    """The root of every error that this project raises on purpose."""


class SettingsError(VerifierError):
    """Settings or policy are not usable; the message lists every problem with its place."""


class ServiceError(VerifierError):
    """A service did not do what it was asked to.

    Adapters raise only this and its subclasses, with the library's own exception as the cause. `said` is what happened;
    `fix`, where there is one, what to do about it.
    """

    def __init__(self, said: str, *, fix: str = "") -> None:
        super().__init__(f"{said}; {fix}" if fix else said)
        self.said = said
        self.fix = fix


class Unavailable(ServiceError):
    """The service could not be reached, was too slow or is overloaded: worth trying again later.

    `ambiguous` says that the call may have taken effect all the same.
    `retry_after` is the number of seconds that the service asked for, or None.
    """

    def __init__(self, said: str, *, fix: str = "", ambiguous: bool = False, retry_after: float | None = None) -> None:
        super().__init__(said, fix=fix)
        self.ambiguous = ambiguous
        self.retry_after = retry_after


class RateLimited(Unavailable):
    """Nothing was done: the service takes no more calls for now, or our part of its quota is used up. Waiting helps.

    `limit` is the number of calls a minute that the service says it takes, or None.
    """

    def __init__(self, said: str, *, fix: str = "", retry_after: float | None = None, limit: int | None = None) -> None:
        super().__init__(said, fix=fix, retry_after=retry_after)
        self.limit = limit


class QuotaWait(RateLimited):
    """The service was not asked: our part of its quota is used up until `retry_after` seconds from now."""


class OutOfTime(Unavailable):
    """Nothing was asked: this invocation has no time left. It says nothing about any service."""


class Missing(ServiceError):
    """The service answers that the thing does not exist."""


class Denied(ServiceError):
    """The service refuses for want of permission; the fix names what to grant and how."""


class Refused(ServiceError):
    """The service refuses for a reason that trying again does not fix; the message names what does.

    `wide` says that everything else for the same place would be refused as well.
    """

    def __init__(self, said: str, *, fix: str = "", wide: bool = False) -> None:
        super().__init__(said, fix=fix)
        self.wide = wide


class NoSuchThread(Refused):
    """The message that was to be replied to is gone, or takes no replies: nothing was posted."""


class LostLease(VerifierError):
    """Another invocation took the record over: stop before the next effect. Never shown to a person."""


class Stopping(VerifierError):
    """This process is asked to end: it begins no call any more, releases its leases, and another process goes on."""


class Malformed(VerifierError):
    """A document or message has not the shape that it must have; the message says where, expected and got."""


class UnreadableUpload(VerifierError):
    """An uploaded archive can't be read whole, or is larger than what is read: nothing is said of its files."""
