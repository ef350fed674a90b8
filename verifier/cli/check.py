"""`verifier check`: one build as Cloud Build has it now, judged like `explain` judges a document."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from ipaddress import ip_address

import click

from verifier.build import Build, BuildKey, checked_key, parse_build_name
from verifier.cli.documents import policy_from
from verifier.cli.explain import show
from verifier.errors import Malformed, Missing, SettingsError, VerifierError

_ENDPOINT = "VERIFIER_GOOGLE_ENDPOINT"
"""Where a stand-in for Google's services listens: a loopback address, as for the function. For tests."""
_PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
_FETCH_SECONDS = 20.0


def check_build(build: str, project: str | None, region: str | None, policy_file: str | None, *, as_json: bool) -> None:
    """Fetch a build, judge it and print what comes of it. Raises ClickException, with one line that says it all."""
    try:
        policy = policy_from(policy_file)
        fetched = _fetch(build_key(build, project, region, os.environ), loopback_endpoint(os.environ))
    except VerifierError as error:
        raise click.ClickException(str(error)) from error
    except Exception as error:
        raise click.ClickException(f"expected Cloud Build's answer, got {type(error).__name__}: {error}") from error
    show(fetched, policy, as_json=as_json)


def build_key(build: str, project: str | None, region: str | None, environment: Mapping[str, str]) -> BuildKey:
    """The build that is meant by its id or its full name. Raises Malformed or SettingsError."""
    if "/" in build:
        if project or region:
            raise SettingsError("expected --project and --region only beside a build's id, got a full name, too")
        return checked_key(*parse_build_name(build))
    named = project or next((environment[name] for name in _PROJECT_VARIABLES if environment.get(name)), "")
    if not named:
        variables = " or ".join(_PROJECT_VARIABLES)
        raise SettingsError(f"expected the build's project, got none: give --project, set {variables}, or name it in full")
    try:
        return checked_key(named, region or "global", build)
    except Malformed as error:
        raise Malformed(f"{error}; BUILD is an id or projects/PROJECT/locations/REGION/builds/ID") from error


def loopback_endpoint(environment: Mapping[str, str]) -> str:
    """The address of a stand-in, or empty for the real service. Raises SettingsError unless it is on this machine."""
    address = environment.get(_ENDPOINT, "")
    host, _, port = address.rpartition(":")
    try:
        on_this_machine = host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        on_this_machine = False
    if address and not (on_this_machine and port.isdecimal()):
        raise SettingsError(f"{_ENDPOINT}: expected a loopback address such as 127.0.0.1:8080, got {address!r}")
    return address


def _fetch(key: BuildKey, endpoint: str) -> Build:
    # What Google's libraries note on their own would stand between the user and the one line that matters.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    logging.getLogger("google").addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", module="google")
    from verifier.cloud.cloud_build import CloudBuild

    try:
        return CloudBuild(endpoint).fetch(key, timeout=_FETCH_SECONDS)
    except Missing as error:
        raise Missing(f"{error}; check the id, --project and --region ({key.location}, here)") from error
