"""A certificate for servers on localhost, made anew for each run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple


class Identity(NamedTuple):
    """Two files in PEM."""

    key: str
    certificate: str
    """Signed by itself: who is to trust it is told its path."""


def localhost(folder: Path) -> Identity:
    """Make one for the name localhost."""
    made = Identity(str(folder / "key.pem"), str(folder / "certificate.pem"))
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *name]
    subprocess.run([*command, "-keyout", made.key, "-out", made.certificate], check=True, capture_output=True)
    return made
