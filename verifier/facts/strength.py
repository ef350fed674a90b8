"""How firmly a commit is established: the word by which policy says what it takes."""

from __future__ import annotations

from enum import StrEnum


class Strength(StrEnum):
    """How firmly a commit is established, strongest first."""

    RESOLVED = "resolved"
    """The service wrote down the commit that it fetched."""
    SERVICE_UPLOAD = "service-upload"
    """The service stored the source itself under the commit's name (GitHub App triggers, 2019 to 2020)."""
    REQUESTED = "requested"
    """A full commit was asked for and the build succeeded; the service did not write down what it fetched."""
    TRIGGERS_WORD = "triggers-word"
    """Only the trigger's substitutions say so (GitHub App triggers, 2021 to 2023); who runs it may override them."""
