"""Secrets that nobody ever had, for the marks in the examples of the rules of redaction."""

from __future__ import annotations

import random
import re
import string
from uuid import UUID

_MARK = re.compile(r"\{(?:(hex|upper|lower|digits|b64):)?(\d+)\}|\{(uuid|word)\}")
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "upper": string.ascii_uppercase + "234567",
    "lower": string.ascii_lowercase + string.digits,
    "digits": string.digits,
    "b64": string.ascii_letters + string.digits + "+/",
    None: string.ascii_letters + string.digits,
}


def made_up(example: str, seed: int = 20261123) -> tuple[str, tuple[str, ...]]:
    """Return the example with a made-up secret for each mark (`{36}`, `{hex:32}`, `{uuid}`, `{word}`), and these."""
    chance, secrets = random.Random(seed), list[str]()

    def one(mark: re.Match[str]) -> str:
        kind, count, other = mark.groups()
        if other == "uuid":
            secret = str(UUID(int=chance.getrandbits(128)))
        elif other == "word":
            secret = "".join(chance.choices(string.ascii_lowercase, k=6))
        else:
            secret = _mixed(chance, _ALPHABETS[kind], int(count))
        secrets.append(secret)
        return secret

    return _MARK.sub(one, example), tuple(secrets)


def _mixed(chance: random.Random, alphabet: str, count: int) -> str:
    """Return so many signs, of each kind that the alphabet has at least one where there is room."""
    while True:
        text = "".join(chance.choices(alphabet, k=count))
        kinds = [
            kind for kind in (string.ascii_uppercase, string.ascii_lowercase, string.digits) if kind[2] in alphabet
        ]
        if count < len(kinds) or all(set(kind) & set(text) for kind in kinds):
            return text


def leaks(secret: str, text: str) -> bool:
    """Return whether half of the secret, six signs at least, can be read in the text."""
    size = max(6, len(secret) // 2)
    return any(secret[at : at + size] in text for at in range(max(len(secret) - size + 1, 1)))
