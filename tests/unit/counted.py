"""Text and bytes that count how much of them is read: what a test says about cost without a clock."""

from __future__ import annotations

from typing import Any, Self, SupportsIndex


class CountedText(str):
    """A text that counts the characters which are taken from it, by slices or as a whole."""

    __slots__ = ("taken",)
    taken: int

    def __new__(cls, text: str) -> Self:
        """Return the text, of which nothing is taken yet."""
        counted = super().__new__(cls, text)
        counted.taken = 0
        return counted

    def __getitem__(self, key: SupportsIndex | slice, /) -> str:
        return self._counted(super().__getitem__(key))

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self._counted(self)
        return super().encode(encoding, errors)

    def _counted(self, part: str) -> str:
        self.taken += len(part)
        return part


class CountedBytes(bytes):
    """Bytes that count how many of them are taken, by slices or as a whole."""

    taken: int

    def __new__(cls, data: bytes) -> Self:
        """Return the bytes, of which nothing is taken yet."""
        counted = super().__new__(cls, data)
        counted.taken = 0
        return counted

    def __getitem__(self, key: Any, /) -> Any:
        part = super().__getitem__(key)
        self.taken += len(part) if isinstance(part, bytes) else 1
        return part

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        self.taken += len(self)
        return super().decode(encoding, errors)
