"""As much of an HTTP request as the entry point looks at."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class PushRequest(NamedTuple):
    """A push by Pub/Sub."""

    path: str
    stream: io.BytesIO
    method: str = "POST"
    headers: Mapping[str, str] = MappingProxyType({})
