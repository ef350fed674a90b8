"""As much of an HTTP request as the entry point looks at."""

from __future__ import annotations

import io
from typing import NamedTuple

from werkzeug.datastructures import Headers


class PushRequest(NamedTuple):
    """A push by Pub/Sub."""

    path: str
    stream: io.BytesIO
    method: str = "POST"
    headers: Headers = Headers()
