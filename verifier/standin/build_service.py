"""google.devtools.cloudbuild.v1.CloudBuild: reading builds and triggers."""

from __future__ import annotations

import re
from typing import cast

from verifier.standin.build_filter import compile_build_filter
from verifier.standin.cloud import Cloud
from verifier.standin.messages import (
    GetBuildRequest,
    GetBuildTriggerRequest,
    ListBuildsRequest,
    ListBuildsResponse,
    Method,
    Pb,
)
from verifier.standin.refusal import invalid, not_found, page_cursor, page_size, page_token, parse_name

_LOCATION = re.compile(r"global|[a-z]+-[a-z]+\d+")


class BuildService:
    """Answers as Cloud Build does, from what the cloud holds."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def methods(self) -> dict[str, Method]:
        """Its methods by their full name."""
        service = "/google.devtools.cloudbuild.v1.CloudBuild"
        return {
            f"{service}/GetBuild": Method(GetBuildRequest, self._get),
            f"{service}/GetBuildTrigger": Method(GetBuildTriggerRequest, self._get_trigger),
            f"{service}/ListBuilds": Method(ListBuildsRequest, self._list),
        }

    def _get(self, request: Pb) -> Pb:
        project, location, build_id = parse_name(request.name, "projects", "locations", "builds")
        self._cloud.require("GetBuild", request.name)
        self._cloud.quotas.count("cloudbuild", self._cloud.project_id(project))
        build = self._cloud.builds.get(self._cloud.project_id(project), _region(location), build_id)
        if build is None:
            raise not_found(f"Requested entity was not found: {request.name}.")
        return build

    def _get_trigger(self, request: Pb) -> Pb:
        project, location, trigger_id = parse_name(request.name, "projects", "locations", "triggers")
        self._cloud.require("GetBuildTrigger", request.name)
        place = f"projects/{self._cloud.project_id(project)}/locations/{_region(location)}"
        trigger = self._cloud.triggers.get(f"{place}/triggers/{trigger_id}")
        if trigger is None:
            raise not_found(f"Requested entity was not found: {request.name}.")
        return trigger

    def _list(self, request: Pb) -> Pb:
        project, location = parse_name(request.parent, "projects", "locations")
        self._cloud.require("ListBuilds", request.parent)
        self._cloud.quotas.count("cloudbuild", self._cloud.project_id(project))
        matches = compile_build_filter(request.filter)
        question = ("builds", request.parent, request.filter)
        after = cast("list[str] | None", page_cursor(request.page_token, *question))
        builds, more = self._cloud.builds.page(
            self._cloud.project_id(project),
            _region(location),
            matches,
            (int(after[0]), after[1]) if after else None,
            page_size(request.page_size),
        )
        token = page_token([str(more[0]), more[1]], *question) if more else ""
        return ListBuildsResponse(builds=builds, next_page_token=token)


def _region(location: str) -> str:
    if not _LOCATION.fullmatch(location):
        raise invalid(f"Invalid location: expected a region such as us-central1, or global, got {location!r}.")
    return location
