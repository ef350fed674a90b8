"""On whose account a command asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier.adapters.google import credentials


@dataclass(frozen=True, slots=True)
class AskingAccount:
    """Whose credentials are used."""

    name: str
    """Its address, as far as the credentials themselves tell it."""
    is_service: bool
    """It is a service account, and no person."""


def asking_account() -> AskingAccount:
    """Return whose application default credentials these are; nothing is asked for it. Raise as `credentials` does."""
    return account_of(credentials())


def account_of(given: Any) -> AskingAccount:
    """Return whose these credentials of Google's library are."""
    service = str(getattr(given, "service_account_email", "") or "")
    if service:
        # An instance's own account calls itself `default` until it has a token.
        return AskingAccount(service if "@" in service else "", is_service=True)
    return AskingAccount(str(getattr(given, "account", "") or ""), is_service=False)
