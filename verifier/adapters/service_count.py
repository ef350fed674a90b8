"""How many services Cloud Run has: what runs there, too, and is not watched.

Documentation: "Cloud Run Admin API v2", Services.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.cloud import run_v2
from google.cloud.run_v2.services.services import transports

from verifier.adapters.google import connected, countdown, needs, translated
from verifier.errors import Refused

_PAGE_SIZE = 100
_MOST_PLACES = 12
_SECONDS = 10.0
_GLOBAL = "global"


def count_services(projects: Sequence[str], locations: Sequence[str], endpoint: str = "") -> int:
    """Return how many services these projects have in these regions. Raise Refused where they are too many to ask.

    Raise Denied with the role to grant, and the other errors of a service.
    """
    regions = [location for location in locations if location != _GLOBAL]
    places = [f"projects/{project}/locations/{region}" for project in projects for region in regions]
    if not 0 < len(places) <= _MOST_PLACES:
        raise Refused(f"counting services: expected 1 to {_MOST_PLACES} projects and regions, got {len(places)}")
    client: Any = connected(run_v2.ServicesClient, transports.ServicesGrpcTransport, endpoint)
    left, count = countdown(_SECONDS, "counting services"), 0
    for place in places:
        request = run_v2.ListServicesRequest(parent=place, page_size=_PAGE_SIZE)
        while True:
            with translated(f"listing services of {place}", needs("run.services.list", place, "roles/run.viewer")):
                page = next(client.list_services(request=request, timeout=left(), retry=None).pages)
            count += len(page.services)
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    return count
